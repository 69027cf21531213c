import Wire

/// Frames within the last second.
struct FrameRate {
  private static let limit = 256

  private var times: [Instant] = []

  mutating func note(at now: Instant) {
    times.append(now)
    guard times.count > Self.limit else { return }
    times.removeFirst(times.count - Self.limit / 2)
  }

  /// Frames a second.
  func value(at now: Instant) -> Double {
    Double(times.count { now - $0 < .seconds(1) })
  }
}
