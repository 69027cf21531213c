import Wire

/// Cuts a stream into the packets that travel in it, each behind its length in two bytes (RFC 4571 §2),
/// as between peers over TCP (RFC 6544 §3).
///
/// Hand in what arrives, then take packets until there is none. At most one packet and one piece are
/// held. Every length is allowed, so a stream cannot be wrong, only senseless: whoever sends no STUN at
/// first is to be cut off.
public struct StreamFraming: Sendable {
  /// The longest packet.
  public static var maximumPacketByteCount: Int { 0xffff }

  private var bytes: [UInt8] = []
  private var start = 0

  /// A stream from its beginning.
  public init() {}

  /// Bytes that do not make a packet yet, their length included.
  public var pendingByteCount: Int { bytes.count - start }

  /// Takes what arrived.
  public mutating func append(_ piece: Span<UInt8>) {
    if start > 0 {
      bytes.removeFirst(start)
      start = 0
    }
    bytes.append(addingCapacity: piece.count) { $0.append(copying: piece) }
  }

  /// The next whole packet; nil where more has to arrive first. Empty packets are left out.
  public mutating func next() -> [UInt8]? {
    while bytes.count - start >= 2 {
      let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
      guard bytes.count - start - 2 >= length else { return nil }
      let packet = bytes[start + 2..<start + 2 + length]
      start += 2 + length
      if length > 0 { return Array(packet) }
    }
    return nil
  }
}

extension OutputSpan<UInt8> {
  /// Appends a packet behind its length (RFC 4571 §2): two bytes more. One that is too long for a length
  /// of two bytes is left out.
  @_lifetime(self: copy self)
  public mutating func append(framed packet: Span<UInt8>) {
    guard let length = UInt16(exactly: packet.count) else { return }
    append(bigEndian: length)
    append(copying: packet)
  }
}
