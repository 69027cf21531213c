/// How loud the sound of a packet is (RFC 6464 §3).
public struct AudioLevel: Hashable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

  /// dB below the loudest sound that can be told: 0 is loudest, 127 silence.
  public var level: UInt8
  /// Whether the sender thinks it is a voice.
  public var hasVoice: Bool

  /// A level of at most 127.
  public init(level: UInt8, hasVoice: Bool) {
    self.level = min(level, 127)
    self.hasVoice = hasVoice
  }

  /// Reads the value's byte.
  public init(byte: UInt8) {
    level = byte & 0x7f
    hasVoice = byte & 0x80 != 0
  }

  /// The value's byte.
  public var byte: UInt8 { level & 0x7f | (hasVoice ? 0x80 : 0) }
}
