public import Wire

/// A block of addresses of one family, such as `10.0.0.0/8`.
public struct IPAddressRange: Sendable, Hashable {
  /// The first address.
  public let first: IPAddress
  /// How many leading bits are fixed.
  public let prefixLength: Int

  /// The block around `address`; nil where the family has fewer bits than `prefixLength`.
  public init?(_ address: IPAddress, prefixLength: Int) {
    let width = address.family == .v4 ? 32 : 128
    guard (0...width).contains(prefixLength) else { return nil }
    first = Self.masked(address, prefixLength)
    self.prefixLength = prefixLength
  }

  /// Parses `address/length`, or an address by itself.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ IPAddress($0) }), parts.count <= 2 else { return nil }
    guard parts.count == 2 else {
      self.init(address, prefixLength: address.family == .v4 ? 32 : 128)
      return
    }
    guard let length = Int(parts[1]) else { return nil }
    self.init(address, prefixLength: length)
  }

  /// Whether an address lies in the block.
  public func contains(_ address: IPAddress) -> Bool {
    address.family == first.family && Self.masked(address, prefixLength) == first
  }

  private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
    switch address.family {
    case .v4:
      IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & ~(UInt32.max >> UInt32(length)))
    case .v6:
      IPAddress(
        v6High: address.high & ~(UInt64.max >> UInt64(min(length, 64))),
        low: address.low & ~(UInt64.max >> UInt64(max(length - 64, 0))))
    }
  }
}
