import BWE
import Peer
import RTP
import Wire

extension Participant {
  /// A packet of a slot, or of what repairs it.
  func receive(_ packet: RTPPacket, _ bytes: Span<UInt8>, _ now: Instant) {
    let ssrc = packet.header.ssrc
    if let place = plan.slotPlace(ofMedia: ssrc) {
      guard
        let received = slots[place].stream.receive(
          packet.header, in: bytes, payload: packet.payloadRange, at: now)
      else { return }
      slots[place].take(received, at: now, into: &account)
    } else if let place = plan.slotPlace(ofRepair: ssrc) {
      counts.repairsReceived += 1
      guard
        let received = slots[place].stream.receiveRepair(
          packet.header, in: bytes, payload: packet.payloadRange, at: now)
      else { return }
      slots[place].take(received, at: now, into: &account)
    } else {
      counts.strayCount += 1
    }
  }

  func receive(control bytes: Span<UInt8>, _ now: Instant) {
    var reader = RTCPReader(bytes)
    while let part = reader.next() {
      switch part {
      case .transportFeedback(let feedback): uplink.receive(feedback, at: now)
      case .receiverReport(let report): take(report.blocks, now)
      case .senderReport(let report):
        take(report.blocks, now)
        for index in slots.indices { slots[index].stream.receive(report, at: now) }
      case .genericNACK(let request): repair(request, now)
      case .pictureLossIndication(let request): makeKeyFrame(request.mediaSSRC, now)
      case .fullIntraRequest(let request):
        for entry in request.entries { makeKeyFrame(entry.ssrc, now) }
      default: break
      }
    }
  }

  private func take(_ blocks: [ReportBlock], _ now: Instant) {
    for block in blocks {
      for index in streams.indices
      where streams[index].receive(block, at: now, epoch: plan.clockOffset) {
        guard let measured = streams[index].remote?.roundTrip else { continue }
        roundTrip = measured
        for slot in slots.indices { slots[slot].stream.roundTrip = measured }
      }
    }
  }

  private func repair(_ request: GenericNACK, _ now: Instant) {
    guard let stream = streams.firstIndex(where: { $0.options.ssrc == request.mediaSSRC })
    else { return }
    streams[stream].receive(request, at: now)
    guard stream > 0 else {
      for item in request.items {
        sound.request(item.packetID)
        for bit in 0..<16 as Range<UInt16> where item.followingLost >> bit & 1 == 1 {
          sound.request(item.packetID &+ bit &+ 1)
        }
      }
      return
    }
    let count = request.items.reduce(0) { $0 + 1 + $1.followingLost.nonzeroBitCount }
    for _ in 0..<count {
      uplink.add(
        .repair(stream: stream), byteCount: 1150, priority: .retransmission,
        at: now)
    }
  }

  private func makeKeyFrame(_ ssrc: UInt32, _ now: Instant) {
    guard let stream = streams.firstIndex(where: { $0.options.ssrc == ssrc }) else { return }
    counts.pictureLossesReceived += 1
    if stream >= plan.screenStream {
      screen?.requestKeyFrame(at: now)
    } else {
      camera?.requestKeyFrame(at: now)
    }
  }

  /// What the slots ask for.
  func request(_ now: Instant) {
    for index in slots.indices {
      slots[index].advance(to: now, into: &account)
      guard let due = slots[index].stream.deadline, due <= now else { continue }
      for packet in slots[index].stream.requests(from: plan.reportSSRC, at: now) {
        switch packet {
        case .genericNACK: counts.repairRequestsSent += 1
        case .pictureLossIndication: counts.pictureLossesSent += 1
        default: break
        }
        control.append(packet)
      }
    }
  }

  /// Reports of what was sent and of what came.
  func report(_ now: Instant, into outbox: Outbox) {
    counts.secondlyByteCounts.append(counts.currentByteCount)
    counts.currentByteCount = 0
    counts.targets.append(uplink.targetBitrate)
    var reports: [SenderReport] = []
    for index in streams.indices {
      if let report = streams[index].senderReport(at: now, epoch: plan.clockOffset) {
        reports.append(report)
      }
    }
    var blocks: [ReportBlock] = []
    for index in slots.indices {
      if let block = slots[index].stream.reportBlock(at: now) { blocks.append(block) }
    }
    for compound in ReportCompound.split(
      senderReports: reports, blocks: blocks, receiver: plan.reportSSRC, cname: "somebody")
    {
      remote.sendRTCP(capacity: ReportCompound.byteLimit, into: outbox) {
        _ = compound.write(into: &$0)
      }
    }
  }

  func sendControl(into outbox: Outbox) {
    for packet in control {
      remote.sendRTCP(capacity: max(packet.byteCount, 1), into: outbox) {
        _ = packet.write(into: &$0)
      }
    }
    control.removeAll(keepingCapacity: true)
  }
}
