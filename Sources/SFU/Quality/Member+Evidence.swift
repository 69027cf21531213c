import Peer
import RTP
import Wire

extension Member {
  /// A peer that sent media until a moment ago is gone when nothing has come for so long.
  private static let longestSilence = Duration.seconds(3)
  /// Whoever sends anything is heard within this time.
  private static let shortSilence = Duration.milliseconds(200)
  /// Media counts as having been sent until a moment ago for so long.
  private static let recently = Duration.seconds(15)
  /// A decoder that asks for a key frame has stood still for about so long.
  private static let stillnessPerRequest = Duration.milliseconds(300)

  /// Judges the last `interval`.
  func judgeQuality(of interval: Duration, at now: Instant) {
    guard quality.connectedAt != nil else { return }
    var up = LinkEvidence()
    var down = LinkEvidence()
    if isGone(at: now) {
      up.isLost = true
      down.isLost = true
    }
    observeReception(into: &up, interval, at: now)
    observeSending(into: &down, interval, at: now)
    let ways = quality.divide(
      roundTrip: link.roundTrip, queueDelay: link.queueDelay, isQueueKnown: link.isNumbered)
    up.roundTrip = ways.up
    down.roundTrip = ways.down
    quality.take(up: up, down: down)
    quality.note(
      received: received.byteCount, sent: link.counters.byteCount, in: interval)
  }

  private func isGone(at now: Instant) -> Bool {
    guard isConnected, let lastHeardAt else { return true }
    if let interruptedAt = quality.interruptedAt, lastHeardAt <= interruptedAt { return true }
    guard now - lastHeardAt > Self.longestSilence else { return false }
    return streamList.contains { stream in
      guard stream.source.isLive, let last = stream.lastPacketAt else { return false }
      return now - last < Self.recently
    }
  }

  /// What came of the peer's own media.
  private func observeReception(
    into seen: inout LinkEvidence, _ interval: Duration, at now: Instant
  ) {
    var all = ReceptionCounts()
    var sound = ReceptionCounts()
    for source in sources {
      var counts = ReceptionCounts()
      for stream in source.streams {
        counts += stream.takeReception()
        if source.id.role.kind == .audio, stream.isActive(at: now) {
          seen.jitter = max(seen.jitter, stream.jitter)
        }
      }
      all += counts
      if source.id.role.kind == .audio { sound += counts }
      let stillness = source.takeStillness(in: interval, hearsSender: isHeard(at: now), at: now)
      seen.frozen = max(seen.frozen, stillness)
      seen.pictureShare = min(seen.pictureShare, source.sentShare)
      source.isTroubled = counts.missing > 0 || stillness > 0
    }
    seen.loss = all.share(all.lost)
    if sound.expected > 0 { seen.missingSound = sound.share(sound.missing) }
  }

  private func isHeard(at now: Instant) -> Bool {
    lastHeardAt.map { now - $0 < Self.shortSilence } ?? false
  }

  /// What became of what was sent to the peer.
  private func observeSending(
    into seen: inout LinkEvidence, _ interval: Duration, at now: Instant
  ) {
    seen.loss = link.lossRate
    seen.queueDelay = link.queueDelay
    var requestCount = 0
    for slot in slots {
      // What the sender lost nobody could have received.
      let isFault = slot.source.map { !$0.isTroubled } ?? false
      if isFault { requestCount = max(requestCount, slot.requestedKeyFrameCount) }
      slot.requestedKeyFrameCount = 0
      if slot.kind == .audio, slot.current != nil {
        // One repetition in time repairs all but what is lost twice.
        seen.missingSound = slot.plan.asksForLost ? seen.loss * seen.loss : seen.loss
      }
    }
    seen.pictureShare = pictureShare(at: now)
    let still = Self.stillnessPerRequest * Int64(min(requestCount, 10))
    seen.frozen = min(still.seconds / max(interval.seconds, 0.001), 1)
  }
}

extension Source {
  /// The share of `interval` in which the picture stood still that should have moved. A screen on which nothing
  /// happens sends nothing either, so only faces count.
  fileprivate func takeStillness(
    in interval: Duration, hearsSender: Bool, at now: Instant
  ) -> Double {
    guard id.role == .camera else { return 0 }
    let still = gaps.take(hearsSender: hearsSender, at: now)
    return min(still.seconds / max(interval.seconds, 0.001), 1)
  }
}

extension IncomingStream {
  /// How unevenly its packets come.
  fileprivate var jitter: Duration {
    .microseconds(Int64(statistics.jitter) * 1_000_000 / Int64(max(statistics.clockRate, 1)))
  }
}
