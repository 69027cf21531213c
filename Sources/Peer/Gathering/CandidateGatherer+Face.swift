public import ICE
public import TURN
public import Wire

extension CandidateGatherer {
  /// A STUN or TURN server, its name already resolved.
  public struct Server: Sendable, Hashable {
    /// What the server does for us.
    public enum Kind: Sendable, Hashable {
      /// Tells the address it sees (RFC 8489).
      case stun
      /// Relays (RFC 8656).
      case turn(username: String, password: String, transport: TURNTransport)
    }

    /// What the server does for us.
    public var kind: Kind
    /// Where it listens.
    public var address: TransportAddress
    /// The URL it was configured by, for events.
    public var url: String

    /// A server at `address`.
    public init(kind: Kind, address: TransportAddress, url: String = "") {
      self.kind = kind
      self.address = address
      self.url = url
    }
  }

  /// What the owner should know.
  public enum Event: Sendable, Equatable {
    /// A candidate of ours, and the base its packets leave from: both go to the ICE agent as they are.
    case candidate(ICECandidate, base: TransportAddress)
    /// No base got anything out of a server: the W3C's `icecandidateerror`. Codes are STUN's, or 701
    /// where the server was not reached.
    case serverFailed(Server, code: Int, reason: String)
    /// All is answered or given up. More bases or servers begin another round.
    case finished
  }

  /// Whose a datagram was.
  public enum Disposition: Sendable, Equatable {
    /// Not of a STUN or TURN server: the peer's, or nobody's.
    case notMine
    /// A server's answer, dealt with.
    case consumed
    /// A peer's datagram that came by a relay: where it lies in the bytes, and the path it came by.
    case relayed(Range<Int>, path: Path)
  }

  /// A candidate and the base its packets leave from.
  public struct Gathered: Sendable, Hashable {
    /// The candidate.
    public let candidate: ICECandidate
    /// The address its packets leave from; a relayed candidate is its own base.
    public let base: TransportAddress
    /// The server it is owed to.
    public let server: Server?
  }

  /// What is gathered, and how.
  public struct Options: Sendable, Equatable {
    /// Neither host nor server-reflexive candidates: the W3C's policy `relay`.
    public var usesRelaysOnly = false
    /// Loopback addresses too. Without it they count only where there is nothing else.
    public var includesLoopback = false
    /// Ta: the least time between two first requests (RFC 8445 §14.2).
    public var pacing = Duration.milliseconds(50)
    /// The family of relayed addresses.
    public var relayFamily = IPAddress.Family.v4
    /// Bases that are looked at.
    public var maximumBases = 16
    /// Servers that are asked.
    public var maximumServers = 16

    /// The defaults.
    public init() {}
  }
}
