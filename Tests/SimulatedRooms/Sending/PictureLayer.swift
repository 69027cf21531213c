import RTP
import Wire

/// One layer of a camera, or a screen: an encoder whose frames have the lengths real ones have.
struct PictureLayer {
  /// What a layer is.
  struct Shape {
    var rid: String
    var width: UInt16
    var height: UInt16
    /// Bits per second.
    var minimum: Int
    var maximum: Int
  }

  /// Temporal layer and weight of each frame in a row of four; two layers use every other.
  private static let pattern: [(layer: UInt8, weight: Double, isSync: Bool)] = [
    (0, 1.6, false), (2, 0.6, true), (1, 1.2, true), (2, 0.6, false),
  ]
  /// A key frame is so many times as long as others.
  private static let keyFrameWeight = 6.0
  private static let packetSize = 1100

  let shape: Shape
  let sender: UInt16
  /// 1 to 3.
  let temporalLayerCount: UInt8
  /// Bits per second it was given; 0 is off.
  private(set) var bitrate = 0
  var wantsKeyFrame = true
  private(set) var keyFrameCount = 0
  private(set) var frameCount: UInt32 = 0
  private var place = 0
  private var picture: UInt16
  private var baseLayer: UInt8
  private var keyIndex: UInt8 = 0
  /// Bytes by which frames were longer than the bitrate allows.
  private var debt = 0.0

  init(
    _ shape: Shape, sender: UInt16, temporalLayerCount: UInt8 = 3, random: inout RandomSource
  ) {
    self.shape = shape
    self.sender = sender
    self.temporalLayerCount = temporalLayerCount
    picture = UInt16(truncatingIfNeeded: random.next()) & 0x7fff
    baseLayer = UInt8(truncatingIfNeeded: random.next())
  }

  mutating func setBitrate(_ value: Int) {
    if bitrate == 0, value > 0 { wantsKeyFrame = true }
    bitrate = value
    if value == 0 { debt = 0 }
  }

  /// The packets of the next frame, `interval` after the one before; `size` is its length in bytes where that is not
  /// the encoder's choice.
  mutating func encode(
    interval: Duration, timestamp: UInt32, size fixed: Int? = nil, random: inout RandomSource
  ) -> [OutgoingPacket] {
    guard bitrate > 0 else { return [] }
    let isKey = wantsKeyFrame
    wantsKeyFrame = false
    if isKey { place = 0 }
    let (layer, weight, isSync) = nextPlace()
    let usual = Double(bitrate) / 8 * interval.seconds
    let variation = 0.85 + 0.3 * Double(random.next() % 1000) / 1000
    var size = usual * (isKey ? Self.keyFrameWeight : weight) * variation
    // What a key frame took is saved over the next second.
    let saved = isKey ? 0 : min(max(debt, 0), size * 0.3)
    size = max(fixed.map(Double.init) ?? size - saved, 30)
    debt += size - usual
    debt = min(max(debt, -usual * 5), usual * 60)
    note(isKey: isKey, layer: layer)
    return packets(Int(size), isKey: isKey, layer: layer, isSync: isSync, timestamp)
  }

  private mutating func nextPlace() -> (UInt8, Double, Bool) {
    defer { place += 1 }
    switch temporalLayerCount {
    case 3: return Self.pattern[place % 4]
    case 2: return place % 2 == 0 ? (0, 1.2, false) : (1, 0.8, true)
    default: return (0, 1, false)
    }
  }

  private mutating func note(isKey: Bool, layer: UInt8) {
    frameCount &+= 1
    picture = (picture &+ 1) & 0x7fff
    if layer == 0 { baseLayer &+= 1 }
    guard isKey else { return }
    keyFrameCount += 1
    keyIndex = (keyIndex &+ 1) & 0x1f
  }

  private func packets(
    _ size: Int, isKey: Bool, layer: UInt8, isSync: Bool, _ timestamp: UInt32
  ) -> [OutgoingPacket] {
    let count = max((size + Self.packetSize - 1) / Self.packetSize, 1)
    let mark = SourceMark(sender: sender, number: frameCount).bytes
    return (0..<count).map { part in
      var payload: [UInt8] = [
        part == 0 ? 0x90 : 0x80, 0xf0, 0x80 | UInt8(picture >> 8),
        UInt8(truncatingIfNeeded: picture), baseLayer,
        layer << 6 | (isSync ? 0x20 : 0) | keyIndex,
      ]
      payload.reserveCapacity(size / count + 40)
      if part == 0 {
        payload += [isKey ? 0x10 : 0x11, 0, 0]
        if isKey {
          payload += [
            0x9d, 0x01, 0x2a, UInt8(truncatingIfNeeded: shape.width), UInt8(shape.width >> 8),
            UInt8(truncatingIfNeeded: shape.height), UInt8(shape.height >> 8),
          ]
        }
      }
      let filler = size / count - payload.count - mark.count
      if filler > 0 { payload += repeatElement(0x55, count: filler) }
      payload += mark
      return OutgoingPacket(
        payloadType: RoomVocabulary.vp8Type, timestamp: timestamp, marker: part == count - 1,
        payload: payload)
    }
  }
}
