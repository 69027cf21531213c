import Glibc
import Wire

@testable import BWE

/// A window-based flow that backs off at losses only, as long or short file transfers do (RFC 5681 in essence).
struct BulkFlow {
  static let packetSize = 1500

  let path: [Int]
  let delay: Int64
  /// Whether it is many short transfers of 30 to 50 kB, with pauses of ten seconds on average; otherwise it never ends.
  let isShort: Bool
  var startAt: Instant
  var endAt: Instant?
  var measurement = Measurement()
  private var window = 10.0
  private var slowStartLimit = Double.infinity
  private var nextNumber = 0
  private var outstanding: Set<Int> = []
  private var recoverUntil = -1
  private var lastProgress = Instant.zero
  private var leftInTransfer = Int.max
  private var random: RandomSource

  init(path: [Int], delay: Int64 = 0, start: Double = 0) {
    self.path = path
    self.delay = delay
    isShort = false
    startAt = .zero + Duration(clampedSeconds: start)
    random = .seeded(1)
  }

  /// Short transfers, the first at once or after a pause.
  init(shortOn path: [Int], seed: UInt64, startsAtOnce: Bool) {
    self.path = path
    delay = 0
    isShort = true
    startAt = .zero
    random = .seeded(seed)
    leftInTransfer = drawPacketCount()
    if !startsAtOnce { startAt = .zero + drawPause() }
  }

  private mutating func drawPacketCount() -> Int {
    (30_000 + Int(random.next() % 20_001)) / Self.packetSize
  }

  /// Exponentially distributed.
  private mutating func drawPause() -> Duration {
    let share = Double(1 + random.next() % 1_000_000) / 1_000_000
    return Duration(clampedSeconds: -10 * log(share))
  }

  /// The numbers of the packets that leave now.
  mutating func advance(to now: Instant) -> [Int] {
    guard now >= startAt, endAt.map({ now < $0 }) ?? true else { return [] }
    if !outstanding.isEmpty, now - lastProgress > .seconds(1) {
      slowStartLimit = max(2, window / 2)
      window = 1
      if isShort { leftInTransfer += outstanding.count }
      outstanding = []
      lastProgress = now
    }
    var numbers: [Int] = []
    while Double(outstanding.count) < window, leftInTransfer > 0 {
      if outstanding.isEmpty { lastProgress = now }
      outstanding.insert(nextNumber)
      numbers.append(nextNumber)
      nextNumber += 1
      if isShort { leftInTransfer -= 1 }
    }
    return numbers
  }

  mutating func acknowledged(_ number: Int, at now: Instant) {
    guard outstanding.remove(number) != nil else { return }
    lastProgress = now
    window += window < slowStartLimit ? 1 : 1 / window
    let lost = outstanding.filter { $0 < number - 3 }
    if !lost.isEmpty {
      outstanding.subtract(lost)
      if isShort { leftInTransfer += lost.count }
      if number > recoverUntil {
        slowStartLimit = max(2, window / 2)
        window = slowStartLimit
        recoverUntil = nextNumber
      }
    }
    if isShort, leftInTransfer == 0, outstanding.isEmpty {
      leftInTransfer = drawPacketCount()
      window = 10
      slowStartLimit = .infinity
      startAt = now + drawPause()
    }
  }
}
