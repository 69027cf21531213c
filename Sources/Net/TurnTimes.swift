import Synchronization
public import Wire

/// How long the turns of a loop took, from when it woke until it waits again; read from any thread.
public final class TurnTimes: Sendable {
  /// How many turns took how long.
  public struct Counts: Sendable, Equatable {
    /// Turns by step: as many as there are bounds, and one for those that took longer.
    public internal(set) var counts = [UInt64](repeating: 0, count: TurnTimes.bounds.count + 1)
    /// All turns together.
    public internal(set) var total = Duration.zero

    /// No turns.
    public init() {}
  }

  /// The upper ends of the steps but the last, which has none.
  public static let bounds: [Duration] = [
    .microseconds(100), .milliseconds(1), .milliseconds(5), .milliseconds(10), .milliseconds(20),
    .milliseconds(50), .milliseconds(100),
  ]

  private let state = Mutex(Counts())

  /// The turns so far.
  public var counts: Counts { state.withLock { $0 } }

  func note(_ time: Duration) {
    let step = Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count
    state.withLock { state in
      state.counts[step] &+= 1
      state.total = state.total + max(time, .zero)
    }
  }
}

extension TurnTimes.Counts {
  /// Adds the turns of another loop.
  public static func += (sum: inout Self, other: Self) {
    for step in sum.counts.indices { sum.counts[step] &+= other.counts[step] }
    sum.total = sum.total + other.total
  }
}
