public import SDP
public import Session

/// What a connection offers and takes of sound and pictures.
public struct MediaPreferences: Sendable, Hashable {
  /// Codecs for sound, the best first.
  public var audioCodecs: [CodecPreference] = [.opus]
  /// Codecs for pictures, the best first.
  public var videoCodecs: [CodecPreference] = [.vp8, .vp9, .h264, .av1]
  /// Whether all layers of a simulcast offer are taken, as a server does.
  public var receivesSimulcast = false
  /// What is done without being asked: repetition of lost packets, reports, key-frame requests, feedback.
  public var defaults = MediaDefaults()

  /// Whether lost packets are repeated in a stream of their own (RFC 4588).
  public var usesRetransmission: Bool {
    get { defaults.usesRetransmission }
    set { defaults.usesRetransmission = newValue }
  }

  /// The defaults.
  public init() {}
}
