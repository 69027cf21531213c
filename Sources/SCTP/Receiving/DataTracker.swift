internal import Wire

/// Which TSNs have arrived (RFC 9260 §6.2): the cumulative one, and the runs beyond it.
///
/// TSNs are unwrapped to 64 bits, so that comparing them is plain arithmetic.
struct DataTracker: Sendable {
  /// TSNs without a hole between them.
  private struct Run {
    var first: Int64
    var last: Int64
  }

  /// Farther TSNs cannot be told in a gap block.
  private static let reach: Int64 = 0xffff
  /// More holes are not remembered: what would open one is dropped, and sent again.
  private static let maximumRuns = 1024
  private static let maximumDuplicates = 16

  /// All up to this one have arrived.
  private(set) var cumulative: Int64
  private var runs: [Run] = []
  private var duplicates: [UInt32] = []

  /// A tracker that expects `initialTSN` first.
  init(initialTSN: UInt32) { cumulative = Int64(initialTSN) + 1 << 32 - 1 }

  /// The TSN all up to which have arrived.
  var cumulativeTSN: UInt32 { UInt32(truncatingIfNeeded: cumulative) }
  /// Whether something is missing.
  var hasGaps: Bool { !runs.isEmpty }
  /// Whether something has come twice since the last report.
  var hasDuplicates: Bool { !duplicates.isEmpty }

  /// The unwrapped number of `tsn`, within half a circle of the cumulative one.
  func index(of tsn: UInt32) -> Int64 {
    cumulative + Int64(Int32(truncatingIfNeeded: tsn &- cumulativeTSN))
  }

  /// Whether this TSN has arrived before.
  func contains(_ index: Int64) -> Bool {
    if index <= cumulative { return true }
    guard let last = runs.last, index <= last.last else { return false }
    let place = firstRun(endingAtOrAfter: index)
    return runs[place].first <= index
  }

  /// Whether a TSN that has not arrived can be remembered.
  func canTake(_ index: Int64) -> Bool {
    if index == cumulative + 1 { return true }
    guard index - cumulative <= Self.reach else { return false }
    if runs.count < Self.maximumRuns { return true }
    let place = firstRun(endingAtOrAfter: index - 1)
    guard place < runs.count else { return false }
    return runs[place].last == index - 1 || runs[place].first == index + 1
  }

  /// Remembers a TSN that has not arrived before and can be taken.
  mutating func insert(_ index: Int64) {
    if index == cumulative + 1 {
      cumulative = index
      absorbFirstRun()
    } else if let last = runs.last, index == last.last + 1 {
      runs[runs.count - 1].last = index
    } else {
      insertRun(index)
    }
  }

  /// Remembers that a TSN came again.
  mutating func noteDuplicate(_ tsn: UInt32) {
    if duplicates.count < Self.maximumDuplicates { duplicates.append(tsn) }
  }

  /// Takes all up to `index` for received (RFC 3758 §3.6).
  mutating func advance(to index: Int64) {
    guard index > cumulative else { return }
    cumulative = index
    runs.removeFirst(firstRun(endingAtOrAfter: index + 1))
    if let first = runs.first, first.first <= index { runs[0].first = index + 1 }
    absorbFirstRun()
  }

  /// Moves what a SACK tells into it, at most so many gap blocks; duplicates are told once.
  mutating func acknowledgement(
    window: UInt32, maximumBlocks: Int
  ) -> SelectiveAcknowledgement {
    var sack = SelectiveAcknowledgement(cumulativeTSN: cumulativeTSN, advertisedWindow: window)
    if !runs.isEmpty {
      sack.gapBlocks = runs.prefix(max(maximumBlocks, 0)).map { run in
        SelectiveAcknowledgement.GapBlock(
          start: UInt16(clamping: run.first - cumulative),
          end: UInt16(clamping: run.last - cumulative))
      }
    }
    if !duplicates.isEmpty {
      sack.duplicates = Array(duplicates.prefix(max(maximumBlocks - sack.gapBlocks.count, 0)))
      duplicates.removeAll(keepingCapacity: true)
    }
    return sack
  }

  private mutating func absorbFirstRun() {
    guard let first = runs.first, first.first == cumulative + 1 else { return }
    cumulative = first.last
    runs.removeFirst()
  }

  private mutating func insertRun(_ index: Int64) {
    let place = firstRun(endingAtOrAfter: index - 1)
    guard place < runs.count else {
      runs.append(Run(first: index, last: index))
      return
    }
    if runs[place].last == index - 1 {
      runs[place].last = index
      if place + 1 < runs.count, runs[place + 1].first == index + 1 {
        runs[place].last = runs[place + 1].last
        runs.remove(at: place + 1)
      }
    } else if runs[place].first == index + 1 {
      runs[place].first = index
    } else {
      runs.insert(Run(first: index, last: index), at: place)
    }
  }

  private func firstRun(endingAtOrAfter index: Int64) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].last < index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
