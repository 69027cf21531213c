public import Wire

/// Which packets of a source are missing, and when to ask for them again.
///
/// A gap is asked for after a short wait, since packets overtake each other, then three times after a round trip each,
/// then at growing multiples of it, and given up after `requestLimit` requests, or where `patience` has no time left
/// for the answer. What is remembered is bounded.
///
/// Where much is lost so are requests. Then each is made twice, half a round trip apart: who has answered the first passes over
/// the second, as nobody repeats a packet twice within a round trip.
///
/// Where more is missing than the way brings, requests make it worse: senders repeat before they send anything new. Who
/// `isModest` asks for no more at a time than came of late, and `giveUpOverdue` tells when it is in vain.
public struct NACKGenerator: Sendable {
  /// Requests for one packet before it is given up.
  public static let requestLimit = 8
  /// Missing packets that are remembered.
  public static let missingLimit = 512
  /// Numbers one request names at most, so that it fits any capacity of 600 bytes.
  public static let requestSize = 128
  /// A gap of more packets is an outage: only a key frame helps.
  public static let gapLimit = 1000
  private static let shortestRetry = Duration.milliseconds(20)
  /// From this share of missing packets on requests are made twice.
  private static let lossyShare = 0.03
  /// Few packets are repeated in any case.
  private static let overdueLimit = 8
  private static let leastAskedFor = 16
  /// What came is counted over so long or a round trip, and the same before.
  private static let countTime = Duration.milliseconds(150)
  /// The shortest time from giving up to giving up again: until then what was asked for instead may have come.
  private static let giveUpInterval = Duration.seconds(2)

  private struct Missing {
    let index: Int64
    let noticedAt: Instant
    var requestCount = 0
    var dueAt: Instant
    var isEchoed = false
  }

  /// The time from a request to the packet, as far as it is known.
  public var roundTrip = Duration.milliseconds(100)
  /// How long a gap may be mere reordering, or be closed without being asked for.
  public var reorderDelay = Duration.milliseconds(5)
  /// After so long the first request is said again, in case it was lost itself; nil where it is not.
  public var echo: Duration?
  /// Whether no more is asked for at a time than came of late.
  public var isModest = false
  /// How long after it was missed a packet is still of use; nil for as long as it takes.
  public var patience: Duration?
  /// By index, oldest first.
  private var missing: [Missing] = []
  private var newest: Int64?
  /// The share of packets that were missing of late.
  private var missedShare = 0.0
  /// Packets that did not come in their turn.
  public private(set) var missedCount: Int64 = 0
  /// Those of them that came in the end.
  public private(set) var recoveredCount: Int64 = 0
  private var arrivals = (count: 0, before: 0, since: Instant.zero)
  private var gaveUpAt: Instant?

  /// A generator that has seen nothing.
  public init() {}

  /// How many packets are missing and not given up.
  public var missingCount: Int { missing.count }

  /// Whether so much is missing that requests are lost too.
  private var isLossy: Bool { missedShare >= Self.lossyShare }

  /// When `due` has something to say, if ever.
  public var deadline: Instant? { missing.lazy.map(\.dueAt).min() }

  /// Takes the packet with the unwrapped sequence number `index`. False for one that was not missing: it has come
  /// before, by another way maybe, or was given up. Nothing before it is asked for where it was sent into an outage.
  @discardableResult
  public mutating func receive(
    _ index: Int64, isAfterOutage: Bool = false, at now: Instant
  ) -> Bool {
    countArrivals(until: now)
    guard let newest else {
      newest = index
      return true
    }
    guard index > newest else { return recover(index) }
    arrivals.count += 1
    self.newest = index
    let gap = index &- newest &- 1
    if isAfterOutage {
      forgetAll()
      missedCount &+= gap
      return true
    }
    missedShare += (gap > 0 ? 1 - missedShare : -missedShare) / 64
    if gap > 0 { miss(gap, before: index, at: now) }
    return true
  }

