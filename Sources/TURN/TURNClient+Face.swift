public import STUN
public import Wire

/// Why there is no allocation, or none any longer.
public enum TURNFailure: Error, Equatable, Sendable {
  /// The server does not answer.
  case unreachable
  /// The connection to the server could not be made, or broke.
  case pathFailed
  /// The server refuses: 401 wrong credentials, 403 forbidden, 437 an allocation of another time,
  /// 440 no address of the family, 441 another's allocation, 442 no such transport, 486 the quota is
  /// used up, 508 no room (RFC 8656 §19).
  case refused(STUNErrorCode)
  /// Ask this server instead (300, RFC 8489 §10).
  case tryAlternate(TransportAddress)
  /// The server's answer makes no sense.
  case malformedAnswer
  /// No refresh was answered before the allocation's time ran out.
  case expired
}

extension TURNClient {
  /// Who we are to the server.
  public struct Credentials: Sendable, Hashable {
    /// The name.
    public var username: String
    /// The password.
    public var password: String

    /// A name and its password.
    public init(username: String, password: String) {
      self.username = username
      self.password = password
    }
  }

  /// What is asked for, times and limits.
  public struct Options: Sendable, Equatable {
    /// The family of the relayed address.
    public var family = IPAddress.Family.v4
    /// Whether an address of each family is asked for (RFC 8656 §7.1); `family` says nothing then. Servers
    /// that do not know of it give one of IPv4 alone.
    public var asksForBothFamilies = false
    /// Whether indications go to peers as datagrams that nobody may fragment; a server that cannot do it
    /// refuses the allocation (420).
    public var forbidsFragmentation = false
    /// How long an allocation is to last without a refresh; the server decides.
    public var lifetime: Duration?
    /// Until a request is sent again over UDP; doubles each time (RFC 8489 §6.2.1).
    public var initialRetryInterval = Duration.milliseconds(500)
    /// The longest time between two sendings of a request.
    public var maximumRetryInterval = Duration.seconds(8)
    /// Sendings of a request after which the server counts as unreachable.
    public var maximumAttempts = 7
    /// How long an answer is awaited over TCP and TLS, where nothing is sent again (RFC 8489 §6.2.2).
    public var reliableTimeout = Duration.milliseconds(39_500)
    /// Peers' hosts that are let through at a time; the longest unused one gives way to another.
    public var maximumPermissions = 64
    /// Peers with a channel. Others are served by Send indications.
    public var maximumChannels = 32

    /// The defaults.
    public init() {}
  }

  /// How far the allocation is.
  public enum State: Sendable, Equatable {
    /// `start` was not called.
    case idle
    /// Asking.
    case allocating
    /// A relayed address is ours.
    case allocated
    /// Giving it back.
    case closing
    /// Over, for whatever reason.
    case ended
  }

  /// What the owner should know.
  public enum Event: Sendable, Equatable {
    /// The relayed address, and our own as the server sees it.
    case allocated(relayed: TransportAddress, mapped: TransportAddress?)
    /// A second relayed address, of the other family; it follows `allocated` at once.
    case allocatedAdditionally(TransportAddress)
    /// There is no relayed address of this family, though both were asked for.
    case familyRefused(IPAddress.Family, STUNErrorCode)
    /// There is no allocation, or none any longer.
    case failed(TURNFailure)
    /// A peer's host may send to us.
    case permitted(IPAddress)
    /// The server lets nothing of this peer through.
    case permissionRefused(IPAddress, STUNErrorCode)
    /// Datagrams to and from a peer cost four bytes now.
    case channelBound(TransportAddress)
    /// The relay got an ICMP message for a datagram to the peer.
    case peerUnreachable(TransportAddress, STUNICMPError)
    /// The relayed address was given back.
    case closed
  }

  /// Whose a datagram was.
  public enum Disposition: Sendable, Equatable {
    /// Nothing this client waits for.
    case notMine
    /// An answer, or something of no use.
    case consumed
    /// A peer's datagram: where it lies in the bytes, and who sent it.
    case data(Range<Int>, from: TransportAddress)
  }
}
