extension FixedWidthInteger where Self: UnsignedInteger {
  /// Whether this serial number comes after `other` on the circle (RFC 1982 §3.2).
  ///
  /// Exactly half a circle apart, the numerically larger one counts as later, so that of two
  /// different numbers always exactly one is newer.
  @inlinable public func isNewer(than other: Self) -> Bool {
    let distance = self &- other
    let half: Self = 1 << (Self.bitWidth - 1)
    return distance == half ? self > other : distance != 0 && distance < half
  }
}

/// Extends 16-bit serial numbers to a 64-bit index that never wraps.
///
/// Each number is placed within half a circle of the newest one seen.
public struct SequenceUnwrapper: Sendable {
  /// The largest index given out.
  public private(set) var newest: Int64?

  /// An unwrapper that has seen nothing.
  public init() {}

  /// The index of `sequenceNumber`; the first one seen becomes its own index.
  public mutating func unwrap(_ sequenceNumber: UInt16) -> Int64 {
    let index = index(of: sequenceNumber)
    newest = max(newest ?? index, index)
    return index
  }

  /// The index `sequenceNumber` would get, without recording it.
  public func index(of sequenceNumber: UInt16) -> Int64 {
    guard let newest else { return Int64(sequenceNumber) }
    let offset = Int16(truncatingIfNeeded: sequenceNumber &- UInt16(truncatingIfNeeded: newest))
    return newest &+ Int64(offset)
  }
}
