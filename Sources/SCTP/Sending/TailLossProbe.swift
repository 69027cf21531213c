internal import Wire

/// One packet sent when SACKs stop coming, so that a loss at the end is found by the next SACK and not
/// by the retransmission timer (RFC 8985 §7).
struct TailLossProbe: Sendable {
  /// When to send one.
  var deadline: Instant?
  /// It is to be sent.
  var isPending = false
  /// The packet it was, until something sent as late is acknowledged.
  var packet: Int64?
  /// The chunk it repeated; `nil` where it was a new one.
  var repeated: Int64?

  /// How long to wait for a SACK (RFC 8985 §7.2). The last chunk asks for one at once (RFC 7053), so
  /// none is held back.
  static func timeout(smoothedRoundTrip: Duration) -> Duration {
    max(smoothedRoundTrip * 2, .milliseconds(10))
  }

  mutating func cancel() {
    deadline = nil
    isPending = false
    packet = nil
    repeated = nil
  }
}
