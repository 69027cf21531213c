/// The start of a key frame: a picture that needs no other.
public struct KeyFrameStart: Equatable, Sendable {
  /// Width in pixels, where it was found.
  public var width: Int?
  /// Height in pixels, where it was found.
  public var height: Int?

  /// A key frame of a size that may be known.
  public init(width: Int? = nil, height: Int? = nil) {
    self.width = width
    self.height = height
  }
}

/// Payload formats of video that can be looked into.
public enum VideoPayloadFormat: Sendable, CaseIterable {
  /// RFC 7741.
  case vp8
  /// RFC 9628.
  case vp9
  /// RFC 6184.
  case h264
  /// RTP Payload Format For AV1, version 1.0.
  case av1

  /// What a packet tells of a key frame that starts in it; nil if none does, or if the payload makes no
  /// sense: a broken payload is never an error.
  public func keyFrameStart(in payload: Span<UInt8>) -> KeyFrameStart? {
    switch self {
    case .vp8: VP8PayloadDescriptor(parsing: payload)?.keyFrameStart(in: payload)
    case .vp9: VP9PayloadDescriptor(parsing: payload)?.keyFrameStart
    case .h264: H264Payload.keyFrameStart(in: payload)
    case .av1: AV1Payload.keyFrameStart(in: payload)
    }
  }
}
