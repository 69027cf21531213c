/// A username fragment of up to 32 bytes as a plain value: a dictionary key that costs no allocation.
///
/// A worker that serves many peers on one socket finds the peer of a Binding request with it before
/// anything else of the request is looked at (RFC 8445 §7.3: USERNAME is `local:remote`).
public struct STUNUsernameFragment: Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var count: UInt8 = 0

  /// The longest fragment that fits.
  public static var maximumByteCount: Int { 32 }

  /// The fragment with the UTF-8 of `text`; nil where that is empty or longer than 32 bytes.
  public init?(_ text: String) {
    guard (1...Self.maximumByteCount).contains(text.utf8.count) else { return nil }
    for byte in text.utf8 { append(byte) }
  }

  /// The fragment in front of the colon of a USERNAME; nil where it is empty or longer than 32
  /// bytes, or where there is no colon.
  public init?(beforeColonOf username: Span<UInt8>) {
    for index in username.indices {
      if username[index] == UInt8(ascii: ":") {
        guard count > 0 else { return nil }
        return
      }
      guard count < Self.maximumByteCount else { return nil }
      append(username[index])
    }
    return nil
  }

  /// Its first two bytes; 0 for one that is not there.
  public var firstBytes: (UInt8, UInt8) {
    (UInt8(truncatingIfNeeded: words.0), UInt8(truncatingIfNeeded: words.0 >> 8))
  }

  private mutating func append(_ byte: UInt8) {
    let shifted = UInt64(byte) << (UInt64(count % 8) * 8)
    switch count / 8 {
    case 0: words.0 |= shifted
    case 1: words.1 |= shifted
    case 2: words.2 |= shifted
    default: words.3 |= shifted
    }
    count += 1
  }

  /// Whether all bytes and the length are the same.
  public static func == (left: Self, right: Self) -> Bool {
    left.words == right.words && left.count == right.count
  }

  /// Feeds the bytes to a hasher.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
    hasher.combine(count)
  }
}

extension STUNMessage {
  /// The receiver's username fragment in a Binding request, found without checking the rest.
  ///
  /// Nil for anything that is not a Binding request with a USERNAME. At most 64 attributes are
  /// passed over, so the work is bounded whatever the bytes.
  public static func localUsernameFragment(ofBindingRequest datagram: Span<UInt8>)
    -> STUNUsernameFragment?
  {
    guard isSTUN(datagram), datagram[0] == 0, datagram[1] == 1 else { return nil }
    var iterator = AttributeIterator(datagram.extracting(droppingFirst: STUNHeader.byteCount))
    for _ in 0..<maximumAttributeCount {
      guard let attribute = iterator.next() else { return nil }
      if attribute.type == .username {
        return STUNUsernameFragment(beforeColonOf: attribute.value)
      }
    }
    return nil
  }
}
