import Wire

extension STUNMessage {
  /// USERNAME (RFC 8489 §14.3): valid UTF-8 of 1–513 bytes.
  public var username: Span<UInt8>? {
    @_lifetime(copy self) get throws(STUNError) {
      guard let value = value(of: .username) else { return nil }
      guard (1...513).contains(value.count), (try? UTF8Span(validating: value)) != nil else {
        throw .malformedAttribute(.username)
      }
      return value
    }
  }

  /// SOFTWARE (RFC 8489 §14.14) as text; damaged UTF-8 is repaired.
  public var software: String? {
    guard let value = value(of: .software) else { return nil }
    return Self.text(value)
  }

  /// PRIORITY (RFC 8445 §16.1).
  public var priority: UInt32? {
    get throws(STUNError) { try unsigned32(.priority) }
  }

  /// Whether USE-CANDIDATE (RFC 8445 §16.1) is there.
  public var usesCandidate: Bool { contains(.useCandidate) }

  /// The number of a nomination (draft-thatcher-ice-renomination): the latest has the greatest.
  ///
  /// Others use the attribute's type for something else, so what is no number is nothing.
  public var nomination: UInt32? {
    for type in [STUNAttributeType.nomination, .draftNomination] {
      if let number = try? unsigned32(type) { return number }
    }
    return nil
  }

  /// The tie-breaker in ICE-CONTROLLING (RFC 8445 §16.1).
  public var controllingTieBreaker: UInt64? {
    get throws(STUNError) { try unsigned64(.iceControlling) }
  }

  /// The tie-breaker in ICE-CONTROLLED (RFC 8445 §16.1).
  public var controlledTieBreaker: UInt64? {
    get throws(STUNError) { try unsigned64(.iceControlled) }
  }

  /// ERROR-CODE (RFC 8489 §14.8).
  public var errorCode: STUNErrorCode? {
    get throws(STUNError) {
      guard let value = value(of: .errorCode) else { return nil }
      return try Self.errorCode(in: value, of: .errorCode)
    }
  }

  static func errorCode(
    in value: Span<UInt8>, of type: STUNAttributeType
  ) throws(STUNError) -> STUNErrorCode {
    guard value.count >= 4, value.count <= 4 + 763 else { throw .malformedAttribute(type) }
    let hundreds = value[2] & 0x07
    let rest = value[3]
    guard (3...6).contains(hundreds), rest <= 99 else { throw .malformedAttribute(type) }
    return STUNErrorCode(
      rawValue: UInt16(hundreds) * 100 + UInt16(rest),
      reason: text(value.extracting(droppingFirst: 4)))
  }

  /// The types in UNKNOWN-ATTRIBUTES (RFC 8489 §14.13), empty where the attribute is missing.
  public var unknownAttributes: [STUNAttributeType] {
    get throws(STUNError) {
      guard let value = value(of: .unknownAttributes) else { return [] }
      guard value.count % 2 == 0 else { throw .malformedAttribute(.unknownAttributes) }
      var reader = ByteReader(value)
      var types: [STUNAttributeType] = []
      while let type = try? reader.readUInt16(), types.count < Self.maximumAttributeCount {
        types.append(STUNAttributeType(rawValue: type))
      }
      return types
    }
  }

  /// The comprehension-required attributes of this message that `isKnown` denies: what a 420 answer
  /// has to list (RFC 8489 §6.3.1).
  public func unknownRequiredAttributes(
    isKnown: (STUNAttributeType) -> Bool
  ) -> [STUNAttributeType] {
    var unknown: [STUNAttributeType] = []
    var iterator = attributes
    while let attribute = iterator.next() {
      let type = attribute.type
      guard !type.isComprehensionOptional, !isKnown(type), !unknown.contains(type) else { continue }
      unknown.append(type)
    }
    return unknown
  }

  func unsigned32(_ type: STUNAttributeType) throws(STUNError) -> UInt32? {
    guard let value = value(of: type) else { return nil }
    guard value.count == 4 else { throw .malformedAttribute(type) }
    var reader = ByteReader(value)
    do throws(Truncated) { return try reader.readUInt32() } catch {
      throw STUNError(error, in: type)
    }
  }

  func unsigned64(_ type: STUNAttributeType) throws(STUNError) -> UInt64? {
    guard let value = value(of: type) else { return nil }
    guard value.count == 8 else { throw .malformedAttribute(type) }
    var reader = ByteReader(value)
    do throws(Truncated) { return try reader.readUInt64() } catch {
      throw STUNError(error, in: type)
    }
  }

  private static func text(_ value: Span<UInt8>) -> String {
    if let text = try? UTF8Span(validating: value) { return String(copying: text) }
    return String(
      decoding: [UInt8](capacity: value.count) { $0.append(copying: value) }, as: UTF8.self)
  }
}
