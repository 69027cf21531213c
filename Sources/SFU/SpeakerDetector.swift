import Wire

/// Who speaks, from the audio levels that senders put beside their packets (RFC 6464).
struct SpeakerDetector {
  /// A speaker and how loud.
  struct Speaker: Equatable {
    var peer: PeerID
    var level: Double
  }

  /// How often the answer may change.
  static let interval = Duration.milliseconds(200)
  /// Softer than this many dB below full scale is not speech.
  private static let threshold = 55.0
  /// How long somebody counts as speaking after the last loud packet.
  private static let hold = Duration.milliseconds(500)

  private struct Voice {
    var loudness: Double
    var lastLoudAt: Instant?
  }

  private var voices: [PeerID: Voice] = [:]
  private(set) var deadline: Instant?
  private var reported: [PeerID] = []
  private var lastReportAt: Instant?

  /// Notes the level of one packet, 0 (loudest) to 127 (silence) dB below full scale.
  mutating func note(level: UInt8, from peer: PeerID, at now: Instant) {
    var voice = voices[peer] ?? Voice(loudness: 127)
    voice.loudness += (Double(level) - voice.loudness) * 0.3
    if voice.loudness < Self.threshold { voice.lastLoudAt = now }
    let speaks = isSpeaking(voice, at: now)
    voices[peer] = voice
    if deadline == nil, speaks != reported.contains(peer) {
      deadline = lastReportAt.map { max(now, $0 + Self.interval) } ?? now
    }
  }

  /// Forgets a peer that left or fell silent for good.
  mutating func remove(_ peer: PeerID, at now: Instant) {
    voices[peer] = nil
    if reported.contains(peer), deadline == nil { deadline = now }
  }

  /// The speakers, loudest first, where they changed since the last time; nil otherwise.
  mutating func advance(to now: Instant) -> [Speaker]? {
    guard let due = deadline, due <= now else { return nil }
    let speakers = voices.filter { isSpeaking($0.value, at: now) }
      .map { Speaker(peer: $0.key, level: max(0, min(1, 1 - $0.value.loudness / 127))) }
      .sorted { ($0.level, $1.peer.rawValue) > ($1.level, $0.peer.rawValue) }
    deadline = speakers.isEmpty ? nil : now + Self.interval
    let peers = speakers.map(\.peer)
    guard Set(peers) != Set(reported) || peers.first != reported.first else { return nil }
    reported = peers
    lastReportAt = now
    return speakers
  }

  /// How recently and how loudly a peer spoke, for ranking: larger is more.
  func rank(of peer: PeerID) -> Int64 {
    voices[peer]?.lastLoudAt?.nanoseconds ?? .min
  }

  private func isSpeaking(_ voice: Voice, at now: Instant) -> Bool {
    guard let lastLoudAt = voice.lastLoudAt else { return false }
    return now - lastLoudAt < Self.hold
  }
}
