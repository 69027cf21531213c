import Wire

/// What one microphone did in the last two and a half seconds, from the level beside each packet (RFC 6464).
///
/// A bit for each 20 ms of the sender's own time, so that packets which are late or come in a heap count like others. How loud
/// it was counts for nothing beyond "louder than this microphone's own noise": a cough is no better than a word.
final class Voice {
  /// The time that one bit of the history stands for.
  static let frame = Duration.milliseconds(20)
  /// After so long without a loud packet somebody is silent.
  static let pause = Duration.milliseconds(500)
  /// Nobody speaks who is softer than this many dB below full scale, however quiet it is otherwise.
  private static let softest = 55.0
  /// Anybody does who is louder than this, however noisy it is.
  private static let loudest = 42.0
  /// How many dB speech stands out of the noise.
  private static let margin = 8.0
  /// Pauses between words are shorter than so many frames.
  private static let breath = 20
  /// Words begin softly: so many frames before the first loud one belong to it.
  private static let softFrames = 2
  /// A voice without packets for this long is silent from its last packet on.
  private static let patience = Duration.milliseconds(60)

  let peer: PeerID
  /// The lowest bit is the newest packet's.
  private var history: UInt128 = 0
  private var newestTimestamp: UInt32?
  private var newestAt = Instant.zero
  private var noise = 70.0
  /// Smoothed, in dB below full scale.
  private(set) var loudness = 127.0
  /// Since when it has been speaking; nil where it is silent.
  private(set) var speakingSince: Instant?
  /// The last time it was loud, and not for a moment only.
  private(set) var lastLoudAt: Instant?
  /// Grows with each turn as the dominant speaker; 0 for those who had none.
  var turn = 0

  init(peer: PeerID) { self.peer = peer }

  /// Notes one packet: its level from 0 (loudest) to 127 (silence), its media time, and how many ticks of it make
  /// 20 ms.
  func note(level: UInt8, timestamp: UInt32, frameTicks: Int32, at now: Instant) {
    let level = Double(level)
    let isLoud = level < min(max(noise - Self.margin, Self.loudest), Self.softest)
    noise += (level - noise) * (level > noise ? 0.2 : 0.001)
    loudness += (level - loudness) * 0.3
    advanceHistory(to: timestamp, max(frameTicks, 1), isLoud: isLoud)
    newestAt = max(newestAt, now)
    guard isLoud, count(of: 5, at: now) >= 3 else { return }
    lastLoudAt = now
    if speakingSince == nil { speakingSince = now }
  }

  private func advanceHistory(to timestamp: UInt32, _ frameTicks: Int32, isLoud: Bool) {
    guard let newestTimestamp else {
      newestTimestamp = timestamp
      history = isLoud ? 1 : 0
      return
    }
    let steps = Int(Int32(bitPattern: timestamp &- newestTimestamp) / frameTicks)
    if steps < 0 {
      // Beyond what is remembered it is another stream.
      if steps < -128 { self.newestTimestamp = timestamp }
      if isLoud { history |= UInt128(1) << UInt128(truncatingIfNeeded: min(-steps, 128)) }
      return
    }
    history = steps < 128 ? history << UInt128(truncatingIfNeeded: steps) : 0
    // A packet may be of up to 60 ms.
    if isLoud {
      history |= steps > 1 && steps <= 3 ? (1 << UInt128(truncatingIfNeeded: steps)) - 1 : 1
    }
    if steps > 0 { self.newestTimestamp = timestamp }
  }

  /// In how many of the last `frames` (at most 128) it was loud.
  func count(of frames: Int, at now: Instant) -> Int {
    let age = now - newestAt
    var recent = history
    if age > Self.patience {
      let missed = min(age.nanoseconds / Self.frame.nanoseconds, 128)
      recent = missed < 128 ? recent << UInt128(truncatingIfNeeded: missed) : 0
    }
    let mask = frames < 128 ? (UInt128(1) << UInt128(truncatingIfNeeded: frames)) - 1 : .max
    return (recent & mask).nonzeroBitCount
  }

  /// Whether it speaks, and not with its last words a breath ago.
  func isTalking(at now: Instant) -> Bool {
    speakingSince != nil && count(of: Self.breath, at: now) > 2
  }

  /// How many of the last `limit` (at most 128) frames are part of what it says now, with a little from before. 0 where
  /// it is silent, or has been speaking for longer than that: it was heard by whoever could.
  func beginning(within limit: Int, at now: Instant) -> Int {
    guard let speakingSince, now - speakingSince <= Self.frame * Int64(limit) else { return 0 }
    let mask = limit < 128 ? (UInt128(1) << UInt128(truncatingIfNeeded: limit)) - 1 : .max
    let count = 128 - (history & mask).leadingZeroBitCount
    return count > 0 ? min(count + Self.softFrames, limit) : 0
  }

  /// Whether it speaks, or did half a second ago.
  func isSpeaking(at now: Instant) -> Bool {
    guard speakingSince != nil, let lastLoudAt else { return false }
    return now - lastLoudAt < Self.pause
  }

  /// Takes note of silence: who speaks again begins anew.
  func rest(at now: Instant, after pause: Duration) {
    if let lastLoudAt, now - lastLoudAt >= pause { speakingSince = nil }
  }

  /// It is muted: what it said before is over.
  func stop() {
    history = 0
    speakingSince = nil
    loudness = 127
  }
}
