import RTP

/// What forwarding must know of a video payload. Nothing in it is ever an error: what cannot be read is
/// simply no key frame.
struct FrameInspection {
  /// Set where a key frame starts.
  private(set) var keyFrame: KeyFrameStart?
  /// Numbers that must go on over a switch, and where they lie in the payload.
  private(set) var numbers: PictureNumbers?

  /// The picture numbers of VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2).
  struct PictureNumbers {
    var picture: PictureID
    var baseLayer: DescriptorByte?
  }

  init(_ payload: Span<UInt8>, codec: PayloadCodec) {
    switch codec.name {
    case .vp8:
      guard let descriptor = VP8PayloadDescriptor(parsing: payload) else { return }
      keyFrame = descriptor.keyFrameStart(in: payload)
      numbers = descriptor.pictureID.map {
        .init(picture: $0, baseLayer: descriptor.baseLayerIndex)
      }
    case .vp9:
      guard let descriptor = VP9PayloadDescriptor(parsing: payload) else { return }
      keyFrame = descriptor.keyFrameStart
      numbers = descriptor.pictureID.map {
        .init(picture: $0, baseLayer: descriptor.baseLayerIndex)
      }
    case .h264:
      keyFrame = VideoPayloadFormat.h264.keyFrameStart(in: payload)
    case .av1:
      keyFrame = VideoPayloadFormat.av1.keyFrameStart(in: payload)
    case .opus, .other:
      // Of an unknown codec every packet may be the start: nothing better is known.
      keyFrame = KeyFrameStart()
    }
  }
}
