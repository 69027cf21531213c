/// Why a packet was not protected or not opened. Nothing but `authenticationFailed` for GCM has
/// written to the packet, and none has changed any state.
public enum SRTPError: Error, Equatable, Sendable {
  /// Key or salt do not fit the profile.
  case badKeyingMaterial
  /// Too short for its header, tag and index, or not version 2.
  case malformed
  /// The tag does not match: forged, damaged, or under another key.
  case authenticationFailed
  /// Seen before, or too old to tell (RFC 3711 §3.3.2). For a sender: this sequence number has been
  /// protected already, and again would break the cipher.
  case replayed
  /// An RTCP packet that is not encrypted although encryption was negotiated.
  case unencrypted
  /// The session has as many sources as it may.
  case tooManySources
  /// The index has reached its end and the key must not be used any longer (RFC 3711 §9.2).
  case keyExhausted
  /// OpenSSL failed, which it does without memory only.
  case cryptographyFailed
  /// The output has too little room.
  case noRoom
}
