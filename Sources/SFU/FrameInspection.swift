import RTP
import Wire

/// What forwarding must know of a video payload. Nothing in it is ever an error: what cannot be read is
/// simply no key frame.
struct FrameInspection {
  var isKeyFrameStart = false
  var height: Int?
  var picture: Picture?

  /// Where a VP8 descriptor has its numbers, from the payload's first byte, and their values.
  struct Picture {
    var pictureAt: Int
    var picture: UInt16
    var baseLayerAt: Int?
    var baseLayer: UInt8

    func shifted(by offset: Int) -> IncomingStream.PicturePosition {
      .init(
        pictureAt: pictureAt + offset, picture: picture,
        baseLayerAt: baseLayerAt.map { $0 + offset }, baseLayer: baseLayer)
    }
  }

  init(_ payload: Span<UInt8>, codec: PayloadCodec) {
    if codec.name == .vp8 { try? inspectVP8(payload) }
  }

  /// RFC 7741 §4.2 and, for the size of a key frame, RFC 6386 §9.1.
  private mutating func inspectVP8(_ payload: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(payload)
    let first = try reader.readUInt8()
    let isStart = first & 0x10 != 0 && first & 0x07 == 0
    if first & 0x80 != 0 {
      let optional = try reader.readUInt8()
      if optional & 0x80 != 0 {
        let at = payload.count - reader.remainingCount
        let high = try reader.readUInt8()
        if high & 0x80 != 0 {
          let number = UInt16(high & 0x7f) << 8 | UInt16(try reader.readUInt8())
          picture = Picture(pictureAt: at, picture: number, baseLayerAt: nil, baseLayer: 0)
        }
      }
      if optional & 0x40 != 0 {
        picture?.baseLayerAt = payload.count - reader.remainingCount
        let baseLayer = try reader.readUInt8()
        picture?.baseLayer = baseLayer
      }
      if optional & 0x30 != 0 { try reader.skip(1) }
    }
    guard isStart, try reader.readUInt8() & 0x01 == 0 else { return }
    isKeyFrameStart = true
    try reader.skip(7)
    let low = try reader.readUInt8()
    height = Int(UInt16(try reader.readUInt8() & 0x3f) << 8 | UInt16(low))
  }
}
