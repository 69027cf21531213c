import Wire

/// When the first sample of a packet was captured
/// (http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time).
public struct AbsoluteCaptureTime: Equatable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

  /// NTP time on the capturer's clock, or on a later mixer's.
  public var ntpTimestamp: UInt64
  /// What to add for the capturer's clock, in 2^-32 seconds; nil where it is not told.
  public var clockOffset: Int64?

  /// A time and, where it is known, the offset of the capturer's clock.
  public init(ntpTimestamp: UInt64, clockOffset: Int64? = nil) {
    self.ntpTimestamp = ntpTimestamp
    self.clockOffset = clockOffset
  }

  /// Reads a value of 8 or 16 bytes; nil for another length.
  public init?(parsing value: Span<UInt8>) {
    guard value.count == 8 || value.count == 16 else { return nil }
    var reader = ByteReader(value)
    guard let ntpTimestamp = try? reader.readUInt64() else { return nil }
    self.ntpTimestamp = ntpTimestamp
    clockOffset = (try? reader.readUInt64()).map { Int64(bitPattern: $0) }
  }
}
