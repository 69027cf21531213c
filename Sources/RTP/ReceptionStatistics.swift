public import Wire

/// What receiver reports tell of one source (RFC 3550 §6.4.1, Appendices A.1, A.3 and A.8).
///
/// Packets are authenticated before they get here, so a source is valid from its first packet.
public struct ReceptionStatistics: Sendable {
  /// A jump further ahead than this many packets is taken for a restart.
  private static let dropoutLimit: UInt16 = 3000
  /// A packet further behind than this many is taken for a restart.
  private static let misorderLimit: UInt16 = 100

  /// The media clock in Hz.
  public let clockRate: UInt32
  /// Packets received, duplicates included.
  public private(set) var receivedCount: Int64 = 0

  private var base: Int64 = 0
  private var highest: Int64?
  /// The number that would prove a restart: the one after a number that did not fit.
  private var restartNumber: UInt16?
  private var expectedBefore: Int64 = 0
  /// Packets that were sent into an outage.
  private var passedOverCount: Int64 = 0
  private var receivedBefore: Int64 = 0
  /// Jitter in sixteenths of a clock tick.
  private var scaledJitter: UInt32 = 0
  private var lastTransit: UInt32?
  private var senderReport: (middle: UInt32, arrival: Instant)?

  /// Statistics of a source that has sent nothing yet.
  public init(clockRate: UInt32) { self.clockRate = clockRate }

  /// Interarrival jitter in clock ticks.
  public var jitter: UInt32 { scaledJitter >> 4 }

  /// Packets that should have come, from the first to the highest.
  public var expectedCount: Int64 { highest.map { $0 - base + 1 } ?? 0 }

  /// Packets lost so far, negative with duplicates.
  public var lostCount: Int64 { expectedCount - receivedCount }

  /// Takes one RTP packet. What is missing before it does not count in reports where it was sent into an outage.
  public mutating func receive(
    _ header: RTPHeader, isAfterOutage: Bool = false, at now: Instant
  ) {
    if isAfterOutage { passOver(before: header.sequenceNumber) }
    guard place(header.sequenceNumber) else { return }
    receivedCount += 1
    measure(header.timestamp, at: now)
  }

  /// Takes the source's sender report.
  public mutating func receive(_ report: SenderReport, at now: Instant) {
    senderReport = (NTP.middle(report.ntpTimestamp), now)
  }

  /// The report block for now, or nil before the first packet. Starts a new interval of loss.
  public mutating func reportBlock(ssrc: UInt32, at now: Instant) -> ReportBlock? {
    guard let highest else { return nil }
    let expectedCount = expectedCount - passedOverCount
    let expected = expectedCount - expectedBefore
    let lost = expected - (receivedCount - receivedBefore)
    expectedBefore = expectedCount
    receivedBefore = receivedCount
    let fraction = expected > 0 && lost > 0 ? min(lost * 256 / expected, 255) : 0
    var block = ReportBlock(
      ssrc: ssrc, fractionLost: UInt8(truncatingIfNeeded: fraction),
      cumulativeLost: Int32(min(max(expectedCount - receivedCount, -0x80_0000), 0x7f_ffff)),
      highestSequenceNumber: UInt32(truncatingIfNeeded: highest), jitter: jitter)
    if let senderReport {
      block.lastSenderReport = senderReport.middle
      block.delaySinceLastSenderReport = NTP.middle(NTP.interval(now - senderReport.arrival))
    }
    return block
  }

  /// Whether a packet counts (Appendix A.1): one that does not fit waits for the next to prove a restart.
  private mutating func place(_ number: UInt16) -> Bool {
    guard let highest else {
      restart(at: number)
      return true
    }
    let ahead = number &- UInt16(truncatingIfNeeded: highest)
    if ahead < Self.dropoutLimit {
      self.highest = highest + Int64(ahead)
      restartNumber = nil
    } else if ahead <= .max - Self.misorderLimit {
      guard number == restartNumber else {
        restartNumber = number &+ 1
        return false
      }
      restart(at: number)
    }
    return true
  }

  private mutating func passOver(before number: UInt16) {
    guard let highest else { return }
    let ahead = number &- UInt16(truncatingIfNeeded: highest)
    guard ahead > 1, ahead <= .max - Self.misorderLimit else { return }
    self.highest = highest + Int64(ahead) - 1
    passedOverCount += Int64(ahead) - 1
  }

  private mutating func restart(at number: UInt16) {
    base = Int64(number)
    highest = base
    restartNumber = nil
    receivedCount = 0
    receivedBefore = 0
    expectedBefore = 0
    passedOverCount = 0
    lastTransit = nil
  }

  /// Appendix A.8, in sixteenths. A jump of five seconds is a new media clock, not jitter.
  private mutating func measure(_ timestamp: UInt32, at now: Instant) {
    let transit = ticks(now) &- timestamp
    defer { lastTransit = transit }
    guard let lastTransit else { return }
    let difference = Int32(bitPattern: transit &- lastTransit).magnitude
    guard UInt64(difference) < UInt64(clockRate) * 5 else { return }
    scaledJitter = scaledJitter &+ difference &- (scaledJitter &+ 8) >> 4
  }

  /// The arrival time in clock ticks, modulo 2^32.
  private func ticks(_ now: Instant) -> UInt32 {
    let (seconds, rest) = now.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let whole = UInt32(truncatingIfNeeded: seconds) &* clockRate
    return whole &+ UInt32(truncatingIfNeeded: rest * Int64(clockRate) / 1_000_000_000)
  }
}
