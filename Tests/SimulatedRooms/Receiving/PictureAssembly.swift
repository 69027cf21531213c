import RTP
import Wire

/// Puts pictures of VP8 together and tells which can be decoded, as browsers do: a picture of the lowest temporal layer
/// needs the one before, others need those below; what is missing of a higher layer holds nobody up.
///
/// Pictures are held for as long as nearly all of them need to come whole, so that they move evenly.
struct PictureAssembly {
  /// A picture that was decoded.
  struct Picture {
    var mark: SourceMark
    var isKeyFrame: Bool
    /// Height in pixels, as the last key frame said.
    var height: Int
    var temporalLayer: UInt8
    /// The index of its last packet.
    var end: Int64
  }

  private struct Packet {
    let index: Int64
    let timestamp: UInt32
    let marker: Bool
    let start: Start?
    let mark: SourceMark?
  }

  private struct Start {
    let temporalLayer: UInt8
    let baseLayer: UInt8
    let isSync: Bool
    let key: KeyFrameStart?
  }

  private struct Frame {
    let range: ClosedRange<Int64>
    let start: Start
    let mark: SourceMark
    let ticks: Int64
  }

  private static let size = 2048
  /// The share of pictures that shall be whole when they are due.
  private static let timelyShare = 0.98
  private static let longestDelay = Duration.milliseconds(500)

  private var window = [Packet?](repeating: nil, count: size)
  private var waiting: [Frame] = []
  private var lastDecoded = Int64.min
  private var baseLayer: UInt8?
  private var middleBase: UInt8?
  private var height = 0
  private var arrival = ArrivalDelay(clockRate: 90_000)
  private var buckets = DelayBuckets(growth: 1.004)
  /// How long after their fastest way pictures are shown.
  private(set) var delay = Duration.zero
  /// Pictures that came whole and could not be decoded in the end.
  private(set) var undecodableCount = 0
  /// Whether nothing can be decoded before a key frame.
  var needsKeyFrame: Bool { baseLayer == nil }

  /// Takes a packet.
  mutating func insert(_ packet: ReceivedPacket, at now: Instant) {
    guard packet.index > lastDecoded, !packet.payload.isEmpty else { return }
    let place = Int(packet.index & Int64(Self.size - 1))
    window[place] = Packet(
      index: packet.index, timestamp: packet.timestamp, marker: packet.marker,
      start: start(packet.payload), mark: SourceMark(endOf: packet.payload))
    guard let frame = frame(around: packet.index, packet.timestamp) else { return }
    buckets.add(arrival.note(frame.ticks, at: now))
    let wanted = min(buckets.quantile(Self.timelyShare), Self.longestDelay)
    // Slowly back, since the next loss comes soon.
    delay = wanted > delay ? wanted : max(wanted, delay - .milliseconds(1))
    waiting.append(frame)
    waiting.sort { $0.range.lowerBound < $1.range.lowerBound }
    if waiting.count > 64 {
      undecodableCount += waiting.count - 64; waiting.removeFirst(waiting.count - 64)
    }
  }

  private func start(_ payload: [UInt8]) -> Start? {
    guard let descriptor = VP8PayloadDescriptor(parsing: payload.span), descriptor.startsPicture
    else { return nil }
    return Start(
      temporalLayer: descriptor.temporalLayer ?? 0,
      baseLayer: descriptor.baseLayerIndex?.value ?? 0, isSync: descriptor.isLayerSync,
      key: descriptor.keyFrameStart(in: payload.span))
  }

  private subscript(index: Int64) -> Packet? {
    let packet = window[Int(index & Int64(Self.size - 1))]
    return packet?.index == index ? packet : nil
  }

  private mutating func frame(around index: Int64, _ timestamp: UInt32) -> Frame? {
    guard var first = self[index] else { return nil }
    while first.start == nil {
      guard let before = self[first.index - 1], before.timestamp == timestamp else { return nil }
      first = before
    }
    var last = first
    while !last.marker {
      guard let next = self[last.index + 1], next.timestamp == timestamp else { return nil }
      last = next
    }
    guard let start = first.start, let mark = last.mark else { return nil }
    return Frame(
      range: first.index...last.index, start: start, mark: mark, ticks: arrival.unwrap(timestamp))
  }

  /// Whether anything waits for its time.
  var hasWaiting: Bool { !waiting.isEmpty }

  /// The pictures that can be decoded and are due, in order.
  mutating func due(at now: Instant) -> [Picture] {
    var pictures: [Picture] = []
    while let place = waiting.firstIndex(where: { isDecodable($0) }),
      arrival.earliest(waiting[place].ticks) + delay <= now
    {
      let frame = waiting[place]
      undecodableCount += waiting[..<place].count { $0.range.lowerBound > lastDecoded }
      waiting.removeFirst(place + 1)
      lastDecoded = frame.range.upperBound
      let start = frame.start
      if let key = start.key {
        height = key.height ?? height
        middleBase = nil
      }
      if start.temporalLayer == 0 { baseLayer = start.baseLayer }
      if start.temporalLayer == 1 { middleBase = start.baseLayer }
      pictures.append(
        Picture(
          mark: frame.mark, isKeyFrame: start.key != nil, height: height,
          temporalLayer: start.temporalLayer, end: frame.range.upperBound))
    }
    return pictures
  }

  private func isDecodable(_ frame: Frame) -> Bool {
    let start = frame.start
    if start.key != nil { return true }
    guard let baseLayer else { return false }
    if start.temporalLayer == 0 { return start.baseLayer == baseLayer &+ 1 }
    guard start.baseLayer == baseLayer else { return false }
    return start.isSync || start.temporalLayer == 1 || middleBase == start.baseLayer
  }
}
