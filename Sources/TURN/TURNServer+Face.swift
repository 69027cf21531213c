public import Wire

// How a server of sockets drives this machine.
//
// Time and bytes in. For each datagram of a client, and for each message that `STUNStreamFraming` cuts from a
// client's stream: `receive`, with the path `(transport, our listener, client)`. For each datagram at a relayed
// address: `receiveRelayed`. For an ICMP message that a relayed socket reports: `relayFailed`. When a client's
// stream ends: `connectionClosed`. At `deadline`: `advance`. Now and then, if credentials run out:
// `setUnixTime`.
//
// Bytes out. After each call the outbox holds datagrams. Those whose `path.local` is a listener go to the
// client, over the stream if the transport says so; all others leave by the socket that is bound to
// `path.local`. What goes to a client on a path that is no longer there is dropped.
//
// Events, in the order they come:
//
// - `openRelay(id, wish)`: for each of `wish.families` bind a socket, UDP or a TCP listener; with
//   `.evenAndNext` bind an even port and the one after it. Answer with `relayOpened(id, at:)`, at once or within
//   10 s, naming what could be had. Where peers see other addresses than those that are bound (1:1
//   translation), name the outer ones everywhere and bind the inner.
//   A TCP listener shares its port with connections that are made from it (SO_REUSEADDR, SO_REUSEPORT).
// - `closeRelay(id, address)`: close that socket. `id` is what it was opened for, also where another allocation
//   has got it since by a reservation, so `(id, address)` names one socket for good. Sockets that `relayOpened`
//   told of too late, or that were not wanted, come back in this way too.
// - `forbidFragmentation(datagram:)`: the datagram at this place in `outbox.datagrams` leaves with the DF bit set
//   (IP_MTU_DISCOVER is IP_PMTUDISC_DO while it is sent). Only with `canForbidFragmentation`; all others may be
//   fragmented.
// - `openPeerConnection(id, from:, to:)`: connect by TCP from the relayed address. Answer with
//   `peerConnectionOpened(id, succeeded:)`.
// - A peer that connects to a TCP relay: `peerConnected`, which gives its id, or nil: then close it. Read nothing
//   from it yet.
// - `joinConnection(id, client:)`: write what the outbox has for the client's path, then forget about messages
//   on both connections: from here on bytes go from one to the other as they are, both ways, those that
//   have arrived at either meanwhile first. Tell `connectionCarried` what went. When one of the two ends, close
//   the other and call `peerConnectionClosed`.
// - `closePeerConnection(id)`: close the peer's connection and, if it was joined, the client's. Nothing is to be
//   answered.
extension TURNServer {
  /// Who may relay, to whom, and how much.
  public struct Configuration: Sendable, Equatable {
    /// What passwords are for.
    public var realm = "relay"
    /// Who may relay.
    public var authority = TURNAuthority()
    /// To whom.
    public var peers = TURNPeerPolicy()
    /// The server's own addresses, as peers would see them: no peer is at any of them.
    public var listeners: [TransportAddress] = []
    /// Whether a relayed address may send to another one of this server: two clients may both need the relay.
    public var relaysToOwnRelays = false
    /// Families of relayed addresses.
    public var families: Set<IPAddress.Family> = [.v4]
    /// Whether peers may be connected to by TCP (RFC 6062). No browser asks for it.
    public var relaysTCP = false
    /// Whether the owner can send a datagram that nobody may fragment. Without it DONT-FRAGMENT is refused.
    public var canForbidFragmentation = false
    /// Whether Binding requests are answered, of anybody (RFC 8489).
    public var answersBinding = true
    /// Allocations at a time, ports that are kept for later among them.
    public var maximumAllocations = 4096
    /// Allocations of one user name at a time. Beyond it the longest unused gives way, if one is.
    public var maximumAllocationsPerUser = 4
    /// How long an allocation must have carried nothing to give way to another one of the same user.
    public var unusedTime = Duration.seconds(30)
    /// Allocations of one IPv4 address or /64 of IPv6 at a time. Behind one may be a whole office.
    public var maximumAllocationsPerAddress = 512
    /// How long an allocation lasts: without a wish of the client, and at most.
    public var lifetime = Duration.seconds(600)...Duration.seconds(3600)
    /// Peers' hosts an allocation lets through.
    public var maximumPermissions = 64
    /// Channels of an allocation.
    public var maximumChannels = 64
    /// Connections to peers of an allocation.
    public var maximumConnections = 16
    /// What an allocation may relay, both ways together and without what wraps it; the rest is dropped.
    public var maximumBytesPerSecond: Int64?
    /// What all allocations may relay together.
    public var maximumBytesPerSecondOfAll: Int64?
    /// How long a nonce is good.
    public var nonceLifetime = Duration.seconds(3600)
    /// Answers to unauthenticated requests over UDP, per second and /24 or /64.
    public var challengesPerSecond: Int64 = 50
    /// Answers to Binding requests over UDP, per second and /24 or /64.
    public var bindingsPerSecond: Int64 = 200
    /// Whether keys of SHA-256 are offered (RFC 8489 §9.2). No browser takes them, and the answer is longer.
    public var offersSHA256 = false
    /// Whether users with a password of their own may hide their names (USERHASH, RFC 8489 §9.2).
    public var acceptsUserHashes = false

    /// The defaults, and nobody who may relay.
    public init() {}
  }

  /// An allocation, also one that has no address yet.
  public struct AllocationID: Hashable, Sendable {
    /// A number that is not used again.
    public let rawValue: UInt64
  }

  /// A connection with a peer (RFC 6062).
  public struct ConnectionID: Hashable, Sendable {
    /// What CONNECTION-ID says.
    public let rawValue: UInt32
  }

  /// Sockets that an allocation is to have.
  public struct RelayWish: Sendable, Equatable {
    /// What ports are wanted.
    public enum Port: Sendable, Equatable {
      /// Any.
      case any
      /// An even one.
      case even
      /// An even one, and the next to be kept for later.
      case evenAndNext
    }

    /// `udp` for a socket, `tcp` for a listener.
    public let transport: Path.Transport
    /// One socket of each; one that cannot be had does not keep the other from being used.
    public let families: [IPAddress.Family]
    /// The port of each.
    public let port: Port
  }

  /// What the owner has to do or should know; the head of this file says more.
  public enum Event: Sendable, Equatable {
    /// Sockets are wanted; the owner answers with `relayOpened`, at once or later.
    case openRelay(AllocationID, RelayWish)
    /// The socket that was opened for the allocation at this address is not needed any longer.
    case closeRelay(AllocationID, TransportAddress)
    /// A client has a relayed address now; once for each where there are two.
    case allocated(AllocationID, username: String, client: Path, relayed: TransportAddress)
    /// The datagram at this place in the outbox must not be fragmented.
    case forbidFragmentation(datagram: Int)
    /// A TCP connection to a peer is wanted; the owner answers with `peerConnectionOpened`.
    case openPeerConnection(ConnectionID, from: TransportAddress, to: TransportAddress)
    /// The client's connection, once it has its answer, and the peer's are one from here on.
    case joinConnection(ConnectionID, client: Path)
    /// The connection with a peer, and the client's it was joined with, are to be closed.
    case closePeerConnection(ConnectionID)
  }
}
