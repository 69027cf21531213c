import Testing
import Wire

@testable import SFU

/// Levels as microphones give them, 20 ms each, in dB below full scale.
private struct Talk {
  var random: RandomSource
  var levels: [UInt8] = []

  init(seed: UInt64) { random = .seeded(seed) }

  private mutating func add(_ count: Int, _ level: ClosedRange<UInt8>) {
    for _ in 0..<max(count, 0) { levels.append(.random(in: level, using: &random)) }
  }

  /// A quiet room.
  mutating func silence(_ milliseconds: Int) { add(milliseconds / 20, 66...74) }

  /// Syllables of 100 to 240 ms with short gaps, and a breath every two seconds or so.
  mutating func speech(_ milliseconds: Int) {
    let end = levels.count + milliseconds / 20
    var untilBreath = 2000
    while levels.count < end {
      let syllable = Int.random(in: 5...12, using: &random)
      add(min(syllable, end - levels.count), 14...32)
      add(min(Int.random(in: 0...2, using: &random), end - levels.count), 45...62)
      untilBreath -= syllable * 20
      if untilBreath < 0 {
        add(min(Int.random(in: 12...22, using: &random), end - levels.count), 60...70)
        untilBreath = Int.random(in: 1500...2500, using: &random)
      }
    }
  }

  /// A burst as loud as can be.
  mutating func cough() { add(Int.random(in: 10...14, using: &random), 4...10) }

  /// "Mhm".
  mutating func assent() { add(Int.random(in: 10...16, using: &random), 22...30) }
}

/// Plays several microphones to a detector.
private struct Playback {
  var detector = SpeakerDetector()
  var now = Instant.zero
  let voices: [Voice]
  private(set) var turns: [(peer: UInt64, at: Instant)] = []
  private(set) var reports: [(peers: [UInt64], at: Instant)] = []
  private var clock: UInt32 = 4_294_900_000

  init(_ count: Int) {
    voices = (0..<count).map { Voice(peer: PeerID(rawValue: UInt64($0))) }
  }

  /// The turn as it is.
  var turn: UInt64? { detector.dominant?.rawValue }

  /// `heap` packets come at once, after waiting for the last of them.
  mutating func play(_ talks: [Talk], heap: Int = 1) {
    let count = talks.map(\.levels.count).max() ?? 0
    for start in stride(from: 0, to: count, by: heap) {
      let end = min(start + heap, count)
      now = now + .milliseconds(Int64(20 * (end - start)))
      for place in start..<end {
        for (talk, voice) in zip(talks, voices) where place < talk.levels.count {
          detector.note(
            level: talk.levels[place], timestamp: clock &+ UInt32(place) &* 960, frameTicks: 960,
            from: voice, at: now)
        }
      }
      advance()
    }
    clock = clock &+ UInt32(count) &* 960
  }

  private mutating func advance() {
    guard let outcome = detector.advance(to: now) else { return }
    if turns.last?.peer != turn, let turn { turns.append((turn, now)) }
    if let speakers = outcome.speakers {
      reports.append((speakers.map(\.peer.rawValue), now))
    }
  }
}

struct SpeakerDetectorTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `who begins to speak has the turn within half a second`(seed: UInt64) {
    var playback = Playback(2)
    var (first, second) = (Talk(seed: seed), Talk(seed: seed + 100))
    first.speech(6000)
    first.silence(6000)
    second.silence(6700)
    second.speech(5300)
    playback.play([first, second])
    #expect(playback.turns.map(\.peer) == [0, 1])
    #expect(playback.turns.first.map { $0.at <= .zero + .milliseconds(520) } == true)
    let taken = playback.turns.last.map { ($0.at - .zero).milliseconds - 6700 } ?? .max
    #expect(taken >= 300 && taken <= 520)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `a cough has no turn, be it in silence or while somebody draws breath`(seed: UInt64) {
    var playback = Playback(2)
    var (first, second) = (Talk(seed: seed), Talk(seed: seed + 100))
    second.silence(1000)
    second.cough()
    second.silence(1500)
    second.cough()
    second.silence(160)
    second.cough()
    playback.play([first, second])
    #expect(playback.turn == nil)
    first = Talk(seed: seed + 7)
    first.speech(5000)
    first.silence(900)
    first.speech(2000)
    second.levels.removeAll()
    second.silence(5300)
    second.cough()
    second.silence(2000)
    playback.play([first, second])
    #expect(playback.turns.map(\.peer) == [0])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `who has the turn keeps it while others speak too, or assent`(seed: UInt64) {
    var playback = Playback(3)
    var talks = (0..<3).map { Talk(seed: seed * 3 + $0) }
    talks[0].speech(14_000)
    talks[1].silence(2000)
    talks[1].speech(5000)
    for _ in 0..<4 {
      talks[2].silence(2500)
      talks[2].assent()
    }
    playback.play(talks)
    #expect(playback.turns.map(\.peer) == [0])
    #expect(playback.reports.contains { $0.peers == [0, 1] })
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `who goes on while the other only assents takes over`(seed: UInt64) {
    var playback = Playback(2)
    var (first, second) = (Talk(seed: seed), Talk(seed: seed + 100))
    first.speech(4000)
    for _ in 0..<10 {
      first.silence(400)
      first.assent()
    }
    second.silence(3000)
    second.speech(8000)
    playback.play([first, second])
    #expect(playback.turns.map(\.peer) == [0, 1])
  }

