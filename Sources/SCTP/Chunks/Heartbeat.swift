internal import Wire

/// What a HEARTBEAT of ours carries and its answer brings back (RFC 9260 §3.3.5, §8.3).
struct Heartbeat: Hashable, Sendable {
  /// Unguessable, so that an answer proves that the question arrived.
  var nonce: UInt64

  /// The type of the only parameter of HEARTBEAT and HEARTBEAT ACK.
  fileprivate static let informationType: UInt16 = 1

  init(nonce: UInt64) { self.nonce = nonce }

  /// Reads what follows the chunk header of an answer to a heartbeat of ours.
  init(parsing value: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(value)
    let information = try Parameter.read(from: &reader)
    var content = ByteReader(information.value)
    nonce = try content.readUInt64()
    guard information.type.rawValue == Self.informationType, content.isAtEnd else {
      throw Truncated()
    }
  }

  static let byteCount = 16
}

extension OutputSpan<UInt8> {
  /// Appends HEARTBEAT.
  @_lifetime(self: copy self)
  mutating func append(_ heartbeat: Heartbeat) {
    appendChunk(.heartbeat, length: Heartbeat.byteCount)
    appendParameter(Heartbeat.informationType, length: 12)
    append(bigEndian: heartbeat.nonce)
  }
}
