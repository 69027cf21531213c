import Wire

/// A STUN message (RFC 8489 §5) seen in place: nothing is copied, and it cannot outlive its bytes.
///
/// Initialising checks the header and walks the attributes once, so that every later look is in
/// bounds. Of attributes that appear twice the first counts; what follows MESSAGE-INTEGRITY (of either
/// kind) is ignored, save FINGERPRINT, and what follows FINGERPRINT is ignored altogether (RFC 8489 §14).
public struct STUNMessage: ~Escapable {
  /// A message with more attributes is refused.
  public static var maximumAttributeCount: Int { 64 }

  /// Request, indication, success or error.
  public let messageClass: STUNClass
  /// What it is about.
  public let method: STUNMethod
  /// Ties answers to requests.
  public let transactionID: STUNTransactionID

  let bytes: Span<UInt8>
  /// Where the attributes end that may be believed once the message is authenticated.
  let attributesEnd: Int
  let integrityOffset: Int?
  let integritySHA256Offset: Int?
  let fingerprintOffset: Int?

  /// Checks the shape of one whole datagram.
  @_lifetime(copy bytes)
  public init(parsing bytes: Span<UInt8>) throws(STUNError) {
    guard Self.isSTUN(bytes) else { throw .notSTUN }
    var reader = ByteReader(bytes)
    let type: UInt16
    let length: Int
    do throws(Truncated) {
      type = try reader.readUInt16()
      length = Int(try reader.readUInt16())
      try reader.skip(4)
      transactionID = STUNTransactionID(
        high: try reader.readUInt32(), low: try reader.readUInt64())
    } catch {
      throw .notSTUN
    }
    guard length % 4 == 0, length == reader.remainingCount else { throw .badLength }
    messageClass = STUNHeader.messageClass(type)
    method = STUNHeader.method(type)
    self.bytes = bytes
    let layout = try Layout(walking: bytes)
    attributesEnd = layout.attributesEnd
    integrityOffset = layout.integrityOffset
    integritySHA256Offset = layout.integritySHA256Offset
    fingerprintOffset = layout.fingerprintOffset
  }

  /// Whether a datagram is STUN rather than DTLS, RTP or anything else that shares the socket
  /// (RFC 7983 §7): the first byte is 0–3 and the magic cookie stands in its place.
  public static func isSTUN(_ datagram: Span<UInt8>) -> Bool {
    datagram.count >= STUNHeader.byteCount && datagram[0] <= 3
      && datagram[4] == 0x21 && datagram[5] == 0x12 && datagram[6] == 0xa4 && datagram[7] == 0x42
  }
}

extension STUNMessage {
  /// One attribute: its type and its value without padding.
  public struct Attribute: ~Escapable {
    /// What it is.
    public let type: STUNAttributeType
    /// Its bytes.
    public let value: Span<UInt8>

    @_lifetime(copy value)
    init(type: STUNAttributeType, value: Span<UInt8>) {
      self.type = type
      self.value = value
    }
  }

  /// Walks the attributes that count, in order. `next` gives nil after the last.
  public struct AttributeIterator: ~Escapable {
    var reader: ByteReader

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { reader = ByteReader(bytes) }

    /// The next attribute.
    @_lifetime(copy self)
    public mutating func next() -> Attribute? {
      try? STUNMessage.readAttribute(&reader)
    }
  }

  /// The attributes up to MESSAGE-INTEGRITY of either kind or FINGERPRINT, those left out.
  public var attributes: AttributeIterator {
    @_lifetime(copy self) get {
      AttributeIterator(bytes.extracting(STUNHeader.byteCount..<attributesEnd))
    }
  }

  /// The value of the first attribute of `type`, nil where there is none.
  @_lifetime(copy self)
  public func value(of type: STUNAttributeType) -> Span<UInt8>? {
    var iterator = attributes
    while let attribute = iterator.next() {
      if attribute.type == type { return attribute.value }
    }
    return nil
  }

  /// Where the value of the first attribute of `type` lies in the message, nil where there is none.
  public func valueRange(of type: STUNAttributeType) -> Range<Int>? {
    var iterator = attributes
    while let attribute = iterator.next() {
      guard attribute.type == type else { continue }
      let padded = attribute.value.count + Self.paddingCount(attribute.value.count)
      let start = attributesEnd - iterator.reader.remainingCount - padded
      return start..<start + attribute.value.count
    }
    return nil
  }

  /// Whether an attribute of `type` is there.
  public func contains(_ type: STUNAttributeType) -> Bool {
    var iterator = attributes
    while let attribute = iterator.next() {
      if attribute.type == type { return true }
    }
    return false
  }

  /// Reads type, length, value and padding (RFC 8489 §14).
  @_lifetime(copy reader)
  static func readAttribute(_ reader: inout ByteReader) throws(Truncated) -> Attribute {
    let type = STUNAttributeType(rawValue: try reader.readUInt16())
    let length = Int(try reader.readUInt16())
    let value = try reader.take(length)
    try reader.skip(paddingCount(length))
    return Attribute(type: type, value: value)
  }

  static func paddingCount(_ length: Int) -> Int { (4 - length % 4) % 4 }
}

extension STUNMessage {
  /// Where the parts of a message lie.
  private struct Layout {
    var attributesEnd: Int
    var integrityOffset: Int?
    var integritySHA256Offset: Int?
    var fingerprintOffset: Int?

    init(walking bytes: Span<UInt8>) throws(STUNError) {
      attributesEnd = bytes.count
      var reader = ByteReader(bytes.extracting(droppingFirst: STUNHeader.byteCount))
      var count = 0
      while !reader.isAtEnd {
        count += 1
        guard count <= STUNMessage.maximumAttributeCount else { throw .tooManyAttributes }
        let offset = bytes.count - reader.remainingCount
        let type: STUNAttributeType
        do throws(Truncated) {
          type = try STUNMessage.readAttribute(&reader).type
        } catch {
          throw .attributePastEnd
        }
        note(type, at: offset)
      }
    }

    private mutating func note(_ type: STUNAttributeType, at offset: Int) {
      guard fingerprintOffset == nil else { return }
      if type == .fingerprint {
        fingerprintOffset = offset
      } else if type == .messageIntegrity, integrityOffset == nil {
        integrityOffset = offset
      } else if type == .messageIntegritySHA256, integritySHA256Offset == nil {
        integritySHA256Offset = offset
      } else {
        return
      }
      attributesEnd = min(attributesEnd, offset)
    }
  }
}
