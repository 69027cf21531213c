public import Wire

extension TURNServer {
  /// Why a datagram was not relayed.
  public enum DropReason: Int, Sendable, CaseIterable {
    /// Nobody has an allocation there, or none of the family.
    case withoutAllocation
    /// The peer's host is not permitted.
    case withoutPermission
    /// The channel's number is nobody's.
    case withoutChannel
    /// The policy does not allow the peer, or it is the server itself.
    case forbidden
    /// More than the allocation, or all of them together, may relay in a second.
    case overBandwidth
    /// Nothing in it, too much, or something we do not know.
    case unsendable
  }

  /// Datagrams that were not relayed, by reason.
  public struct Drops: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: DropReason.allCases.count)

    /// Those for one reason.
    public subscript(_ reason: DropReason) -> UInt64 { counts[reason.rawValue] }

    /// All of them.
    public var total: UInt64 { counts.reduce(0, &+) }

    mutating func count(_ reason: DropReason) { counts[reason.rawValue] &+= 1 }
  }

  /// What a relayed address is, for counting.
  public struct RelayKind: Hashable, Sendable {
    /// How the client reaches the server.
    public let client: Path.Transport
    /// How the server reaches peers: `udp` or `tcp`.
    public let relay: Path.Transport
    /// The relayed address's family.
    public let family: IPAddress.Family

    /// A kind.
    public init(client: Path.Transport, relay: Path.Transport, family: IPAddress.Family) {
      self.client = client
      self.relay = relay
      self.family = family
    }

    init(_ allocation: Allocation, _ family: IPAddress.Family) {
      self.init(
        client: allocation.client.transport, relay: allocation.transport, family: family)
    }
  }

  /// Datagrams and bytes.
  public struct Flow: Sendable, Equatable {
    /// Datagrams.
    public internal(set) var datagrams: UInt64 = 0
    /// Their bytes, without what wraps them.
    public internal(set) var bytes: UInt64 = 0

    mutating func count(_ byteCount: Int) {
      datagrams &+= 1
      bytes &+= UInt64(byteCount)
    }
  }

  /// Counts since the server was made, which wrap, save where it says "at present".
  public struct Statistics: Sendable, Equatable {
    /// Allocations made.
    public internal(set) var allocations: UInt64 = 0
    /// Allocations ended because their user wanted another and they had carried nothing for a while.
    public internal(set) var evictions: UInt64 = 0
    /// Relayed addresses given, by kind.
    public internal(set) var relaysMade: [RelayKind: UInt64] = [:]
    /// Relayed addresses at present, by kind.
    public internal(set) var relays: [RelayKind: Int] = [:]
    /// Datagrams that went to peers, and their bytes.
    public internal(set) var sent = Flow()
    /// Datagrams that came from peers, and their bytes.
    public internal(set) var received = Flow()
    /// Connections to and from peers that were joined with a client's.
    public internal(set) var connections: UInt64 = 0
    /// Bytes that went to peers over connections, as far as the owner tells.
    public internal(set) var connectionBytesSent: UInt64 = 0
    /// Bytes that came from peers over connections, as far as the owner tells.
    public internal(set) var connectionBytesReceived: UInt64 = 0
    /// Datagrams that were not relayed.
    public internal(set) var drops = Drops()
    /// Datagrams that no client would send.
    public internal(set) var malformedDatagrams: UInt64 = 0
    /// Unauthenticated requests left without an answer, since there were too many.
    public internal(set) var unansweredRequests: UInt64 = 0
    /// Binding requests answered.
    public internal(set) var bindings: UInt64 = 0
    /// Binding requests left without an answer, since there were too many.
    public internal(set) var unansweredBindings: UInt64 = 0
    /// Refusals by error code.
    public internal(set) var refusals: [UInt16: UInt64] = [:]
  }
}
