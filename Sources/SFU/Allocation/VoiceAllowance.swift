import Peer
import Wire

/// How many voices the way to one viewer carries. Who is silent is sent all the time where that matters little, since
/// a room that falls quite silent sounds dead; on a narrow way it would take most of what pictures have.
struct VoiceAllowance {
  /// Below this many bits per second only those are sent who speak, until there is `wideBitrate`.
  static let narrowBitrate = 1_000_000
  private static let wideBitrate = 1_300_000
  /// What a voice takes at most, headers included.
  private static let voiceBitrate = 60_000

  /// Whether two frames are to share a packet: with less there is hardly room for a single voice.
  var pairsFrames: Bool { limit == 1 }
  /// How often the viewer is told what came of what it sends: it takes from the same way.
  var feedbackInterval: Duration { limit == 1 ? .milliseconds(200) : .milliseconds(50) }

  /// So many who speak are sent, and nobody who is silent; nil for everybody.
  private(set) var limit: Int?

  /// Takes what the path carries: voices may have three quarters of it, and one always passes.
  mutating func look(_ targetBitrate: Int) {
    guard targetBitrate < (limit == nil ? Self.narrowBitrate : Self.wideBitrate) else {
      limit = nil
      return
    }
    limit = max(targetBitrate / 4 * 3 / Self.voiceBitrate, 1)
  }
}

extension Slot {
  /// Whether its sound is among what the viewer's path carries now.
  func mayBeHeard(at now: Instant) -> Bool {
    guard let limit = viewer.voices.limit, let voice = source?.voice else { return true }
    guard voice.speakingSince != nil else { return false }
    return viewer.room.speakers.precedence(of: voice, for: viewer.id, at: now) < limit
  }
}

extension Member {
  /// What may be probed for, in bit/s: on a way where a single voice has just queued a probe for pictures would be in its way.
  var mostDesired: Int { voices.limit == 1 && protection.isTight ? 150_000 : .max }

  /// Stops what its path does not carry. It begins again with the first word.
  func hush(at now: Instant) {
    remote.feedbackInterval = voices.feedbackInterval
    for slot in slots where slot.plan.kind == .audio {
      slot.pairsFrames = voices.pairsFrames
      if !slot.pairsFrames { slot.waitingFrame = nil }
      if slot.current != nil, !slot.mayBeHeard(at: now) { slot.stop() }
    }
  }
}
