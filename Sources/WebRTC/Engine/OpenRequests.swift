import STUN
import Wire

/// Whose STUN requests have left by the shared socket: an answer is known by its transaction alone, for it may come
/// from where nobody has been heard before, and servers are asked by many.
///
/// The oldest are forgotten, at least half the limit later.
struct OpenRequests {
  private static let limit = 1 << 14

  private var recent: [STUNTransactionID: ConnectionKey] = [:]
  private var older: [STUNTransactionID: ConnectionKey] = [:]

  mutating func add(_ id: STUNTransactionID, of key: ConnectionKey) {
    recent[id] = key
    guard recent.count >= Self.limit / 2 else { return }
    older = recent
    recent = [:]
  }

  subscript(id: STUNTransactionID) -> ConnectionKey? { recent[id] ?? older[id] }

  /// The transaction of a message of that kind; nil for anything else. The header alone is looked at.
  static func transaction(of datagram: Span<UInt8>, isAnswer: Bool) -> STUNTransactionID? {
    guard datagram.count >= 20, datagram[0] < 4 else { return nil }
    // The class bits lie at bits 4 and 8 of the type (RFC 8489 §5): answers have the upper one.
    guard (datagram[0] & 1 == 1) == isAnswer, isAnswer || datagram[1] & 0x10 == 0 else {
      return nil
    }
    var reader = ByteReader(datagram.extracting(droppingFirst: 4))
    guard let cookie = try? reader.readUInt32(), cookie == 0x2112_a442,
      let high = try? reader.readUInt32(), let low = try? reader.readUInt64()
    else { return nil }
    return STUNTransactionID(high: high, low: low)
  }
}
