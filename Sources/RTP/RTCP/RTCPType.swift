import Wire

/// Packet types (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2).
enum RTCPType {
  static let senderReport: UInt8 = 200
  static let receiverReport: UInt8 = 201
  static let sourceDescription: UInt8 = 202
  static let goodbye: UInt8 = 203
  static let transportFeedback: UInt8 = 205
  static let payloadFeedback: UInt8 = 206
}

/// Formats of feedback packets, told in the place of a count (RFC 4585 §6.2, §6.3).
enum FeedbackFormat {
  static let genericNACK: UInt8 = 1
  static let transportWide: UInt8 = 15
  static let pictureLoss: UInt8 = 1
  static let fullIntraRequest: UInt8 = 4
  static let applicationLayer: UInt8 = 15
}

extension OutputSpan<UInt8> {
  /// Appends the first four bytes of an RTCP packet of `byteCount` bytes, a multiple of four, if there is
  /// room for the whole packet.
  @_lifetime(self: copy self)
  mutating func startRTCP(_ type: UInt8, count: Int, byteCount: Int) -> Bool {
    guard byteCount <= freeCapacity, let words = UInt16(exactly: byteCount / 4 - 1) else {
      return false
    }
    append(0x80 | UInt8(truncatingIfNeeded: count) & 0x1f)
    append(type)
    append(bigEndian: words)
    return true
  }
}
