import BWE
import Wire

/// Packets that wait for their turn.
extension SelectiveForwarder {
  /// Turns are no closer: packets of one turn leave in one run.
  private static let releaseInterval = Duration.milliseconds(4)
  /// While a probe is under way time matters more.
  private static let probeInterval = Duration.milliseconds(2)

  /// Looks after a viewer's link that something has happened to.
  func attend(to member: Member, at now: Instant) {
    if member.link.needsAllocation {
      member.link.needsAllocation = false
      member.allocationIsDue(at: now)
      wake(now)
    }
    guard let due = member.link.pacer.deadline else { return }
    if !member.link.isReleasing {
      member.link.isReleasing = true
      releasing.append(member)
    }
    let next = max(due, now + Self.probeInterval)
    nextRelease = min(nextRelease ?? next, next)
  }

  /// Sends what was waiting and has its turn.
  func release(at now: Instant, into outbox: Outbox) {
    guard let due = nextRelease, due <= now else { return }
    nextRelease = nil
    for member in releasing {
      release(to: member, at: now, into: outbox)
      guard let due = member.link.pacer.deadline else { continue }
      let pause = member.link.pacer.isProbing ? Self.probeInterval : Self.releaseInterval
      let next = max(due, now + pause)
      nextRelease = min(nextRelease ?? next, next)
    }
    releasing.removeAll { member in
      member.link.isReleasing = member.link.pacer.deadline != nil
      return !member.link.isReleasing
    }
  }

  private func release(to member: Member, at now: Instant, into outbox: Outbox) {
    let link = member.link
    while let release = link.pacer.next(at: now) {
      switch release {
      case .packet(let number, let probe):
        let packet = ViewerLink.QueuedPacket(number: number)
        guard let slot = member.slot(packet.ssrc) else { continue }
        let isSent =
          packet.isRepeat
          ? resend(
            packet.sequenceNumber, in: slot, as: .retransmission, probe: probe, at: now,
            into: outbox) != nil
          : sendQueued(packet.sequenceNumber, in: slot, probe: probe, at: now, into: outbox)
        if !isSent { link.counters.expiredPacketCount &+= 1 }
      case .padding(let byteCount, let probe):
        sendPadding(byteCount, to: member, probe: probe, at: now, into: outbox)
      }
    }
  }
}
