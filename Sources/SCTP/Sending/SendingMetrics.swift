/// Counts of the sending side, from the start of the association.
struct SendingMetrics: Hashable, Sendable {
  /// Chunks sent for the first time, and their payload bytes.
  var chunkCount = 0
  var payloadByteCount = 0
  /// Chunks sent again.
  var retransmissionCount = 0
  /// Chunks taken for lost because later ones arrived.
  var detectedLossCount = 0
  /// Reductions of the window because of that.
  var recoveryCount = 0
  /// Expiries of the retransmission timer, and those that were wrong.
  var timeoutCount = 0
  var falseTimeoutCount = 0
  /// Tail-loss probes.
  var probeCount = 0
  /// Messages given up.
  var abandonedMessageCount = 0
  /// FORWARD-TSN and I-FORWARD-TSN chunks.
  var forwardCount = 0
  /// SACKs that were older than what is known, and those that cannot be true.
  var staleAcknowledgementCount = 0
  var invalidAcknowledgementCount = 0
  /// SACKs that took back what earlier ones had acknowledged.
  var renegeCount = 0
}
