public import Wire

/// What became of one datagram in the virtual network.
public struct PacketRecord: Sendable, Equatable {
  /// How its way ended.
  public enum Fate: UInt8, Sendable, CaseIterable {
    /// A node received it.
    case delivered
    /// A link lost it.
    case lost
    /// It found a full queue.
    case queueFull
    /// It was larger than the link's MTU.
    case tooLarge
    /// An address translator did not let it in.
    case filtered
    /// No host has the destination's address, or the sender has none of its family.
    case unroutable
    /// No node is attached to the port.
    case unbound
    /// The test's own `drops` took it.
    case droppedByTest
  }

  /// When its way ended.
  public let time: Instant
  /// Its source as the receiver sees it, or as it was when it was lost.
  public let source: TransportAddress
  /// Its destination as it was when its way ended.
  public let destination: TransportAddress
  /// Payload length.
  public let byteCount: Int
  /// How its way ended.
  public let fate: Fate
}

/// A running hash (FNV-1a, 64 bits) of all that happened: equal for equal runs.
struct TraceHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func combine(_ record: PacketRecord, _ bytes: [UInt8]) {
    combine(UInt64(bitPattern: record.time.nanoseconds))
    combine(record.source)
    combine(record.destination)
    combine(UInt64(record.fate.rawValue))
    combine(UInt64(bytes.count))
    for byte in bytes { combine(byte) }
  }

  private mutating func combine(_ address: TransportAddress) {
    combine(address.ip.high)
    combine(address.ip.low)
    combine(UInt64(address.port))
  }

  private mutating func combine(_ word: UInt64) {
    for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
      combine(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  private mutating func combine(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }
}
