public import Wire

extension OutputSpan<UInt8> {
  /// Appends CHANNEL-NUMBER (RFC 8656 §18.1).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(channelNumber number: UInt16) {
    appendSTUN(.channelNumber, UInt32(number) << 16)
  }

  /// Appends REQUESTED-TRANSPORT for UDP (RFC 8656 §18.8).
  @_lifetime(self: copy self)
  public mutating func appendSTUNRequestedTransportUDP() {
    appendSTUN(.requestedTransport, UInt32(17) << 24)
  }

  /// Appends REQUESTED-TRANSPORT for TCP (RFC 6062 §4.1).
  @_lifetime(self: copy self)
  public mutating func appendSTUNRequestedTransportTCP() {
    appendSTUN(.requestedTransport, UInt32(6) << 24)
  }

  /// Appends ADDITIONAL-ADDRESS-FAMILY (RFC 8656 §18.11) for IPv6, the only one that is allowed.
  @_lifetime(self: copy self)
  public mutating func appendSTUNAdditionalFamilyV6() {
    appendSTUN(.additionalAddressFamily, UInt32(2) << 24)
  }

  /// Appends ADDRESS-ERROR-CODE (RFC 8656 §18.12).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ code: STUNErrorCode, of family: IPAddress.Family) {
    append(bigEndian: STUNAttributeType.addressErrorCode.rawValue)
    appendSTUNErrorValue(code, familyNumber: family == .v4 ? 1 : 2)
  }

  /// Appends EVEN-PORT (RFC 8656 §18.7).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(evenPortReservingNext reservesNext: Bool) {
    append(bigEndian: STUNAttributeType.evenPort.rawValue)
    append(bigEndian: 1 as UInt16)
    append(reservesNext ? 0x80 : 0)
    append(repeating: 0, count: 3)
  }

  /// Appends REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.6).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(requestedFamily family: IPAddress.Family) {
    appendSTUN(.requestedAddressFamily, UInt32(family == .v4 ? 1 : 2) << 24)
  }

  /// Appends PASSWORD-ALGORITHMS (RFC 8489 §14.11) in order of preference.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(passwordAlgorithms algorithms: [STUNPasswordAlgorithm]) {
    append(bigEndian: STUNAttributeType.passwordAlgorithms.rawValue)
    append(bigEndian: UInt16(truncatingIfNeeded: algorithms.count * 4))
    for algorithm in algorithms { append(bigEndian: UInt32(algorithm.rawValue) << 16) }
  }

  /// Appends PASSWORD-ALGORITHM (RFC 8489 §14.12).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(passwordAlgorithm algorithm: STUNPasswordAlgorithm) {
    appendSTUN(.passwordAlgorithm, UInt32(algorithm.rawValue) << 16)
  }

  /// Appends ALTERNATE-SERVER (RFC 8489 §14.15).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(alternateServer address: TransportAddress) {
    let isV4 = address.ip.family == .v4
    append(bigEndian: STUNAttributeType.alternateServer.rawValue)
    append(bigEndian: (isV4 ? 8 : 20) as UInt16)
    append(bigEndian: (isV4 ? 1 : 2) as UInt16)
    append(bigEndian: address.port)
    if isV4 {
      append(bigEndian: UInt32(truncatingIfNeeded: address.ip.low))
    } else {
      append(bigEndian: address.ip.high)
      append(bigEndian: address.ip.low)
    }
  }
}
