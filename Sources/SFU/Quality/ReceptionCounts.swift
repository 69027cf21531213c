import RTP

/// Counts of what came and what did not, or the difference of two such.
struct ReceptionCounts: Equatable, Sendable {
  /// Packets that should have come.
  var expected: Int64 = 0
  /// Those of them that did not come by themselves.
  var lost: Int64 = 0
  /// Those that were missing even after repair, or still are.
  var missing: Int64 = 0

  /// What was added since `earlier`; nothing where counting began anew.
  func since(_ earlier: ReceptionCounts) -> ReceptionCounts {
    guard expected >= earlier.expected else { return ReceptionCounts() }
    return ReceptionCounts(
      expected: expected &- earlier.expected, lost: max(lost &- earlier.lost, 0),
      missing: max(missing &- earlier.missing, 0))
  }

  static func += (sum: inout ReceptionCounts, other: ReceptionCounts) {
    sum.expected &+= other.expected
    sum.lost &+= other.lost
    sum.missing &+= other.missing
  }

  /// The share of `part` in what should have come; 0 where nothing should.
  func share(_ part: Int64) -> Double {
    expected > 0 ? min(max(Double(part) / Double(expected), 0), 1) : 0
  }
}

extension IncomingStream {
  /// What came and did not since this was last asked.
  func takeReception() -> ReceptionCounts {
    let counts = ReceptionCounts(
      expected: statistics.expectedCount, lost: statistics.lostCount,
      missing: losses.missedCount &- losses.recoveredCount)
    defer { judged = counts }
    return counts.since(judged)
  }
}
