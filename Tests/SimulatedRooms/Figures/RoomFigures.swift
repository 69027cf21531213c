import RTCTesting
import SFU
package import Wire

/// What became of a meeting.
package struct RoomFigures: Sendable {
  /// Losses of both ways together, at most.
  private static let lossLimits = [0.005, 0.02, 0.055, 0.105, 0.205, 0.305, 1]

  package let participants: [ParticipantFigures]
  package let paths: [PathFigures]
  package let cost: ForwarderCost
  /// What counts, and all that was simulated.
  package let duration: Duration
  package let simulated: Duration
  /// Hash of every packet: the same for the same seed.
  package let traceHash: UInt64
  package let stuckTimers: Int

  init(_ room: SimulatedRoom) {
    let spoken = room.people.map(\.voice.measuredCount)
    let duration = room.options.duration
    participants = room.people.map { Self.figures(of: $0, spoken, duration) }
    paths = Self.paths(room.people, spoken)
    cost = room.server.cost
    self.duration = duration
    simulated = room.network.now - .zero
    traceHash = room.network.traceHash
    stuckTimers = room.network.stuckTimerCount
  }

  private static func figures(
    of person: Participant, _ spoken: [Int], _ duration: Duration
  ) -> ParticipantFigures {
    var figures = ParticipantFigures()
    figures.place = Int(person.plan.place)
    figures.link = person.link.name
    figures.loss = person.link.loss
    figures.isConnected = person.isConnected
    take(person.counts, of: person, duration, into: &figures)
    take(person.account, of: person, spoken, duration, into: &figures)
    figures.keyFramesMade = person.keyFrameCount
    figures.undecodable = person.slots.reduce(0) { $0 + $1.undecodableCount }
    figures.layerSwitches = (person.camera?.switchCount ?? 0) + (person.screen?.switchCount ?? 0)
    return figures
  }

  private static func take(
    _ counts: ParticipantCounts, of person: Participant, _ duration: Duration,
    into figures: inout ParticipantFigures
  ) {
    let seconds = duration.seconds + SimulatedRoom.coolDown.seconds
    figures.interruptions = counts.interruptionCount
    figures.failures = counts.failureCount
    figures.received = Int(Double(counts.receivedByteCount) * 8 / 1000 / seconds)
    figures.sent = Int(Double(counts.sentByteCount) * 8 / 1000 / seconds)
    figures.downCapacity = Int(person.link.downBitrate / 1000)
    figures.upCapacity = Int(person.link.upBitrate / 1000)
    figures.target = (quantile(counts.targets, 0.5) ?? 0) / 1000
    figures.downTargets = counts.downTargets.map { $0 / 1000 }
    figures.downTarget = (quantile(counts.downTargets, 0.5) ?? 0) / 1000
    figures.repairRequests = counts.repairRequestsSent
    figures.repairsReceived = counts.repairsReceived
    figures.pictureLossesSent = counts.pictureLossesSent
    figures.pictureLossesReceived = counts.pictureLossesReceived
    figures.seconds = counts.secondlyByteCounts.map { $0 * 8 / 1000 }
  }

  private static func take(
    _ account: ViewerAccount, of person: Participant, _ spoken: [Int], _ duration: Duration,
    into figures: inout ParticipantFigures
  ) {
    let place = Int(person.plan.place)
    let expected = spoken.enumerated().reduce(0) { $0 + ($1.offset == place ? 0 : $1.element) }
    let heard = account.voices.values.reduce(0) { $0 + $1.heard }
    figures.heard = expected == 0 ? 1 : Double(heard) / Double(expected)
    figures.voiceDelay =
      account.voiceDelayCount == 0
      ? 0 : Int((account.voiceDelay / Int64(account.voiceDelayCount)).milliseconds)
    var frames = 0
    for sight in account.sights.values {
      figures.watched += sight.meter.watched.seconds
      figures.frozen += sight.meter.frozen.seconds
      figures.freezeCount += sight.meter.freezeCount
      figures.longestFreeze = max(figures.longestFreeze, sight.meter.longest.seconds)
      figures.paused += sight.paused.seconds
      figures.snapshot += sight.snapshot.seconds
      for (height, count) in sight.framesByHeight {
        figures.heights[height, default: 0] += Double(count)
        frames += count
      }
    }
    figures.frameRate = figures.watched > 0 ? Double(frames) / figures.watched : 0
    for height in figures.heights.keys { figures.heights[height]? /= Double(max(frames, 1)) }
    figures.frozen /= max(figures.watched, 0.001)
    let waits = account.firstPictures.map { Int($0.milliseconds) }
    figures.firstPicture = (quantile(waits, 0.5) ?? 0, quantile(waits, 0.95) ?? 0)
  }

  private static func paths(_ people: [Participant], _ spoken: [Int]) -> [PathFigures] {
    var paths = lossLimits.map { PathFigures(loss: $0) }
    for sender in people {
      let best = VoiceLosses.best(of: sender, among: people)
      for viewer in people where sender !== viewer {
        let loss = 1 - (1 - viewer.link.loss) * (1 - sender.link.loss)
        let index = lossLimits.firstIndex { loss <= $0 } ?? lossLimits.count - 1
        let place = sender.plan.place
        paths[index].expectedVoice += spoken[Int(place)]
        let voice = viewer.account.voices[place]
        paths[index].heardVoice += voice?.heard ?? 0
        paths[index].losses += VoiceLosses(voice, ages: sender.voice.ages, best: best)
        for (source, sight) in viewer.account.sights where source.place == place {
          paths[index].watched += sight.meter.watched.seconds
          paths[index].frozen += sight.meter.frozen.seconds
          paths[index].paused += sight.paused.seconds
          paths[index].snapshot += sight.snapshot.seconds
        }
      }
    }
    return paths
  }

  static func quantile(_ values: [Int], _ share: Double) -> Int? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
  }
}

extension SimulatedRoom {
  /// What became of the meeting, after `run`.
  package var figures: RoomFigures { RoomFigures(self) }
}
