/// How values are spread, in steps: what a histogram shows.
public struct Distribution: Sendable, Equatable {
  /// The upper ends of the steps but the last, which has none; ascending.
  public let bounds: [Double]
  /// How many values lie in each step.
  public private(set) var counts: [UInt64]
  /// The sum of all values.
  public private(set) var sum = 0.0

  /// No values yet.
  public init(_ bounds: [Double]) {
    self.bounds = bounds
    counts = [UInt64](repeating: 0, count: bounds.count + 1)
  }

  /// How many values there are.
  public var count: UInt64 { counts.reduce(0, &+) }

  /// Adds one value; what is no number is passed over.
  public mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] &+= 1
    sum += value
  }

  /// Adds the values of another distribution over the same steps.
  public static func += (left: inout Distribution, right: Distribution) {
    guard left.bounds == right.bounds else { return }
    for step in left.counts.indices { left.counts[step] &+= right.counts[step] }
    left.sum += right.sum
  }
}
