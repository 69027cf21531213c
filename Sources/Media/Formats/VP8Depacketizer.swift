import RTP
import Wire

/// VP8 out of RTP (RFC 7741 §4).
enum VP8Depacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard let descriptor = VP8PayloadDescriptor(parsing: payload),
      descriptor.byteCount < payload.count
    else { return nil }
    var description = PayloadDescription(
      start: descriptor.startsPicture ? .certain : .none,
      isKeyFrame: descriptor.keyFrameStart(in: payload) != nil)
    description.pictureID = descriptor.pictureID?.value
    description.baseLayerIndex = descriptor.baseLayerIndex?.value
    if let temporal = descriptor.temporalLayer {
      description.layer = FrameLayer(
        temporal: temporal, isSwitchingPoint: descriptor.isLayerSync,
        isNonReference: descriptor.isNonReference)
    }
    return description
  }

  static func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    var frame: [UInt8] = []
    frame.reserveCapacity(payloads.reduce(0) { $0 + $1.count })
    for payload in payloads {
      guard let descriptor = VP8PayloadDescriptor(parsing: payload.span) else { return nil }
      frame += payload[descriptor.byteCount...]
    }
    return frame
  }
}
