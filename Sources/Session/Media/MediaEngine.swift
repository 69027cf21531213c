import Media
import RTP
import SDP
package import Wire

/// The media of a session: sends tracks as streams, finds the tracks that received streams belong to, and has
/// everything between: repetition, reports, feedback, requests for key frames.
///
/// It is told what was agreed, and gets plain packets; what it sends leaves by its transport. What it holds on behalf
/// of the other side is bounded by what was agreed and by `MediaDefaults`.
package final class MediaEngine {
  let defaults: MediaDefaults
  /// The longest datagram.
  let datagramSize: Int
  /// From 1970 to the clock's zero, for reports.
  let epoch: Duration
  let transport: any MediaTransport
  private(set) var sending: [SendingTrack] = []
  private(set) var receiving: [ReceivingTrack] = []
  var sources: SourceTable
  var sequencer = TransportSequencer()
  var schedule: ReportSchedule
  var random: RandomSource
  /// Our canonical name; empty before anything was agreed.
  private(set) var cname = ""
  /// Who reports as long as nothing is sent.
  let receiverSSRC: UInt32
  /// Whether control packets may go without a report in front (RFC 5506).
  private(set) var allowsReducedSize = true
  /// Packets that belonged to no track.
  var strayPacketCount: UInt64 = 0
  /// Repetitions are put together here.
  var repairPayload: [UInt8] = []
  var extensions = RTPHeaderExtensionList()

  /// What was said of single tracks.
  var deliveries: [TransceiverID: MediaDelivery] = [:]
  /// What happened since `takeEvents`.
  var events: [MediaEvent] = []
  /// Sources that ended and have not said goodbye.
  private var leaving: [UInt32] = []

  package init(
    transport: any MediaTransport, defaults: MediaDefaults, datagramSize: Int, epoch: Duration,
    random: RandomSource
  ) {
    self.transport = transport
    self.defaults = defaults
    self.datagramSize = datagramSize
    self.epoch = epoch
    self.random = random
    sources = SourceTable(limit: defaults.sourceLimit)
    receiverSSRC = UInt32(truncatingIfNeeded: self.random.next()) | 1
    schedule = ReportSchedule(random: self.random.split())
  }

  /// Takes over what was agreed for all transceivers that are not stopped. Streams that are no longer in it say
  /// goodbye at the next `advance`.
  package func apply(_ agreed: [NegotiatedTransceiver]) {
    let live = agreed.filter { !$0.section.isRejected }
    cname = live.first?.cname ?? cname
    allowsReducedSize = live.allSatisfy(\.section.hasReducedSizeRTCP)
    let id = live.lazy.compactMap { $0.section.headerExtension(HeaderExtension.transportWideCC) }
      .first { $0.weReceive }?.id
    transport.transportSequenceID = defaults.usesTransportFeedback ? id ?? 0 : 0
    applySending(live)
    applyReceiving(live)
  }

  /// Sources of the other side that are followed.
  package var sourceCount: Int { sources.places.count }

  /// What happened since the last call.
  package func takeEvents() -> [MediaEvent] {
    // Keeping memory that is given away would mean to allocate as much again each time.
    defer { events = [] }
    return events
  }

  private func applySending(_ agreed: [NegotiatedTransceiver]) {
    let gone = sending.filter { track in !agreed.contains { $0.id == track.id } }
    leaving += usedSources(of: gone)
    sending.removeAll { track in gone.contains { $0 === track } }
    for new in agreed {
      let known = sending.first { $0.id == new.id }
      guard known != nil || new.section.weSend else { continue }
      let track =
        known
        ?? SendingTrack(new, timestampOffset: UInt32(truncatingIfNeeded: random.next()))
      track.apply(new, defaults: defaults, random: &random)
      if known == nil { sending.append(track) }
    }
  }

  private func applyReceiving(_ agreed: [NegotiatedTransceiver]) {
    for track in receiving where !agreed.contains(where: { $0.id == track.id }) {
      mute(track)
    }
    receiving.removeAll { track in !agreed.contains { $0.id == track.id } }
    for new in agreed {
      if let known = receiving.first(where: { $0.id == new.id }) {
        known.apply(new.section)
        for layer in known.layers {
          guard let ssrc = layer.stream?.options.ssrc else { continue }
          layer.stream?.options =
            known.stream(
              ssrc: ssrc, payloadType: layer.payloadType ?? 0, defaults: defaults
            ).options
        }
        if !known.isReceiving { mute(known) }
      } else if new.section.weReceive {
        receiving.append(
          ReceivingTrack(new, delivery: deliveries[new.id] ?? defaults.delivery))
      }
    }
    sources.keep(receiving)
  }

  /// Ends all streams.
  package func close(into outbox: Outbox) {
    leaving += usedSources(of: sending)
    sayGoodbye(into: outbox)
    sending = []
    receiving = []
    sources.keep([])
    schedule.stop()
  }

  /// When to call `advance`.
  package var deadline: Instant? {
    let isConnected = transport.isConnected
    if isConnected, !leaving.isEmpty { return .zero }
    var earliest = isConnected ? schedule.deadline : nil
    func note(_ other: Instant?) {
      if let other { earliest = min(earliest ?? other, other) }
    }
    for track in receiving {
      note(muteDeadline(track))
      for layer in track.layers {
        note(layer.frames?.deadline)
        if isConnected { note(layer.stream?.deadline) }
      }
    }
    return earliest
  }

  /// The source that feedback comes from.
  var reporterSSRC: UInt32 {
    for track in sending where track.isSending {
      if let encoding = track.encodings.first(where: { $0.stream.counters.packetCount > 0 }) {
        return encoding.stream.options.ssrc
      }
    }
    return receiverSSRC
  }

  func muteDeadline(_ track: ReceivingTrack) -> Instant? {
    guard track.isFlowing, let last = track.lastPacketAt else { return nil }
    return last + defaults.muteTimeout
  }

  func mute(_ track: ReceivingTrack) {
    guard track.isFlowing else { return }
    track.isFlowing = false
    for layer in track.layers { layer.stream?.keyFrames.satisfy() }
    events.append(.muted(track.id))
  }

  private func usedSources(of tracks: [SendingTrack]) -> [UInt32] {
    tracks.flatMap(\.encodings).filter { $0.stream.counters.packetCount > 0 }
      .map(\.stream.options.ssrc)
  }

  /// A goodbye goes behind a report (RFC 3550 §6.1).
  func sayGoodbye(into outbox: Outbox) {
    guard let first = leaving.first else { return }
    let report = ReceiverReport(ssrc: first)
    let names = SourceDescription(ssrc: first, cname: cname)
    let goodbye = Goodbye(ssrcs: leaving)
    leaving = []
    let capacity = report.byteCount + names.byteCount + goodbye.byteCount
    transport.sendRTCP(capacity: capacity, into: outbox) { output in
      report.write(into: &output)
      names.write(into: &output)
      goodbye.write(into: &output)
    }
  }
}
