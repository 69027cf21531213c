import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// The shortest time between two looks at everybody, whatever anyone sends: timers may be so much late.
  static let scanInterval = Duration.milliseconds(20)

  /// Fires every timer that is due: connections', reports, key-frame requests, speakers.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [ForwarderEvent]) {
    guard let due = deadline, due <= now else { return }
    lastScan = now
    nextScan = now + Duration.seconds(1)
    for member in memberList {
      member.remote.advance(to: now, into: outbox, events: &peerEvents)
      if !peerEvents.isEmpty { handlePeerEvents(of: member, at: now, events: &events) }
      guard member.isConnected else {
        wake(member.remote.deadline)
        continue
      }
      report(member, at: now, into: outbox)
      wake(member.remote.deadline)
    }
    for member in memberList { advanceSpeakers(of: member.room, at: now, events: &events) }
  }

  func wake(_ deadline: Instant?) {
    if let deadline { nextScan = min(nextScan ?? deadline, deadline) }
  }

  private func advanceSpeakers(of room: Room, at now: Instant, events: inout [ForwarderEvent]) {
    if let speakers = room.speakers.advance(to: now) {
      events.append(
        .speakersChanged(room.id, speakers.map { .init(peer: $0.peer, level: $0.level) }))
      room.assign(at: now, events: &events)
      wake(now)
    }
    wake(room.speakers.deadline)
  }

  private func report(_ member: Member, at now: Instant, into outbox: Outbox) {
    reportReception(of: member, at: now, into: outbox)
    requestRepairs(of: member, at: now, into: outbox)
    for slot in member.slots { reportSending(in: slot, at: now, into: outbox) }
  }

  /// A receiver report for every stream of a sender (RFC 3550 §6.4.2).
  private func reportReception(of member: Member, at now: Instant, into outbox: Outbox) {
    guard !member.streamList.isEmpty else { return }
    let due = member.nextReport ?? now
    defer { wake(member.nextReport) }
    guard due <= now else { return }
    member.nextReport = now + Member.reportInterval
    var blocks: [ReportBlock] = []
    for stream in member.streamList {
      guard let block = stream.statistics.reportBlock(ssrc: stream.ssrc, at: now) else { continue }
      blocks.append(block)
    }
    for source in member.sources { for slot in source.slots { slot.retarget(at: now) } }
    guard !blocks.isEmpty else { return }
    for part in stride(from: 0, to: blocks.count, by: 31) {
      let report = ReceiverReport(
        ssrc: 1, blocks: Array(blocks[part..<min(part + 31, blocks.count)]))
      member.remote.sendRTCP(capacity: 1200, into: outbox) { output in
        report.write(into: &output)
        SourceDescription(ssrc: 1, cname: member.cname).write(into: &output)
      }
    }
  }

  /// Key frames somebody waits for, and packets that are missing.
  private func requestRepairs(of member: Member, at now: Instant, into outbox: Outbox) {
    for stream in member.streamList {
      let isWatched = stream.source.isLive && !stream.source.slots.isEmpty
      if isWatched, stream.keyFrames.take(at: now) {
        let request = PictureLossIndication(senderSSRC: 1, mediaSSRC: stream.ssrc)
        member.remote.sendRTCP(capacity: 64, into: outbox) { request.write(into: &$0) }
      }
      if isWatched { wake(stream.keyFrames.deadline) }
      let missing = stream.losses.due(at: now)
      if !missing.isEmpty, !stream.source.track.retransmissions.isEmpty {
        let request = GenericNACK(senderSSRC: 1, mediaSSRC: stream.ssrc, sequenceNumbers: missing)
        member.remote.sendRTCP(capacity: 600, into: outbox) { request.write(into: &$0) }
      }
      wake(stream.losses.deadline)
    }
  }

  /// A sender report that carries on the sender's own, so that the viewer plays sound and picture in step
  /// (RFC 3550 §6.4.1). All of one sender's streams keep their common clock, moved to ours.
  private func reportSending(in slot: Slot, at now: Instant, into outbox: Outbox) {
    guard let stream = slot.current, let due = slot.nextReport else { return }
    defer { wake(slot.nextReport) }
    guard due <= now else { return }
    guard let last = stream.senderReport, let offset = slot.rewriter.timestampOffset,
      let ntpOffset = members[stream.source.id.peer]?.ntpOffset
    else {
      slot.nextReport = now + .milliseconds(200)
      return
    }
    slot.nextReport = now + .milliseconds(1500)
    let elapsed = now - last.arrival
    let report = SenderReport(
      ssrc: slot.plan.ssrc,
      ntpTimestamp: last.ntp &+ ntpOffset &+ NTP.interval(elapsed),
      rtpTimestamp: last.timestamp &+ offset
        &+ StreamRewriter.ticks(in: elapsed, clockRate: stream.source.track.clockRate),
      packetCount: slot.packetCount, octetCount: slot.octetCount, blocks: [])
    let cname = slot.viewer.cname
    slot.viewer.remote.sendRTCP(capacity: 200, into: outbox) { output in
      report.write(into: &output)
      SourceDescription(ssrc: slot.plan.ssrc, cname: cname).write(into: &output)
    }
  }

  func receiveRTCP(_ packet: Span<UInt8>, from member: Member, _ now: Instant) {
    var reader = RTCPReader(packet)
    while let part = reader.next() {
      switch part {
      case .senderReport(let report):
        note(report, from: member, now)
      case .pictureLossIndication(let request):
        wantKeyFrame(request.mediaSSRC, from: member, now)
      case .fullIntraRequest(let request):
        for entry in request.entries { wantKeyFrame(entry.ssrc, from: member, now) }
      default:
        break
      }
    }
  }

  private func note(_ report: SenderReport, from member: Member, _ now: Instant) {
    guard let stream = member.streams[report.ssrc] else { return }
    stream.statistics.receive(report, at: now)
    stream.senderReport = (report.ntpTimestamp, report.rtpTimestamp, now)
    if member.ntpOffset == nil {
      member.ntpOffset = NTP.timestamp(now, epoch: clockOffset) &- report.ntpTimestamp
    }
    for slot in stream.source.slots where slot.current === stream && slot.packetCount > 0 {
      slot.nextReport = min(slot.nextReport ?? now, now)
    }
    wake(now)
  }

  private func wantKeyFrame(_ ssrc: UInt32, from member: Member, _ now: Instant) {
    guard let slot = member.slots.first(where: { $0.plan.ssrc == ssrc }),
      let stream = slot.current ?? slot.target
    else { return }
    stream.keyFrames.want()
    wake(now)
  }
}
