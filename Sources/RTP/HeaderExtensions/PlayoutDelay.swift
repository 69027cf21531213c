/// How long a receiver should hold a picture back
/// (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay).
public struct PlayoutDelay: Equatable, Sendable {
  /// The extension's name in SDP.
  public static let uri = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
  /// Length of the value.
  public static let byteCount = 3

  /// The least delay in 10 ms, 0–4095.
  public var minimum: UInt16
  /// The greatest delay in 10 ms, 0–4095.
  public var maximum: UInt16

  /// Limits in 10 ms, of at most 4095.
  public init(minimum: UInt16, maximum: UInt16) {
    self.minimum = min(minimum, 0xfff)
    self.maximum = min(maximum, 0xfff)
  }

  /// Reads a value of three bytes; nil for another length, or where the least exceeds the greatest.
  public init?(parsing value: Span<UInt8>) {
    guard value.count == Self.byteCount else { return nil }
    minimum = UInt16(value[0]) << 4 | UInt16(value[1] >> 4)
    maximum = UInt16(value[1] & 0x0f) << 8 | UInt16(value[2])
    guard minimum <= maximum else { return nil }
  }

  /// The value's 24 bits.
  public var rawValue: UInt32 { UInt32(minimum & 0xfff) << 12 | UInt32(maximum & 0xfff) }
}
