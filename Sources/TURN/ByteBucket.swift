import Wire

/// How many bytes may pass in a second; a second's worth may pass at once.
struct ByteBucket {
  /// When all that has passed would have passed at the even rate.
  private var freeAt = Instant.distantPast

  /// Whether `count` bytes may pass; where not, nothing is taken.
  mutating func admit(_ count: Int, bytesPerSecond: Int64, at now: Instant) -> Bool {
    guard wait(at: now) == .zero else { return false }
    take(count, bytesPerSecond: bytesPerSecond, at: now)
    return true
  }

  /// Takes what has passed already.
  mutating func take(_ count: Int, bytesPerSecond: Int64, at now: Instant) {
    freeAt = max(freeAt, now) + Duration.seconds(Int64(count)) / max(bytesPerSecond, 1)
  }

  /// How long until something may pass again.
  func wait(at now: Instant) -> Duration { max(.zero, freeAt - now - .seconds(1)) }
}
