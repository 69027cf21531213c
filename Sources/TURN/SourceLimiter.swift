import Wire

/// How often requests of anybody are answered: a number of times a second for each network, so that answers
/// to forged addresses stay few. Networks share a fixed number of places by their hash.
struct SourceLimiter {
  private var freeAt = [Instant](repeating: .distantPast, count: 1024)
  private let key: UInt64
  private let interval: Duration
  private let burst: Duration

  init(key: UInt64, perSecond: Int64) {
    self.key = key
    interval = Duration.seconds(1) / max(perSecond, 1)
    burst = .seconds(2)
  }

  /// Whether one more answer may go to the /24 or /64 of `address` at `now`.
  mutating func admit(_ address: IPAddress, at now: Instant) -> Bool {
    let canonical = address.canonical
    let network = canonical.family == .v4 ? canonical.low >> 8 : canonical.high
    var mixed = RandomSource.seeded(network ^ key)
    let place = Int(mixed.next() % UInt64(freeAt.count))
    let start = max(freeAt[place], now)
    guard start - now <= burst else { return false }
    freeAt[place] = start + interval
    return true
  }
}
