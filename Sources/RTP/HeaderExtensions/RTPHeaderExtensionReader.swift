/// One element of a header extension (RFC 8285 §4): its id, and where its value lies in the packet.
public struct RTPHeaderExtensionElement: Equatable, Sendable {
  /// The id the two sides negotiated, 1–14 in the one-byte form, 1–255 in the two-byte form.
  public let id: UInt8
  /// The value's bytes within the packet.
  public let range: Range<Int>
}

/// Walks the elements of a header extension in the one-byte or two-byte form (RFC 8285 §4.2, §4.3).
///
/// The walk ends where elements stop making sense: at id 15 or at id 0 with a length in the one-byte
/// form, or at a length that runs past the end. What came before stands, and the packet is as good as any.
public struct RTPHeaderExtensionReader: ~Escapable {
  private enum Form { case oneByte, twoByte, unknown }

  private let packet: Span<UInt8>
  private let form: Form
  private var position: Int
  private let end: Int

  /// A reader over the elements of `header`, which was read from `packet`.
  @_lifetime(copy packet)
  public init(_ header: RTPHeader, in packet: Span<UInt8>) {
    self.packet = packet
    switch header.extensionProfile {
    case 0xbede: form = .oneByte
    case .some(let profile) where profile & 0xfff0 == 0x1000: form = .twoByte
    default: form = .unknown
    }
    position = header.extensionRange.lowerBound
    // The header may have been read from other bytes than these.
    end = min(header.extensionRange.upperBound, packet.count)
  }

  /// The next element, or nil at the end.
  @_lifetime(self: copy self)
  public mutating func next() -> RTPHeaderExtensionElement? {
    while position < end {
      let first = packet[position]
      guard first != 0 else {
        position += 1
        continue
      }
      let id: UInt8
      let start: Int
      let count: Int
      switch form {
      case .oneByte where first >> 4 != 0 && first >> 4 != 15:
        id = first >> 4
        start = position + 1
        count = Int(first & 0x0f) + 1
      case .twoByte where end - position >= 2:
        id = first
        start = position + 2
        count = Int(packet[position + 1])
      default:
        position = end
        return nil
      }
      guard count <= end - start else {
        position = end
        return nil
      }
      position = start + count
      return RTPHeaderExtensionElement(id: id, range: start..<position)
    }
    return nil
  }
}

extension RTPHeader {
  /// The elements of the header extension of `packet`, which this header was read from.
  @_lifetime(copy packet)
  public func extensions(in packet: Span<UInt8>) -> RTPHeaderExtensionReader {
    RTPHeaderExtensionReader(self, in: packet)
  }

  /// Where the first element with `id` has its value; nil for id 0, which names none.
  public func extensionRange(id: UInt8, in packet: Span<UInt8>) -> Range<Int>? {
    guard id != 0 else { return nil }
    var reader = extensions(in: packet)
    while let element = reader.next() {
      if element.id == id { return element.range }
    }
    return nil
  }

  /// The first byte of the first element with `id`: all there is of an audio level or an orientation.
  public func extensionByte(id: UInt8, in packet: Span<UInt8>) -> UInt8? {
    guard let range = extensionRange(id: id, in: packet), !range.isEmpty else { return nil }
    return packet[range.lowerBound]
  }
}
