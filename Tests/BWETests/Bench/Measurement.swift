import Wire

/// What a bench noted of one flow, in bins of 100 milliseconds of arrival.
struct Measurement {
  static let bin = Duration.milliseconds(100)

  var arrivedBytes: [Int] = []
  var queueDelay: [Double] = []
  var target: [Int] = []
  var sentCount = 0
  var lostCount = 0

  mutating func arrived(_ byteCount: Int, waited: Duration, at now: Instant) {
    let index = Int(now.nanoseconds / Self.bin.nanoseconds)
    while arrivedBytes.count <= index {
      arrivedBytes.append(0)
      queueDelay.append(0)
    }
    arrivedBytes[index] += byteCount
    queueDelay[index] = max(queueDelay[index], waited.seconds)
  }

  /// Bits per second that arrived from `start` to `end` in seconds.
  func rate(_ start: Double, _ end: Double) -> Double {
    let bytes = bins(arrivedBytes, start, end).reduce(0, +)
    return Double(bytes) * 8 / max(end - start, 0.1)
  }

  /// The share of bins' longest waits that is exceeded by one in `1 / (1 - share)`, in milliseconds.
  func delay(_ start: Double, _ end: Double, share: Double) -> Double {
    let sorted = bins(queueDelay, start, end).sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1000
  }

  /// The longest time in seconds for which packets waited for longer than `limit` seconds all the time.
  func standing(over limit: Double, _ start: Double, _ end: Double) -> Double {
    var longest = 0
    var current = 0
    for delay in bins(queueDelay, start, end) {
      current = delay > limit ? current + 1 : 0
      longest = max(longest, current)
    }
    return Double(longest) / 10
  }

  /// Seconds from `start` until, over half a second, at least `rate` arrived; nil for never.
  func time(from start: Double, toReach rate: Double, until end: Double) -> Double? {
    var time = start
    while time + 0.5 <= end {
      if self.rate(time, time + 0.5) >= rate { return time + 0.5 - start }
      time += 0.1
    }
    return nil
  }

  private func bins<Value>(_ values: [Value], _ start: Double, _ end: Double) -> ArraySlice<Value> {
    let first = min(Int(start * 10 + 0.5), values.count)
    return values[first..<max(first, min(Int(end * 10 + 0.5), values.count))]
  }
}
