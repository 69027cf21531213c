import BWE
import RTP
import Wire

/// What the viewer tells of what arrived. Nothing of it is believed beyond what was sent to it.
extension ViewerLink {
  /// No round trip is longer.
  private static let roundTripLimit = Duration.seconds(5)

  /// Takes transport-wide feedback. `results` lends its memory.
  func receive(
    _ feedback: borrowing TransportFeedback, into results: inout [TransportPacketResult],
    at now: Instant
  ) {
    guard isNumbered else { return }
    sequencer.receive(feedback, into: &results)
    estimator.receive(results, at: now, events: &estimatorEvents)
    settle(at: now)
  }

  /// Takes the viewer's own estimate (REMB).
  func receive(_ estimate: ReceiverEstimatedMaximumBitrate, at now: Instant) {
    hasReports = true
    estimator.receive(estimate: estimate.bitrate, at: now, events: &estimatorEvents)
    settle(at: now)
  }

  /// Takes a block of a receiver report on something we send. `reportSentAt` is when the sender report left that it
  /// answers to, if there was one.
  func receive(_ block: ReportBlock, reportSentAt: Instant?, at now: Instant) {
    reportedLoss += (Double(block.fractionLost) / 256 - reportedLoss) / 4
    if let reportSentAt {
      let sample = now - reportSentAt - NTP.duration(middle: block.delaySinceLastSenderReport)
      note(roundTrip: sample)
    }
    if block.fractionLost > 0 { hasReports = true }
    guard isLimited else { return }
    estimator.receive(
      fractionLost: block.fractionLost, at: now, events: &estimatorEvents)
    settle(at: now)
  }

  private func note(roundTrip sample: Duration) {
    guard .zero - .milliseconds(1) <= sample, sample <= Self.roundTripLimit else { return }
    let bounded = max(sample, .milliseconds(1))
    reportedRoundTrip = reportedRoundTrip.map { ($0 * 7 + bounded) / 8 } ?? bounded
    if let reportedRoundTrip { estimator.setRoundTrip(reportedRoundTrip) }
  }
}
