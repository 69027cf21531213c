/// A packet's number among all of its transport
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2).
public struct TransportSequenceNumber: Equatable, Sendable {
  /// The extension's name in SDP.
  public static let uri =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
  /// Length of the value.
  public static let byteCount = 2

  /// The number; wraps.
  public var rawValue: UInt16

  /// A number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Reads a value of two bytes or more; what may follow asks for feedback and is passed over.
  public init?(parsing value: Span<UInt8>) {
    guard value.count >= Self.byteCount else { return nil }
    rawValue = UInt16(value[0]) << 8 | UInt16(value[1])
  }
}
