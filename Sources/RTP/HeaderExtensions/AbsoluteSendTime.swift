public import Wire

/// When a packet left, on the sender's clock: 24 bits, 18 of them a fraction of a second, wrapping every 64 s
/// (http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time).
public struct AbsoluteSendTime: Equatable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
  /// Length of the value.
  public static let byteCount = 3

  /// The time in 2^-18 seconds, modulo 2^24.
  public var rawValue: UInt32

  /// A time in 2^-18 seconds, modulo 2^24.
  public init(rawValue: UInt32) { self.rawValue = rawValue & 0xff_ffff }

  /// The time of `instant`.
  public init(_ instant: Instant) {
    let interval = NTP.interval(Duration(nanoseconds: instant.nanoseconds))
    self.init(rawValue: UInt32(truncatingIfNeeded: interval >> 14))
  }

  /// Reads a value of three bytes; nil for another length.
  public init?(parsing value: Span<UInt8>) {
    guard value.count == Self.byteCount else { return nil }
    var reader = ByteReader(value)
    guard let rawValue = try? reader.readUInt24() else { return nil }
    self.rawValue = rawValue
  }

  /// The time from `earlier` to this, within half a circle (32 s) either way.
  public func time(since earlier: AbsoluteSendTime) -> Duration {
    let difference = Int32(bitPattern: (rawValue &- earlier.rawValue) << 8) >> 8
    return Duration(nanoseconds: Int64(difference) * 1_000_000_000 / 0x4_0000)
  }
}
