import Wire

/// A ChannelData message (RFC 8656 §12.4): four bytes in front of a peer's datagram.
///
/// ```
/// |  channel number (0x4000–0x4fff)  |  length  |  data …
/// ```
enum ChannelData {
  static let headerByteCount = 4
  /// The numbers there are (RFC 8656 §12).
  static let numbers: ClosedRange<UInt16> = 0x4000...0x4fff

  /// Whether a datagram is one rather than STUN, by its first byte.
  static func isChannelData(_ datagram: Span<UInt8>) -> Bool {
    !datagram.isEmpty && (0x40...0x4f).contains(datagram[0])
  }

  /// The channel and where the data lies; nil where the datagram is too short for its length. Over UDP
  /// there may be padding after the data, or not.
  static func parse(_ datagram: Span<UInt8>) -> (number: UInt16, data: Range<Int>)? {
    guard isChannelData(datagram) else { return nil }
    var reader = ByteReader(datagram)
    guard let number = try? reader.readUInt16(), let length = try? reader.readUInt16(),
      Int(length) <= reader.remainingCount
    else { return nil }
    return (number, headerByteCount..<headerByteCount + Int(length))
  }

  /// Wraps `data`, padded to four bytes where a stream carries it (RFC 8656 §12.5).
  static func append(
    _ data: Span<UInt8>, number: UInt16, on path: Path, into outbox: Outbox
  ) {
    outbox.append(on: path, capacity: headerByteCount + data.count + 3) { output in
      output.append(bigEndian: number)
      output.append(bigEndian: UInt16(truncatingIfNeeded: data.count))
      output.append(copying: data)
      if path.transport != .udp { output.append(repeating: 0, count: (4 - data.count % 4) % 4) }
    }
  }
}
