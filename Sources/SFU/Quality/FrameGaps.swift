import Wire

/// How long a moving picture stood still, by when its frames began to come.
///
/// A picture stands still when the next frame takes three times as long as frames take on average, and 150 ms longer
/// (W3C webrtc-stats, `freezeCount`); but never for less than 300 ms: a camera in the dark goes down to eight or five frames
/// a second from one moment to the next. Longer than three seconds is not stillness: then the camera is off. And a pause that the
/// sender made, as a page in the background or a busy computer does, is no fault of its link.
struct FrameGaps {
  private static let margin = Duration.milliseconds(150)
  private static let shortestStillness = Duration.milliseconds(300)
  /// Frames nearer to each other are the layers of one moment.
  private static let shortest = Duration.milliseconds(4)
  private static let longestAveraged = Duration.seconds(1)
  private static let longest = Duration.seconds(3)
  private static let framesToBegin = 8

  private var last: Instant?
  private var average = Duration.milliseconds(33)
  private var frameCount = 0
  /// What was still since the last `take`, and how much of the gap that goes on was told already.
  private var still = Duration.zero
  private var told = Duration.zero

  /// Takes the first packet of a frame. `isPrompt` where it came as soon after the one before as it was taken, and nothing was
  /// lost between.
  mutating func note(isPrompt: Bool = false, at now: Instant) {
    guard let last else {
      self.last = now
      return
    }
    let gap = now - last
    guard gap >= Self.shortest else {
      if gap > .zero { self.last = now }
      return
    }
    still = still + (isPrompt ? .zero : stillness(in: gap)) - told
    told = .zero
    self.last = now
    frameCount = min(frameCount + 1, Self.framesToBegin)
    average = average + (min(gap, Self.longestAveraged) - average) / 16
  }

  /// How long the picture stood still since the last call. As long as anything else comes from the sender nobody knows yet
  /// whose fault it is that no frame does.
  mutating func take(hearsSender: Bool = false, at now: Instant) -> Duration {
    if let last, !hearsSender {
      let open = stillness(in: now - last)
      still = still + open - told
      told = open
    }
    defer { still = .zero }
    return max(still, .zero)
  }

  private func stillness(in gap: Duration) -> Duration {
    let usual = max(average * 3, max(average + Self.margin, Self.shortestStillness))
    guard frameCount >= Self.framesToBegin, gap > usual else { return .zero }
    return min(gap, Self.longest) - average
  }
}
