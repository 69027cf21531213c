import Wire

/// How long a picture stood still, by the browsers' definition (W3C webrtc-stats `freezeCount`): two frames are further
/// apart than three times the mean of late, and than the mean and 150 ms.
struct FreezeMeter {
  private static let meanCount = 30

  private(set) var watched = Duration.zero
  private(set) var frozen = Duration.zero
  private(set) var freezeCount = 0
  private(set) var longest = Duration.zero
  private(set) var frameCount = 0
  private var last: Instant?
  private var intervals: [Duration] = []

  /// A frame is shown.
  mutating func show(at now: Instant) {
    frameCount += 1
    if let last {
      note(now - last)
      intervals.append(now - last)
      if intervals.count > Self.meanCount { intervals.removeFirst() }
    }
    last = now
  }

  /// Somebody waits for a picture from now on.
  mutating func start(at now: Instant) { if last == nil { last = now } }

  /// No picture is owed from now on.
  mutating func stop(at now: Instant) {
    if let last { note(now - last) }
    last = nil
    intervals.removeAll(keepingCapacity: true)
  }

  private mutating func note(_ gap: Duration) {
    watched = watched + gap
    guard gap > limit else { return }
    frozen = frozen + gap
    freezeCount += 1
    longest = max(longest, gap)
  }

  private var limit: Duration {
    // Before the mean is known, one frame in six is the least that counts as moving.
    guard intervals.count >= 5 else { return .milliseconds(500) }
    let mean = intervals.reduce(Duration.zero) { $0 + $1 } / Int64(intervals.count)
    return max(mean * 3, mean + .milliseconds(150))
  }
}
