import Wire

/// Cuts a TCP or TLS byte stream into STUN messages and ChannelData (RFC 8656 §3.1, §12.5).
///
/// It keeps less than one message, 64 KiB at most, and tells at the first wrong byte.
public struct STUNStreamFraming: Sendable {
  /// Why a stream cannot be followed any longer: it is to be closed.
  public enum Failure: Error, Equatable, Sendable {
    /// What should be the start of a message is none.
    case notSTUN
    /// A message is longer than `maximumByteCount`.
    case tooLong
  }

  /// The longest message that is taken, its padding included.
  public let maximumByteCount: Int
  private var pending: [UInt8] = []

  /// A stream of which nothing has been read.
  public init(maximumByteCount: Int = 1 << 16) { self.maximumByteCount = maximumByteCount }

  /// Bytes of a message that is not complete.
  public var pendingByteCount: Int { pending.count }

  /// Takes what was read and gives the messages that are complete with it, without the padding that
  /// follows ChannelData. After a failure the rest of the stream means nothing.
  public mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      let wanted = try Self.wantedByteCount(pending, maximumByteCount)
      let count = min(wanted - pending.count, bytes.count - position)
      let part = bytes.extracting(position..<position + count)
      pending.append(addingCapacity: count) { $0.append(copying: part) }
      position += count
      if let length = try Self.messageByteCount(pending, maximumByteCount), length.isComplete {
        pending.removeLast(pending.count - length.payload)
        messages.append(pending)
        pending = []
      }
    }
    return messages
  }

  private struct Length {
    /// Header and data.
    let payload: Int
    /// With the padding that the stream carries.
    let padded: Int
    let isComplete: Bool
  }

  /// How many bytes the pending message needs before more can be said of it.
  private static func wantedByteCount(
    _ pending: [UInt8], _ maximum: Int
  ) throws(Failure) -> Int {
    if let length = try messageByteCount(pending, maximum) { return length.padded }
    // One byte tells the kind, four the length, eight whether the cookie is there.
    return pending.isEmpty ? 1 : pending.count < 4 ? 4 : 8
  }

  private static func messageByteCount(
    _ pending: [UInt8], _ maximum: Int
  ) throws(Failure) -> Length? {
    guard let first = pending.first else { return nil }
    let isSTUN = first <= 3
    guard isSTUN || (0x40...0x4f).contains(first) else { throw .notSTUN }
    guard pending.count >= 4 else { return nil }
    let length = Int(pending[2]) << 8 | Int(pending[3])
    if isSTUN {
      guard length % 4 == 0 else { throw .notSTUN }
      guard pending.count >= 8 else { return nil }
      guard pending[4..<8].elementsEqual([0x21, 0x12, 0xa4, 0x42]) else { throw .notSTUN }
    }
    let payload = length + (isSTUN ? 20 : ChannelData.headerByteCount)
    let padded = (payload + 3) / 4 * 4
    guard padded <= maximum else { throw .tooLong }
    return Length(payload: payload, padded: padded, isComplete: pending.count >= padded)
  }
}
