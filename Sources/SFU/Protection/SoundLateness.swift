import Wire

/// How late the frames of one voice come, for having been lost on their way to us and sent again. Players do not wait for
/// the few that come late unless they are told to.
struct SoundLateness {
  /// The time of a frame, in which lateness is counted.
  private static let step = Duration.milliseconds(20)
  private static let bucketCount = 18
  /// So few of all frames are not worth waiting for.
  private static let negligible = 0.002
  /// Fewer late ones than this may be an accident.
  private static let least = 3
  /// After so many frames older ones count half.
  private static let memory = 1500

  /// Frames by how many newer ones had come before; empty until one was late.
  private var counts: [Int] = []
  private var total = 0

  /// Takes a frame, before which so many newer ones had come: 0 in its turn.
  mutating func note(behind count: Int) {
    total += 1
    if count > 0 {
      if counts.isEmpty { counts = [Int](repeating: 0, count: Self.bucketCount) }
      counts[min(count, Self.bucketCount - 1)] += 1
    }
    guard total >= Self.memory else { return }
    total /= 2
    for place in counts.indices { counts[place] /= 2 }
  }

  /// For how long to wait for all but a few; zero where none is late.
  var wait: Duration {
    guard !counts.isEmpty else { return .zero }
    var late = 0
    for place in counts.indices.dropFirst().reversed() {
      late += counts[place]
      if late >= Self.least, Double(late) > Double(total) * Self.negligible {
        return Self.step * Int64(place + 1)
      }
    }
    return .zero
  }
}

/// How long a player is told to hold the sound of a slot: as long as nearly all of it needs that comes by repetition.
/// Longer at once, shorter when it has been too long for a while.
struct SoundDelay {
  /// Players are told of steps of this.
  private static let step = Duration.milliseconds(40)
  /// Beyond this waiting is worse than missing a syllable.
  private static let longest = Duration.milliseconds(320)
  private static let patience = Duration.seconds(10)

  /// What the player is told; zero for nothing.
  private(set) var told = Duration.zero
  private var shorterSince: Instant?

  /// Takes how long it would be good to wait.
  mutating func note(_ wait: Duration, at now: Instant) {
    let steps = (wait.nanoseconds + Self.step.nanoseconds - 1) / Self.step.nanoseconds
    let wanted = min(Self.step * steps, Self.longest)
    guard wanted < told else {
      told = wanted
      shorterSince = nil
      return
    }
    let since = shorterSince ?? now
    shorterSince = since
    guard now - since >= Self.patience else { return }
    told = wanted
    shorterSince = nil
  }

  /// Another voice is heard: what held for the one before says nothing.
  mutating func begin(with wait: Duration, at now: Instant) {
    self = SoundDelay()
    note(wait, at: now)
  }
}

extension Slot {
  /// Looks how long its sound should be held.
  func lookForDelay(at now: Instant) {
    let wait = max(
      source?.streams.first?.lateness.wait ?? .zero, viewer.waitForRepeatedSound(in: self))
    if delaySource == source?.id {
      delay.note(wait, at: now)
    } else {
      delay.begin(with: wait, at: now)
      delaySource = source?.id
    }
  }
}

extension Member {
  /// How long what is lost on the way to this viewer takes to come again, where that is often needed.
  fileprivate func waitForRepeatedSound(in slot: Slot) -> Duration {
    guard slot.plan.protection.repeatsSound, protection.repeatsSound else { return .zero }
    let depth =
      slot.plan.protection.redundancyPayloadType == nil
      ? 0 : protection.redundancyDepth(isRedundant: false)
    guard protection.leavesLosses(link.ownLossRate, depth: depth) else { return .zero }
    return link.roundTrip + .milliseconds(40 + 20 * Int64(depth))
  }
}
