import Media
import RTP
package import Wire

extension MediaEngine {
  /// A source that was silent for this time is not reported on any longer.
  private static let reportedSilence = Duration.seconds(10)

  /// Fires what is due: requests, reports, frames that have waited long enough, tracks that fell silent.
  package func advance(to now: Instant, into outbox: Outbox) {
    guard let due = deadline, due <= now else { return }
    for track in receiving {
      for layer in track.layers { giveOutFrames(of: track, layer, at: now) }
      if let due = muteDeadline(track), due <= now { mute(track) }
    }
    guard transport.isConnected else { return }
    sayGoodbye(into: outbox)
    for layer in receiving.flatMap(\.layers) { request(from: layer, at: now, into: outbox) }
    if schedule.take(at: now) { report(at: now, into: outbox) }
  }

  private func request(from layer: ReceivingLayer, at now: Instant, into outbox: Outbox) {
    guard let due = layer.stream?.deadline, due <= now else { return }
    let reporter = reporterSSRC
    guard let requests = layer.stream?.requests(from: reporter, at: now), !requests.isEmpty else {
      return
    }
    let report = ReceiverReport(ssrc: reporter)
    let names = SourceDescription(ssrc: reporter, cname: cname)
    // Where a compound is required, an empty report makes it one (RFC 4585 §3.1).
    let leading = allowsReducedSize ? 0 : report.byteCount + names.byteCount
    let capacity = requests.reduce(leading) { $0 + $1.byteCount }
    transport.sendRTCP(capacity: capacity, into: outbox) { output in
      if !allowsReducedSize {
        report.write(into: &output)
        names.write(into: &output)
      }
      for request in requests { request.write(into: &output) }
    }
  }

  private func report(at now: Instant, into outbox: Outbox) {
    spreadRoundTrip()
    var reports: [SenderReport] = []
    for encoding in sending.flatMap(\.encodings) {
      if let report = encoding.stream.senderReport(at: now, epoch: epoch) { reports.append(report) }
    }
    var blocks: [ReportBlock] = []
    for layer in receiving.flatMap(\.layers) {
      guard let last = layer.stream?.lastPacketReceivedAt, now - last < Self.reportedSilence,
        let block = layer.stream?.reportBlock(at: now)
      else { continue }
      blocks.append(block)
    }
    if reports.isEmpty, blocks.isEmpty { return schedule.stop() }
    for compound in ReportCompound.split(
      senderReports: reports, blocks: blocks, receiver: receiverSSRC, cname: cname)
    {
      transport.sendRTCP(capacity: compound.byteCount, into: outbox) { output in
        compound.write(into: &output)
      }
    }
  }
}
