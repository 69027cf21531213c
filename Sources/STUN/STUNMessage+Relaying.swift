public import Wire

extension STUNMessage {
  /// REALM (RFC 8489 §14.9) as text; nil where it is missing, empty, not UTF-8 or longer than 763 bytes.
  public var realm: String? { shortText(of: .realm, maximumByteCount: 763) }

  /// USERNAME as text; nil where it is missing, empty, not UTF-8 or longer than 513 bytes.
  public var usernameText: String? { shortText(of: .username, maximumByteCount: 513) }

  /// NONCE (RFC 8489 §14.10), at most 763 bytes.
  public var nonce: [UInt8]? {
    guard let value = value(of: .nonce), (1...763).contains(value.count) else { return nil }
    return [UInt8](capacity: value.count) { $0.append(copying: value) }
  }

  /// LIFETIME (RFC 8656 §18.2) in seconds.
  public var lifetime: UInt32? {
    get throws(STUNError) { try unsigned32(.lifetime) }
  }

  /// CHANNEL-NUMBER (RFC 8656 §18.1), any number.
  public var channelNumber: UInt16? {
    get throws(STUNError) {
      try unsigned32(.channelNumber).map { UInt16(truncatingIfNeeded: $0 >> 16) }
    }
  }

  /// The protocol number in REQUESTED-TRANSPORT (RFC 8656 §18.8); 17 is UDP, 6 is TCP (RFC 6062).
  public var requestedTransport: UInt8? {
    get throws(STUNError) {
      try unsigned32(.requestedTransport).map { UInt8(truncatingIfNeeded: $0 >> 24) }
    }
  }

  /// The number in REQUESTED-ADDRESS-FAMILY (RFC 8656 §18.6): 1 is IPv4, 2 is IPv6.
  public var requestedAddressFamily: UInt8? {
    get throws(STUNError) {
      try unsigned32(.requestedAddressFamily).map { UInt8(truncatingIfNeeded: $0 >> 24) }
    }
  }

  /// Whether EVEN-PORT (RFC 8656 §18.7) asks for the next port to be kept free as well; nil where it is
  /// missing.
  public var evenPortReservesNext: Bool? {
    get throws(STUNError) {
      guard let value = value(of: .evenPort) else { return nil }
      guard value.count == 1 else { throw .malformedAttribute(.evenPort) }
      return value[0] & 0x80 != 0
    }
  }

  /// XOR-PEER-ADDRESS (RFC 8656 §18.3), the first where there are several.
  public var xorPeerAddress: TransportAddress? {
    get throws(STUNError) { try xorAddress(of: .xorPeerAddress) }
  }

  /// XOR-RELAYED-ADDRESS (RFC 8656 §18.5).
  public var xorRelayedAddress: TransportAddress? {
    get throws(STUNError) { try xorAddress(of: .xorRelayedAddress) }
  }

  /// ALTERNATE-SERVER (RFC 8489 §14.15).
  public var alternateServer: TransportAddress? {
    get throws(STUNError) { try address(of: .alternateServer, isMasked: false) }
  }

  /// All XOR-PEER-ADDRESS attributes, as CreatePermission may hold them (RFC 8656 §10.1).
  public var xorPeerAddresses: [TransportAddress] {
    get throws(STUNError) { try xorAddresses(of: .xorPeerAddress) }
  }

  /// ICMP (RFC 8656 §18.13): why a datagram did not reach its peer.
  public var icmp: STUNICMPError? {
    get throws(STUNError) {
      guard let value = value(of: .icmp) else { return nil }
      guard value.count == 8 else { throw .malformedAttribute(.icmp) }
      // Seven bits of type and nine of code, as the RFC draws them.
      let bits = UInt16(value[2]) << 8 | UInt16(value[3])
      return STUNICMPError(type: UInt8(bits >> 9), code: bits & 0x1ff)
    }
  }

  /// The algorithms in PASSWORD-ALGORITHMS that we know (RFC 8489 §14.11), nil where it is missing.
  public var passwordAlgorithms: [STUNPasswordAlgorithm]? {
    get throws(STUNError) {
      guard let value = value(of: .passwordAlgorithms) else { return nil }
      var reader = ByteReader(value)
      var algorithms: [STUNPasswordAlgorithm] = []
      do throws(Truncated) {
        while !reader.isAtEnd {
          if let known = try Self.readAlgorithm(&reader) { algorithms.append(known) }
        }
      } catch {
        throw STUNError(error, in: .passwordAlgorithms)
      }
      return algorithms
    }
  }

  /// PASSWORD-ALGORITHM (RFC 8489 §14.12), nil where it is missing or unknown.
  public var passwordAlgorithm: STUNPasswordAlgorithm? {
    get throws(STUNError) {
      guard let value = value(of: .passwordAlgorithm) else { return nil }
      var reader = ByteReader(value)
      do throws(Truncated) { return try Self.readAlgorithm(&reader) } catch {
        throw STUNError(error, in: .passwordAlgorithm)
      }
    }
  }

  private static func readAlgorithm(
    _ reader: inout ByteReader
  ) throws(Truncated) -> STUNPasswordAlgorithm? {
    let number = try reader.readUInt16()
    let length = Int(try reader.readUInt16())
    try reader.skip(length)
    // Within the list, parameters are padded; none of the known ones has any.
    try reader.skip(min(paddingCount(length), reader.remainingCount))
    return length == 0 ? STUNPasswordAlgorithm(rawValue: number) : nil
  }

  private func shortText(of type: STUNAttributeType, maximumByteCount: Int) -> String? {
    guard let value = value(of: type), (1...maximumByteCount).contains(value.count),
      let text = try? UTF8Span(validating: value)
    else { return nil }
    return String(copying: text)
  }
}

/// An ICMP message that a relay got back for a datagram it had sent (RFC 8656 §18.13).
public struct STUNICMPError: Equatable, Sendable {
  /// ICMP's type, of the relayed address's family.
  public let type: UInt8
  /// ICMP's code.
  public let code: UInt16

  /// A type and its code.
  public init(type: UInt8, code: UInt16) {
    self.type = type
    self.code = code
  }
}
