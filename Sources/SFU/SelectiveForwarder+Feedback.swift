import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// The shortest time between two looks, whatever anyone sends: timers may be so much late.
  static let scanInterval = Duration.milliseconds(20)

  /// Fires every timer that is due: connections', reports, key-frame requests, speakers.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [ForwarderEvent]) {
    release(at: now, into: outbox)
    guard !memberList.isEmpty, scanDeadline <= now else { return }
    lastScan = now
    nextScan = now + Wakeup.interval
    let looksAtAll = looksAtAll
    self.looksAtAll = false
    for member in memberList {
      if looksAtAll || member.wakeup.at <= now {
        look(at: member, now, into: outbox, events: &events)
      }
      wake(member.wakeup.at)
    }
    for member in memberList where member.room.members.first === member {
      advanceSpeakers(of: member.room, at: now, events: &events)
      judgeQuality(of: member.room, at: now, events: &events)
    }
    advanceAllocation(to: now, events: &events)
  }

  /// Fires one peer's timers.
  private func look(
    at member: Member, _ now: Instant, into outbox: Outbox, events: inout [ForwarderEvent]
  ) {
    lookCount &+= 1
    member.wakeup.take(at: now)
    member.remote.advance(to: now, into: outbox, events: &peerEvents)
    if !peerEvents.isEmpty { handlePeerEvents(of: member, at: now, events: &events) }
    wake(member, member.remote.deadline)
    guard member.isConnected else { return }
    report(member, at: now, into: outbox)
    member.link.advance(to: now)
    attend(to: member, at: now)
    wake(member, member.link.deadline)
  }

  func wake(_ deadline: Instant?) {
    if let deadline { nextScan = min(nextScan ?? deadline, deadline) }
  }

  /// Has one peer looked at by `deadline`.
  func wake(_ member: Member, _ deadline: Instant?) {
    guard let deadline else { return }
    member.wakeup.call(deadline)
    wake(deadline)
  }

  private func advanceSpeakers(of room: Room, at now: Instant, events: inout [ForwarderEvent]) {
    if let outcome = room.speakers.advance(to: now) {
      if let speakers = outcome.speakers {
        events.append(
          .speakersChanged(room.id, speakers.map { .init(peer: $0.peer, level: $0.level) }))
      }
      if outcome.isReordered {
        for member in room.members where member.voices.limit != nil { member.hush(at: now) }
        room.reassign(at: now, events: &events)
        wake(now)
      }
    }
    wake(room.speakers.deadline)
  }

  private func report(_ member: Member, at now: Instant, into outbox: Outbox) {
    member.protection.look(at: member.link, at: now)
    reportReception(of: member, at: now, into: outbox)
    requestRepairs(of: member, at: now, into: outbox)
    for slot in member.slots { reportSending(in: slot, at: now, into: outbox) }
  }

  /// A receiver report for every stream of a sender (RFC 3550 §6.4.2).
  private func reportReception(of member: Member, at now: Instant, into outbox: Outbox) {
    guard !member.streamList.isEmpty else { return }
    let due = member.nextReport ?? now
    defer { wake(member, member.nextReport) }
    guard due <= now else { return }
    member.nextReport = now + Member.reportInterval
    var blocks: [ReportBlock] = []
    for stream in member.streamList {
      guard let block = stream.statistics.reportBlock(ssrc: stream.ssrc, at: now) else { continue }
      blocks.append(block)
    }
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
    requestKeyFrames(of: member, at: now, into: outbox)
    for stream in member.streamList { requestLost(of: stream, from: member, at: now, into: outbox) }
  }

  /// Asks for what is missing of a stream and due to be asked for.
  func requestLost(
    of stream: IncomingStream, from member: Member, at now: Instant, into outbox: Outbox
  ) {
    stream.losses.roundTrip = member.link.roundTrip
    if stream.source.id.role.kind == .video {
      if stream.losses.giveUpOverdue(at: now) { stream.giveUp(at: now) }
      if stream.rests(at: now), !stream.isAwaited { stream.losses.forgetAll() }
    }
    // Requests are lost too; a sender answers the second of two only where it has not heard the first.
    stream.losses.echo = member.link.lossRate > 0.02 ? IncomingStream.echo : nil
    let missing = stream.losses.due(at: now)
    if !missing.isEmpty, stream.source.track.repeatsLost {
      requestedPacketCount &+= UInt64(truncatingIfNeeded: missing.count)
      let request = GenericNACK(senderSSRC: 1, mediaSSRC: stream.ssrc, sequenceNumbers: missing)
      member.remote.sendRTCP(capacity: 600, into: outbox) { request.write(into: &$0) }
    }
    wake(member, stream.losses.deadline)
  }

  /// A sender report that carries on the sender's own, so that the viewer plays sound and picture in step
  /// (RFC 3550 §6.4.1). All of one sender's streams keep their common clock, moved to ours.
  private func reportSending(in slot: Slot, at now: Instant, into outbox: Outbox) {
    guard let stream = slot.current, let due = slot.nextReport else { return }
    defer { wake(slot.viewer, slot.nextReport) }
    guard due <= now else { return }
    guard let clock = stream.clock, let offset = slot.layers.rewriter.timestampOffset,
      let ntpOffset = members[stream.source.id.peer]?.ntpOffset
    else {
      slot.nextReport = now + .milliseconds(200)
      return
    }
    slot.nextReport = now + .milliseconds(1500)
    let elapsed = now - clock.receivedAt
    let report = SenderReport(
      ssrc: slot.ssrc,
      ntpTimestamp: clock.ntpTimestamp &+ ntpOffset &+ NTP.interval(elapsed),
      rtpTimestamp: clock.rtpTimestamp &+ offset
        &+ StreamRewriter.ticks(in: elapsed, clockRate: clock.clockRate),
      packetCount: slot.packetCount, octetCount: slot.octetCount, blocks: [])
    slot.sentReports.note(ntpTimestamp: report.ntpTimestamp, at: now)
    let cname = slot.viewer.cname
    slot.viewer.remote.sendRTCP(capacity: 200, into: outbox) { output in
      report.write(into: &output)
      SourceDescription(ssrc: slot.ssrc, cname: cname).write(into: &output)
    }
  }

  func receiveRTCP(
    _ packet: Span<UInt8>, from member: Member, _ now: Instant, into outbox: Outbox
  ) {
    var reader = RTCPReader(packet)
    while true {
      if reader.next(into: &feedback) {
        member.link.receive(feedback, into: &feedbackResults, at: now)
        continue
      }
      guard let part = reader.next() else { break }
      switch part {
      case .senderReport(let report):
        note(report, from: member, now)
        note(report.blocks, from: member, now)
      case .receiverReport(let report):
        note(report.blocks, from: member, now)
      case .receiverEstimatedMaximumBitrate(let estimate):
        member.link.receive(estimate, at: now)
      case .genericNACK(let request):
        repeatPackets(request, to: member, at: now, into: outbox)
      case .pictureLossIndication(let request):
        wantKeyFrame(request.mediaSSRC, from: member, now)
      case .fullIntraRequest(let request):
        for entry in request.entries { wantKeyFrame(entry.ssrc, from: member, now) }
      default:
        break
      }
    }
    attend(to: member, at: now)
    wake(member, member.protection.nextLook)
  }

  /// What a viewer tells of the streams we send it.
  private func note(_ blocks: [ReportBlock], from member: Member, _ now: Instant) {
    for block in blocks {
      guard let slot = member.slot(block.ssrc) else {
        if let slot = member.slots.first(where: { $0.plan.retransmissionSSRC == block.ssrc }) {
          slot.sending.isRepeatKnown = true
        }
        continue
      }
      if block.highestSequenceNumber != 0 { slot.sending.isKnown = true }
      member.link.receive(
        block, reportSentAt: slot.sentReports.sentAt(middle: block.lastSenderReport), at: now)
    }
  }

  private func note(_ report: SenderReport, from member: Member, _ now: Instant) {
    guard let stream = member.streams[report.ssrc] else { return }
    stream.statistics.receive(report, at: now)
    stream.clock = SenderClock(report, clockRate: stream.source.track.clockRate, at: now)
    if member.ntpOffset == nil {
      member.ntpOffset = NTP.timestamp(now, epoch: clockOffset) &- report.ntpTimestamp
    }
    for slot in stream.source.slots where slot.current === stream && slot.packetCount > 0 {
      slot.nextReport = min(slot.nextReport ?? now, now)
      slot.viewer.wakeup.call(now)
    }
    wake(now)
  }

}
