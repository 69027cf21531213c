/// Why bytes are not RTP or RTCP.
public enum RTPError: Error, Equatable, Sendable {
  /// The bytes end before the structure does.
  case truncated
  /// The version is not 2.
  case wrongVersion
  /// The padding count is zero or larger than what it pads.
  case badPadding
  /// A packet of another type, or one whose fields contradict each other.
  case malformed
}
