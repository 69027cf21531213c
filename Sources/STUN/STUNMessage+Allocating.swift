public import Wire

extension STUNMessage {
  /// The number in ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11); 2, IPv6, is the only one that is allowed.
  public var additionalAddressFamily: UInt8? {
    get throws(STUNError) {
      try unsigned32(.additionalAddressFamily).map { UInt8(truncatingIfNeeded: $0 >> 24) }
    }
  }

  /// ADDRESS-ERROR-CODE (RFC 8656 §18.12): the family of which there is no relayed address, and why; nil
  /// where the attribute is missing or its family is unknown.
  public var addressError: (family: IPAddress.Family, code: STUNErrorCode)? {
    get throws(STUNError) {
      guard let value = value(of: .addressErrorCode) else { return nil }
      let code = try Self.errorCode(in: value, of: .addressErrorCode)
      switch value[0] {
      case 1: return (.v4, code)
      case 2: return (.v6, code)
      default: return nil
      }
    }
  }

  /// RESERVATION-TOKEN (RFC 8656 §18.10).
  public var reservationToken: UInt64? {
    get throws(STUNError) { try unsigned64(.reservationToken) }
  }

  /// CONNECTION-ID (RFC 6062 §6.2.1).
  public var connectionID: UInt32? {
    get throws(STUNError) { try unsigned32(.connectionID) }
  }

  /// All XOR-RELAYED-ADDRESS attributes, two where both families were asked for (RFC 8656 §7.3).
  public var xorRelayedAddresses: [TransportAddress] {
    get throws(STUNError) { try xorAddresses(of: .xorRelayedAddress) }
  }

  func xorAddresses(of type: STUNAttributeType) throws(STUNError) -> [TransportAddress] {
    var addresses: [TransportAddress] = []
    var iterator = attributes
    while let attribute = iterator.next() {
      guard attribute.type == type else { continue }
      addresses.append(
        try Self.address(in: attribute.value, of: type, mask: STUNAddressMask(transactionID)))
    }
    return addresses
  }
}