  private mutating func miss(_ gap: Int64, before index: Int64, at now: Instant) {
    missedCount &+= gap
    guard gap <= Self.gapLimit else {
      missing.removeAll(keepingCapacity: true)
      return
    }
    let first = max(index &- gap, index &- Int64(Self.missingLimit))
    missing += (first..<index).map {
      Missing(index: $0, noticedAt: now, dueAt: now + reorderDelay)
    }
    if missing.count > Self.missingLimit { missing.removeFirst(missing.count - Self.missingLimit) }
  }

  /// Takes a packet that was missing and came late or again. False if it was not missing.
  public mutating func recover(_ index: Int64) -> Bool {
    guard let place = place(of: index) else { return false }
    missing.remove(at: place)
    recoveredCount &+= 1
    arrivals.count += 1
    return true
  }

  /// Forgets what is older than `index`: after a key frame nobody needs it.
  public mutating func forget(before index: Int64) {
    missing.removeAll { $0.index < index }
  }

  /// Gives up all that is missing where more of it should have been repeated by now than came of late: then what is asked for
  /// pushes out what is new, and only a key frame helps. True where that was so.
  public mutating func giveUpOverdue(at now: Instant) -> Bool {
    guard missing.count > Self.overdueLimit,
      gaveUpAt.map({ now - $0 >= Self.giveUpInterval }) ?? true
    else { return false }
    countArrivals(until: now)
    let answerTime = roundTrip * 3 / 2 + Self.shortestRetry * 2
    let overdue = missing.prefix { now - $0.noticedAt > answerTime }.count
    guard overdue > max(arrivals.count + arrivals.before, Self.overdueLimit) else { return false }
    gaveUpAt = now
    forgetAll()
    return true
  }

  /// Forgets all that is missing.
  public mutating func forgetAll() { missing.removeAll(keepingCapacity: true) }

  private mutating func countArrivals(until now: Instant) {
    let passed = now - arrivals.since
    let span = max(Self.countTime, roundTrip)
    guard passed >= span else { return }
    arrivals = (0, passed < span * 2 ? arrivals.count : 0, now)
  }

  /// The numbers to ask for now, oldest first, at most `requestSize`. Call again at `deadline`.
  public mutating func due(at now: Instant) -> [UInt16] {
    var numbers: [UInt16] = []
    guard missing.contains(where: { $0.dueAt <= now }) else { return numbers }
    let requestLimit = isLossy ? Self.requestLimit * 2 : Self.requestLimit
    missing.removeAll { one in
      guard one.dueAt <= now else { return false }
      let isLate = patience.map { now - one.noticedAt + roundTrip > $0 } ?? false
      return isLate || one.requestCount >= requestLimit
    }
    var newCount = newCount(at: now)
    for place in missing.indices where missing[place].dueAt <= now {
      guard numbers.count < Self.requestSize else { break }
      if missing[place].requestCount == 0 {
        newCount -= 1
        guard newCount >= 0 else {
          missing[place].dueAt = now + Self.shortestRetry
          continue
        }
      }
      numbers.append(UInt16(truncatingIfNeeded: missing[place].index))
      if let echo, missing[place].requestCount == 1, !missing[place].isEchoed {
        missing[place].isEchoed = true
        missing[place].dueAt = now + max(pause(after: 1) - echo, echo)
        continue
      }
      missing[place].requestCount += 1
      let pause = pause(after: missing[place].requestCount)
      missing[place].dueAt =
        now + (missing[place].requestCount == 1 ? min(echo ?? pause, pause) : pause)
    }
    return numbers
  }

  /// How many packets may be asked for that were not before.
  private mutating func newCount(at now: Instant) -> Int {
    guard isModest else { return .max }
    countArrivals(until: now)
    let limit = max(arrivals.count + arrivals.before, Self.leastAskedFor)
    return limit - missing.lazy.filter { $0.requestCount > 0 }.count
  }

  private func pause(after requestCount: Int) -> Duration {
    let rounds = isLossy ? requestCount / 2 : requestCount
    let pause = max(roundTrip, Self.shortestRetry) * Int64(max(rounds - 1, 2)) / 2
    return isLossy ? max(pause / 2, Self.shortestRetry) : pause
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
