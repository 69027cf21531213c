public import Wire

/// Network time (RFC 5905 §6) as RTCP uses it: seconds since 1900 with 32 bits of fraction (RFC 3550 §4).
///
/// Seconds wrap in 2036; differences stay right over it.
public enum NTP {
  /// Seconds from 1900 to 1970.
  private static let unixOffset: Int64 = 2_208_988_800

  /// The time of `instant`, where `epoch` is the time from 1970 to the clock's zero.
  public static func timestamp(_ instant: Instant, epoch: Duration) -> UInt64 {
    let sinceUnix = Duration(nanoseconds: instant.nanoseconds) + epoch
    return interval(sinceUnix) &+ UInt64(bitPattern: unixOffset << 32)
  }

  /// A length of time in 2^-32 seconds, modulo 2^32 seconds.
  public static func interval(_ duration: Duration) -> UInt64 {
    let (seconds, nanoseconds) = duration.nanoseconds.quotientAndRemainder(
      dividingBy: 1_000_000_000)
    // The remainder has the sign of the whole; the sum wraps to the right place.
    let fraction = (nanoseconds << 32) / 1_000_000_000
    return UInt64(bitPattern: seconds) << 32 &+ UInt64(bitPattern: fraction)
  }

  /// The middle 32 bits: 16 of seconds and 16 of fraction, as report blocks have them.
  public static func middle(_ timestamp: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: timestamp >> 16)
  }

  /// The length of time that `value` 65,536ths of a second are.
  public static func duration(middle value: UInt32) -> Duration {
    Duration(nanoseconds: (Int64(value) * 1_000_000_000) >> 16)
  }

  /// The round trip a report block tells of: from our sender report to there and back, without the
  /// time it lay there (RFC 3550 §6.4.1). Nil without a sender report, or where the block lies.
  public static func roundTrip(_ block: ReportBlock, at timestamp: UInt64) -> Duration? {
    guard block.lastSenderReport != 0 else { return nil }
    let elapsed = middle(timestamp) &- block.lastSenderReport
    let value = elapsed &- block.delaySinceLastSenderReport
    // Coarse clocks may make a short round trip slightly negative.
    guard value < 0x8000_0000 else { return value > 0xffff_0000 ? .zero : nil }
    return duration(middle: value)
  }
}
