public import Wire

/// Which packets of a source are missing, and when to ask for them again.
///
/// A gap is asked for after a short wait, since packets overtake each other, then at growing multiples of the
/// round trip, and given up after `requestLimit` requests. What is remembered is bounded.
public struct NACKGenerator: Sendable {
  /// Requests for one packet before it is given up.
  public static let requestLimit = 8
  /// Missing packets that are remembered.
  public static let missingLimit = 512
  /// Numbers one request names at most, so that it fits any capacity of 600 bytes.
  public static let requestSize = 128
  /// A gap of more packets is an outage: only a key frame helps.
  public static let gapLimit = 1000
  /// How long a gap may be mere reordering.
  private static let reorderDelay = Duration.milliseconds(5)
  private static let shortestRetry = Duration.milliseconds(20)

  private struct Missing {
    let index: Int64
    var requestCount = 0
    var dueAt: Instant
  }

  /// The time from a request to the packet, as far as it is known.
  public var roundTrip = Duration.milliseconds(100)
  /// By index, oldest first.
  private var missing: [Missing] = []
  private var newest: Int64?

  /// A generator that has seen nothing.
  public init() {}

  /// How many packets are missing and not given up.
  public var missingCount: Int { missing.count }

  /// When `due` has something to say, if ever.
  public var deadline: Instant? { missing.lazy.map(\.dueAt).min() }

  /// Takes the packet with the unwrapped sequence number `index`.
  public mutating func receive(_ index: Int64, at now: Instant) {
    guard let newest else {
      newest = index
      return
    }
    guard index > newest else {
      _ = recover(index)
      return
    }
    self.newest = index
    let gap = index &- newest &- 1
    guard gap > 0 else { return }
    guard gap <= Self.gapLimit else {
      missing.removeAll(keepingCapacity: true)
      return
    }
    let first = max(newest &+ 1, index &- Int64(Self.missingLimit))
    missing += (first..<index).map { Missing(index: $0, dueAt: now + Self.reorderDelay) }
    if missing.count > Self.missingLimit { missing.removeFirst(missing.count - Self.missingLimit) }
  }

  /// Takes a packet that was missing and came late or again. False if it was not missing.
  public mutating func recover(_ index: Int64) -> Bool {
    guard let place = place(of: index) else { return false }
    missing.remove(at: place)
    return true
  }

  /// Forgets what is older than `index`: after a key frame nobody needs it.
  public mutating func forget(before index: Int64) {
    missing.removeAll { $0.index < index }
  }

  /// The numbers to ask for now, oldest first, at most `requestSize`. Call again at `deadline`.
  public mutating func due(at now: Instant) -> [UInt16] {
    var numbers: [UInt16] = []
    guard missing.contains(where: { $0.dueAt <= now }) else { return numbers }
    missing.removeAll { $0.dueAt <= now && $0.requestCount >= Self.requestLimit }
    let retry = max(roundTrip, Self.shortestRetry)
    for place in missing.indices where missing[place].dueAt <= now {
      guard numbers.count < Self.requestSize else { break }
      numbers.append(UInt16(truncatingIfNeeded: missing[place].index))
      missing[place].requestCount += 1
      missing[place].dueAt = now + retry * Int64(missing[place].requestCount + 1) / 2
    }
    return numbers
  }

  private func place(of index: Int64) -> Int? {
    var low = 0
    var high = missing.count
    while low < high {
      let middle = (low + high) / 2
      if missing[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low < missing.count && missing[low].index == index ? low : nil
  }
}
