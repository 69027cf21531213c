import Wire

/// What arrived within the last tenth of a second.
struct RecentArrivals: Sendable {
  private static let window = Duration.milliseconds(100)
  private static let limit = 256
  private static let smallestRing = 16

  private struct Arrival {
    var time = Instant.zero
    var byteCount = 0
  }

  /// By the low bits of the number of an arrival; grows to the limit.
  private var arrivals: [Arrival] = []
  /// The oldest arrival that counts, and the next one to come.
  private var first = 0
  private var next = 0
  /// Bytes of those that count.
  private var byteCount = 0
  private var newest = Instant(nanoseconds: .min)

  /// Bits per second; nil where too little arrived to tell.
  var bitrate: Double? {
    guard next &- first >= 5 else { return nil }
    let oldest = arrivals[place(of: first)]
    let elapsed = newest - oldest.time
    guard elapsed >= .milliseconds(40) else { return nil }
    return Double.bitrate(byteCount &- oldest.byteCount, over: elapsed)
  }

  /// Forgets all.
  mutating func reset() { self = Self() }

  /// Takes an arrival, on the other side's clock.
  mutating func add(_ count: Int, at time: Instant) {
    if next &- first == arrivals.count {
      if arrivals.count < Self.limit { grow() } else { forgetOldest() }
    }
    arrivals[place(of: next)] = Arrival(time: time, byteCount: count)
    byteCount &+= count
    next &+= 1
    newest = max(newest, time)
    let oldest = newest - Self.window
    while first < next, arrivals[place(of: first)].time < oldest { forgetOldest() }
  }

  private func place(of number: Int) -> Int { number & (arrivals.count &- 1) }

  private mutating func grow() {
    var larger = Array(
      repeating: Arrival(), count: max(arrivals.count * 2, Self.smallestRing))
    for number in first..<next { larger[number & (larger.count - 1)] = arrivals[place(of: number)] }
    arrivals = larger
  }

  private mutating func forgetOldest() {
    byteCount &-= arrivals[place(of: first)].byteCount
    first &+= 1
  }
}
