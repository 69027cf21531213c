import RTP
import Wire

/// VP9 out of RTP (RFC 9628 §4). The spatial layers of a picture are joined to one frame.
enum VP9Depacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard let descriptor = VP9PayloadDescriptor(parsing: payload),
      descriptor.byteCount < payload.count
    else { return nil }
    let spatial = descriptor.spatialLayer ?? 0
    // A forwarder may have taken the lowest layers away.
    let start: PayloadDescription.Start =
      descriptor.startsFrame ? (spatial == 0 ? .certain : .possible) : .none
    var description = PayloadDescription(start: start, isKeyFrame: isKey(descriptor, payload))
    description.pictureID = descriptor.pictureID?.value
    description.baseLayerIndex = descriptor.baseLayerIndex?.value
    if let temporal = descriptor.temporalLayer {
      description.layer = FrameLayer(
        temporal: temporal, spatial: spatial, isSwitchingPoint: descriptor.isSwitchingPoint,
        isNonReference: descriptor.isNotReferenceForUpperLayers)
    }
    return description
  }

  /// Senders that tell no picture number often do not tell of prediction either, as FFmpeg: there the frame's own
  /// header decides. Elsewhere it is not looked at, since it may be encrypted.
  private static func isKey(_ descriptor: VP9PayloadDescriptor, _ payload: Span<UInt8>) -> Bool {
    guard descriptor.keyFrameStart != nil else { return false }
    guard descriptor.pictureID == nil else { return true }
    return VP9FrameHeader.keyFrame(in: payload.extracting(droppingFirst: descriptor.byteCount))
      != nil
  }

  static func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    var frame: [UInt8] = []
    frame.reserveCapacity(payloads.reduce(0) { $0 + $1.count })
    for payload in payloads {
      guard let descriptor = VP9PayloadDescriptor(parsing: payload.span) else { return nil }
      frame += payload[descriptor.byteCount...]
    }
    return frame
  }
}
