import Wire

/// Who speaks in a room, and whose turn it is.
///
/// The turn goes to whoever has spoken for most of half a second while its holder was silent, a breath apart; against a holder who goes on
/// speaking only to whoever has spoken clearly more over the last two and a half seconds. So a cough wins nothing, an
/// interjection neither, and who takes over is recognised within half a second.
struct SpeakerDetector {
  /// A speaker and how loud.
  struct Speaker: Equatable {
    var peer: PeerID
    var level: Double
  }

  /// What came of a look at everybody.
  struct Outcome: Equatable {
    /// Who speaks, whose turn it is first, then the loudest; nil where that did not change.
    var speakers: [Speaker]?
    /// Whether the order changed in which voices and faces are wanted.
    var isReordered = false
  }

  /// How often what is reported may change.
  static let interval = Duration.milliseconds(200)
  /// How often everybody is looked at while somebody speaks.
  private static let lookInterval = Duration.milliseconds(100)
  /// Who was loud so lately is not taken out of somebody's ears.
  private static let earshot = Duration.seconds(1)

  /// Whose turn it is, or was last.
  private(set) var dominant: PeerID?
  private(set) var deadline: Instant?
  private var voices: [Voice] = []
  private var reported: [PeerID] = []
  private var lastReportAt: Instant?
  private var turnCount = 0
  private var order: [PeerID] = []

  /// Notes the level of one packet, 0 (loudest) to 127 (silence) dB below full scale, with its media time.
  mutating func note(
    level: UInt8, timestamp: UInt32, frameTicks: Int32, from voice: Voice, at now: Instant
  ) {
    let wasSpeaking = voice.speakingSince != nil
    voice.note(level: level, timestamp: timestamp, frameTicks: frameTicks, at: now)
    guard voice.speakingSince != nil else { return }
    if !wasSpeaking {
      if !voices.contains(where: { $0 === voice }) {
        voices.removeAll { $0.peer == voice.peer }
        voices.append(voice)
      }
      deadline = now
    } else if deadline == nil {
      deadline = now + Self.lookInterval
    }
  }

  /// Forgets a peer that left or fell silent for good.
  mutating func remove(_ peer: PeerID, at now: Instant) {
    for voice in voices where voice.peer == peer { voice.stop() }
    voices.removeAll { $0.peer == peer }
    if dominant == peer { dominant = nil }
    if reported.contains(peer) { deadline = now }
  }

  /// Looks at everybody where that is due.
  mutating func advance(to now: Instant) -> Outcome? {
    guard let due = deadline, due <= now else { return nil }
    for voice in voices { voice.rest(at: now, after: Self.earshot) }
    var outcome = Outcome()
    outcome.isReordered = passTurn(at: now)
    let newOrder = voices.sorted { Self.isHeard($0, before: $1) }.map(\.peer)
    if newOrder != order {
      order = newOrder
      outcome.isReordered = true
    }
    let isQuiet = voices.allSatisfy { $0.speakingSince == nil }
    deadline = isQuiet && reported.isEmpty ? nil : now + Self.lookInterval
    if lastReportAt.map({ now - $0 >= Self.interval }) ?? true {
      outcome.speakers = report(at: now)
    }
    return outcome == Outcome() ? nil : outcome
  }

  private mutating func report(at now: Instant) -> [Speaker]? {
    let speakers = voices.filter { $0.isSpeaking(at: now) }.sorted { left, right in
      if (left.peer == dominant) != (right.peer == dominant) { return left.peer == dominant }
      return (left.loudness, left.peer.rawValue) < (right.loudness, right.peer.rawValue)
    }
    let peers = speakers.map(\.peer)
    guard Set(peers) != Set(reported) || peers.first != reported.first else { return nil }
    reported = peers
    lastReportAt = now
    return speakers.map {
      Speaker(peer: $0.peer, level: max(0, min(1, 1 - $0.loudness / 127)))
    }
  }

  /// Whether `left` is rather heard than `right` where not all are: who speaks before who is silent, who has
  /// spoken longer before who just began, who fell silent last before others.
  static func isHeard(_ left: Voice, before right: Voice) -> Bool {
    switch (left.speakingSince, right.speakingSince) {
    case (let left?, let right?) where left != right: return left < right
    case (_?, nil): return true
    case (nil, _?): return false
    case (nil, nil) where left.lastLoudAt != right.lastLoudAt:
      return (left.lastLoudAt ?? .zero) > (right.lastLoudAt ?? .zero)
    default: return false
    }
  }

  /// How many of those who speak, but for `viewer`, go before `voice` where a path does not carry them all: who talks before who
  /// has just ended, whose turn it is before others, then who began first.
  func precedence(of voice: Voice, for viewer: PeerID, at now: Instant) -> Int {
    voices.count { other in
      guard other !== voice, other.peer != viewer, other.speakingSince != nil else { return false }
      let isTalking = voice.isTalking(at: now)
      if other.isTalking(at: now) != isTalking { return !isTalking }
      if other.peer == dominant || voice.peer == dominant { return other.peer == dominant }
      if Self.isHeard(other, before: voice) { return true }
      // Of two who began in the same moment one goes first nevertheless.
      return !Self.isHeard(voice, before: other) && other.peer.rawValue < voice.peer.rawValue
    }
  }

  /// Whether the turn went to somebody else.
  private mutating func passTurn(at now: Instant) -> Bool {
    let holder = voices.first { $0.peer == dominant }
    var best: (voice: Voice, score: (Int, Int, Double))?
    for voice in voices where voice !== holder && voice.speakingSince != nil {
      guard Self.takesTurn(voice, from: holder, at: now) else { continue }
      let score = (voice.count(of: 25, at: now), voice.count(of: 128, at: now), -voice.loudness)
      if let best, score <= best.score { continue }
      best = (voice, score)
    }
    guard let best else { return false }
    dominant = best.voice.peer
    turnCount &+= 1
    best.voice.turn = turnCount
    return true
  }

  private static func takesTurn(_ voice: Voice, from holder: Voice?, at now: Instant) -> Bool {
    let half = voice.count(of: 25, at: now)
    let long = voice.count(of: 128, at: now)
    let isTalking = half >= 18 || half >= 10 && long >= 50
    guard isTalking, voice.count(of: 5, at: now) >= 2 else { return false }
    guard let holder, holder.count(of: 30, at: now) > 3 else { return true }
    return long >= holder.count(of: 128, at: now) + 25
  }
}
