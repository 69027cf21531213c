import Wire

/// What a sender spends on each layer of each of its streams
/// (http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00).
public struct VideoLayersAllocation: Hashable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
  /// The most streams, spatial layers of a stream, and temporal layers of a spatial one.
  public static let layerLimit = 4

  /// The size and rate of a spatial layer.
  public struct Format: Hashable, Sendable {
    /// In pixels, 1–65,536.
    public var width: Int
    /// In pixels, 1–65,536.
    public var height: Int
    /// The most frames a second.
    public var frameRate: UInt8

    /// A format; sizes out of range are cut.
    public init(width: Int, height: Int, frameRate: UInt8) {
      self.width = min(max(width, 1), 1 << 16)
      self.height = min(max(height, 1), 1 << 16)
      self.frameRate = frameRate
    }
  }

  /// A spatial layer that is sent.
  public struct SpatialLayer: Hashable, Sendable {
    /// Which it is, 0–3.
    public var index: UInt8
    /// For each temporal layer what receiving it takes in kbit/s, with all layers it needs.
    public var bitrates: [UInt32]
    /// Its format. Either every layer of an allocation has one or none.
    public var format: Format?

    /// A layer.
    public init(index: UInt8, bitrates: [UInt32], format: Format? = nil) {
      self.index = index
      self.bitrates = bitrates
      self.format = format
    }
  }

  /// The stream this is sent on, 0–3.
  public let streamIndex: UInt8
  /// The spatial layers of every stream, the lowest first. Empty where nothing is sent at all.
  public let streams: [[SpatialLayer]]

  /// Nothing is sent.
  public static var nothing: VideoLayersAllocation { .init(unchecked: 0, []) }

  private init(unchecked streamIndex: UInt8, _ streams: [[SpatialLayer]]) {
    self.streamIndex = streamIndex
    self.streams = streams
  }

  /// An allocation; nil for more than four streams or layers, layers out of order, or formats of some layers only.
  public init?(streamIndex: UInt8, streams: [[SpatialLayer]]) {
    let layers = streams.joined()
    guard streamIndex < Self.layerLimit, (1...Self.layerLimit).contains(streams.count),
      layers.allSatisfy({
        $0.index < Self.layerLimit && (1...Self.layerLimit).contains($0.bitrates.count)
      }),
      streams.allSatisfy({ zip($0, $0.dropFirst()).allSatisfy { $0.index < $1.index } }),
      layers.allSatisfy({ $0.format == nil }) || layers.allSatisfy({ $0.format != nil })
    else { return nil }
    self.init(unchecked: streamIndex, streams)
  }

  /// Reads a value; nil where it is cut or has no sense.
  public init?(parsing value: Span<UInt8>) {
    if value.count == 1, value[0] == 0 {
      self = .nothing
      return
    }
    var reader = ByteReader(value)
    do throws(Truncated) {
      let first = try reader.readUInt8()
      let masks = try Self.readMasks(first, &reader)
      let layerCount = masks.reduce(0) { $0 + $1.nonzeroBitCount }
      let temporalCounts = try Self.readTemporalCounts(layerCount, &reader)
      var streams: [[SpatialLayer]] = []
      var next = 0
      for mask in masks {
        var layers: [SpatialLayer] = []
        for index in 0..<4 as Range<UInt8> where mask & 1 << index != 0 {
          var layer = SpatialLayer(index: index, bitrates: [])
          for _ in 0..<temporalCounts[next] {
            guard let bitrate = try Self.readNumber(&reader) else { return nil }
            layer.bitrates.append(bitrate)
          }
          next += 1
          layers.append(layer)
        }
        streams.append(layers)
      }
      if !reader.isAtEnd { try Self.readFormats(into: &streams, &reader) }
      self.init(unchecked: first >> 6, streams)
    } catch {
      return nil
    }
  }

  @_lifetime(reader: copy reader)
  private static func readMasks(
    _ first: UInt8, _ reader: inout ByteReader
  ) throws(Truncated) -> [UInt8] {
    let count = Int(first >> 4 & 3) + 1
    guard first & 0x0f == 0 else { return [UInt8](repeating: first & 0x0f, count: count) }
    var masks: [UInt8] = []
    while masks.count < count {
      let byte = try reader.readUInt8()
      masks.append(byte >> 4)
      if masks.count < count { masks.append(byte & 0x0f) }
    }
    return masks
  }

  @_lifetime(reader: copy reader)
  private static func readTemporalCounts(
    _ layerCount: Int, _ reader: inout ByteReader
  ) throws(Truncated) -> [Int] {
    var counts: [Int] = []
    var byte: UInt8 = 0
    for index in 0..<layerCount {
      if index % 4 == 0 { byte = try reader.readUInt8() }
      counts.append(Int(byte >> 6) + 1)
      byte <<= 2
    }
    return counts
  }

  /// A number in LEB128 (AV1 §4.10.5); nil if it exceeds 32 bits.
  @_lifetime(reader: copy reader)
  private static func readNumber(_ reader: inout ByteReader) throws(Truncated) -> UInt32? {
    var value: UInt64 = 0
    for position in 0..<8 as Range<UInt64> {
      let byte = try reader.readUInt8()
      value |= UInt64(byte & 0x7f) << (7 * position)
      if byte & 0x80 == 0 { return UInt32(exactly: value) }
    }
    return nil
  }

  @_lifetime(reader: copy reader)
  private static func readFormats(
    into streams: inout [[SpatialLayer]], _ reader: inout ByteReader
  ) throws(Truncated) {
    for stream in streams.indices {
      for layer in streams[stream].indices {
        let width = Int(try reader.readUInt16()) + 1
        let height = Int(try reader.readUInt16()) + 1
        streams[stream][layer].format = Format(
          width: width, height: height, frameRate: try reader.readUInt8())
      }
    }
  }
}
