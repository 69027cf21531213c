public import Wire

extension STUNMessage {
  /// XOR-MAPPED-ADDRESS (RFC 8489 §14.2): the address a request was seen to come from.
  public var xorMappedAddress: TransportAddress? {
    get throws(STUNError) { try address(of: .xorMappedAddress, isMasked: true) }
  }

  /// MAPPED-ADDRESS (RFC 8489 §14.1), from servers older than RFC 5389.
  public var mappedAddress: TransportAddress? {
    get throws(STUNError) { try address(of: .mappedAddress, isMasked: false) }
  }

  /// The address in an attribute that is built like XOR-MAPPED-ADDRESS.
  public func xorAddress(of type: STUNAttributeType) throws(STUNError) -> TransportAddress? {
    try address(of: type, isMasked: true)
  }

  func address(
    of type: STUNAttributeType, isMasked: Bool
  ) throws(STUNError) -> TransportAddress? {
    guard let value = value(of: type) else { return nil }
    return try Self.address(
      in: value, of: type, mask: isMasked ? STUNAddressMask(transactionID) : nil)
  }

  static func address(
    in value: Span<UInt8>, of type: STUNAttributeType, mask: STUNAddressMask?
  ) throws(STUNError) -> TransportAddress {
    do throws(Truncated) {
      var reader = ByteReader(value)
      let family = try reader.readUInt16() & 0x00ff
      let port = try reader.readUInt16()
      let ip: IPAddress
      switch (family, reader.remainingCount) {
      case (0x01, 4): ip = IPAddress(v4: try reader.readUInt32())
      case (0x02, 16): ip = IPAddress(v6High: try reader.readUInt64(), low: try reader.readUInt64())
      default: throw Truncated()
      }
      let address = TransportAddress(ip: ip, port: port)
      return mask?.apply(to: address) ?? address
    } catch {
      throw STUNError(error, in: type)
    }
  }
}

/// The pattern that hides addresses from middleboxes that rewrite them (RFC 8489 §14.2): the magic
/// cookie followed by the transaction ID.
struct STUNAddressMask {
  private let transactionID: STUNTransactionID

  init(_ transactionID: STUNTransactionID) { self.transactionID = transactionID }

  /// Masks or unmasks: doing it twice gives the address back.
  func apply(to address: TransportAddress) -> TransportAddress {
    let cookie = STUNHeader.magicCookie
    let port = address.port ^ UInt16(truncatingIfNeeded: cookie >> 16)
    switch address.ip.family {
    case .v4:
      let bits = UInt32(truncatingIfNeeded: address.ip.low) ^ cookie
      return TransportAddress(ip: IPAddress(v4: bits), port: port)
    case .v6:
      let high = address.ip.high ^ (UInt64(cookie) << 32 | UInt64(transactionID.high))
      let low = address.ip.low ^ transactionID.low
      return TransportAddress(ip: IPAddress(v6High: high, low: low), port: port)
    }
  }
}