  @Test func `the noise of a fan is soon no speech, however long it goes on`() {
    var playback = Playback(2)
    var (fan, talker) = (Talk(seed: 1), Talk(seed: 2))
    for _ in 0..<3000 { fan.levels.append(.random(in: 46...50, using: &fan.random)) }
    talker.silence(40_000)
    talker.speech(20_000)
    playback.play([fan, talker])
    #expect(playback.turn == 1)
    #expect(playback.reports.last.map { !$0.peers.contains(0) } == true)
  }

  @Test func `packets that come in heaps count as if they had come one by one`() {
    for heap in [1, 3, 8, 15] {
      var playback = Playback(2)
      var (first, second) = (Talk(seed: 5), Talk(seed: 6))
      first.speech(5000)
      first.silence(3000)
      second.silence(5600)
      second.speech(2400)
      playback.play([first, second], heap: heap)
      #expect(playback.turns.map(\.peer) == [0, 1])
    }
  }

  @Test func `the loudest speaker is first, and silence ends it`() {
    var playback = Playback(2)
    var talks = [Talk(seed: 3), Talk(seed: 4)]
    talks[0].levels = [UInt8](repeating: 20, count: 100)
    talks[1].levels = [UInt8](repeating: 35, count: 100)
    for index in talks.indices { talks[index].silence(2000) }
    playback.play(talks)
    #expect(playback.reports.contains { $0.peers == [0, 1] })
    #expect(playback.reports.last?.peers == [])
    #expect(playback.detector.deadline == nil)
  }

  @Test func `reports are at least 200 ms apart, whatever is noted`() {
    var random = RandomSource.seeded(3)
    var detector = SpeakerDetector()
    let voices = [Voice(peer: PeerID(rawValue: 1)), Voice(peer: PeerID(rawValue: 2))]
    var times: [Instant] = []
    for step in 0..<2000 {
      let now = Instant.zero + .milliseconds(Int64(step) * 10)
      for voice in voices {
        detector.note(
          level: .random(in: 0...127, using: &random),
          timestamp: Bool.random(using: &random)
            ? UInt32(step) * 480 : .random(in: .min ... .max, using: &random),
          frameTicks: .random(in: .min ... .max, using: &random), from: voice, at: now)
      }
      if detector.advance(to: now)?.speakers != nil { times.append(now) }
    }
    for (earlier, later) in zip(times, times.dropFirst()) {
      #expect(later - earlier >= .milliseconds(200))
    }
  }

  @Test func `who is heard is not taken out of anyone's ears before a second of silence`() {
    var playback = Playback(4)
    var talks = (0..<4).map { Talk(seed: 20 + $0) }
    for index in 0..<3 { talks[index].speech(5000) }
    talks[0].silence(800)
    talks[0].speech(2200)
    for index in 1..<3 { talks[index].speech(3000) }
    talks[3].silence(5000)
    talks[3].speech(3000)
    playback.play(talks)
    let order = playback.voices.sorted { SpeakerDetector.isHeard($0, before: $1) }
    #expect(order.last?.peer.rawValue == 3)
    talks = (0..<4).map { Talk(seed: 40 + $0) }
    for index in 1..<4 { talks[index].speech(2000) }
    talks[0].silence(2000)
    playback.play(talks)
    let later = playback.voices.sorted { SpeakerDetector.isHeard($0, before: $1) }
    #expect(later.last?.peer.rawValue == 0)
  }
}
