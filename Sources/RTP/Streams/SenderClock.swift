public import Wire

/// How a source's timestamps and its sender's wall clock belong together, by its sender reports: what sound and
/// picture of one sender are matched by (RFC 3550 §6.4.1).
public struct SenderClock: Sendable, Hashable {
  /// Ticks of the source's timestamps in a second.
  public let clockRate: UInt32
  /// The sender's network time of its last report.
  public private(set) var ntpTimestamp: UInt64
  /// The timestamp of that moment.
  public private(set) var rtpTimestamp: UInt32
  /// When the report came.
  public private(set) var receivedAt: Instant

  /// What `report` tells, which came at `now`.
  public init(_ report: SenderReport, clockRate: UInt32, at now: Instant) {
    self.clockRate = clockRate
    ntpTimestamp = report.ntpTimestamp
    rtpTimestamp = report.rtpTimestamp
    receivedAt = now
  }

  /// The sender's network time at which what bears `timestamp` was captured.
  public func networkTime(of timestamp: UInt32) -> UInt64 {
    let ticks = Int64(Int32(bitPattern: timestamp &- rtpTimestamp))
    let rate = Int64(max(clockRate, 1))
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: rate)
    let interval = seconds << 32 &+ (rest << 32) / rate
    return ntpTimestamp &+ UInt64(bitPattern: interval)
  }
}
