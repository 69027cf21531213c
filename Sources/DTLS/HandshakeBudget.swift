import Wire

/// Bounds what the other side can make us keep during a handshake, and refuses fragments that
/// contradict themselves before they can end it (RFC 6347 §4.2.2).
struct HandshakeBudget {
  /// Longest message taken, in bytes.
  static let maximumMessageByteCount = 16_384
  /// All messages of one handshake together, in bytes.
  static let maximumByteCount = 65_536
  /// A handshake has seven messages at most in one direction; the rest is room for a peer's quirks.
  static let maximumMessageCount = 12

  /// One bit for each message type that may come.
  private let acceptedTypes: UInt64
  private var messageByteCounts = [Int](repeating: 0, count: maximumMessageCount)

  /// The budget for what a server, or else a client, sends.
  init(fromServer: Bool) {
    // server_hello, hello_verify_request, certificate, server_key_exchange, certificate_request,
    // server_hello_done, certificate_status; or client_hello, certificate, certificate_verify,
    // client_key_exchange. finished goes encrypted, hello_request asks for what we never do.
    let types: [UInt64] = fromServer ? [2, 3, 11, 12, 13, 14, 22] : [1, 11, 15, 16]
    acceptedTypes = types.reduce(0) { $0 | 1 << $1 }
  }

  /// Whether the handshake messages in a plaintext record are sound and within bounds.
  mutating func accepts(_ fragment: Span<UInt8>) -> Bool {
    var reader = ByteReader(fragment)
    guard !reader.isAtEnd else { return false }
    while !reader.isAtEnd {
      guard (try? acceptMessage(&reader)) == true else { return false }
    }
    return true
  }

  private mutating func acceptMessage(_ reader: inout ByteReader) throws(Truncated) -> Bool {
    let type = try reader.readUInt8()
    let messageByteCount = Int(try reader.readUInt24())
    let sequenceNumber = Int(try reader.readUInt16())
    let offset = Int(try reader.readUInt24())
    let count = Int(try reader.readUInt24())
    try reader.skip(count)
    guard acceptedTypes >> UInt64(type) & 1 == 1,
      messageByteCount <= Self.maximumMessageByteCount, offset + count <= messageByteCount,
      count > 0 || messageByteCount == 0, sequenceNumber < Self.maximumMessageCount
    else { return false }
    let others = messageByteCounts.reduce(0, +) - messageByteCounts[sequenceNumber]
    guard others + messageByteCount <= Self.maximumByteCount else { return false }
    messageByteCounts[sequenceNumber] = max(messageByteCounts[sequenceNumber], messageByteCount)
    return true
  }
}
