/// A codec whose frames can be carried in RTP.
public enum MediaCodec: Sendable, Hashable, CaseIterable {
  /// Opus (RFC 7587).
  case opus
  /// VP8 (RFC 7741).
  case vp8
  /// VP9 (RFC 9628).
  case vp9
  /// H.264 in packetization mode 1 (RFC 6184).
  case h264
  /// H.265 (RFC 7798).
  case h265
  /// AV1 (RTP Payload Format For AV1, version 1.0).
  case av1
  /// G.711 with µ-law (RFC 3551 §4.5.14).
  case pcmu
  /// G.711 with A-law (RFC 3551 §4.5.14).
  case pcma

  /// The encoding name as `a=rtpmap` tells it.
  public var sdpName: String {
    switch self {
    case .opus: "opus"
    case .vp8: "VP8"
    case .vp9: "VP9"
    case .h264: "H264"
    case .h265: "H265"
    case .av1: "AV1"
    case .pcmu: "PCMU"
    case .pcma: "PCMA"
    }
  }

  /// The codec of an encoding name, whose case does not matter (RFC 8866 §6.6).
  public init?(sdpName: String) {
    let name = sdpName.lowercased()
    guard let codec = Self.allCases.first(where: { $0.sdpName.lowercased() == name }) else {
      return nil
    }
    self = codec
  }

  /// The RTP clock in Hz.
  public var clockRate: UInt32 {
    switch self {
    case .opus: 48_000
    case .pcmu, .pcma: 8_000
    case .vp8, .vp9, .h264, .h265, .av1: 90_000
    }
  }

  /// Whether it carries sound: each frame is one packet, and decoding can begin with any.
  public var isAudio: Bool {
    switch self {
    case .opus, .pcmu, .pcma: true
    case .vp8, .vp9, .h264, .h265, .av1: false
    }
  }

  /// The payload type that is assigned for good, where there is one (RFC 3551 §6).
  public var staticPayloadType: UInt8? {
    switch self {
    case .pcmu: 0
    case .pcma: 8
    case .opus, .vp8, .vp9, .h264, .h265, .av1: nil
    }
  }
}
