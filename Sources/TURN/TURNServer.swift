import STUN
public import Wire

/// A TURN server (RFC 8656, RFC 6062) without sockets: datagrams of clients and of peers go in, datagrams to
/// both come out, and the owner opens and closes the sockets of relayed addresses.
///
/// A datagram to a peer leaves on the path from the relayed address to the peer. Over TCP and TLS a path
/// carries whole messages, cut by `STUNStreamFraming`. `TURNServer+Face.swift` has what the owner does;
/// docs/design/turn.md says what is left out.
public final class TURNServer {
  /// What it does for whom. What changes counts for what comes after, save what nonces are made of.
  public var configuration: Configuration {
    didSet { forgetVerdicts() }
  }
  /// What has happened so far.
  public internal(set) var statistics = Statistics()

  var allocations: [Path: Allocation] = [:]
  /// Allocations by the addresses they relay datagrams at.
  var allocationsByRelay: [TransportAddress: Allocation] = [:]
  /// Allocations by the addresses peers connect to.
  var allocationsByListener: [TransportAddress: Allocation] = [:]
  /// Allocations by whose they are.
  var allocationsByUser: [String: [Allocation]] = [:]
  var openings: [AllocationID: Opening] = [:]
  var openingIDs: [Path: AllocationID] = [:]
  var reservations: [UInt64: Reservation] = [:]
  var connections: [ConnectionID: PeerConnection] = [:]
  /// Connections by the path of the client's side, as far as that is there.
  var connectionIDs: [Path: ConnectionID] = [:]
  var places = Places()
  var bandwidth = ByteBucket()
  /// The hosts that relayed addresses were ever on; a handful.
  var relayHosts: [IPAddress] = []
  /// Which verdicts on peers hold: they are kept with channels.
  var verdictGeneration: UInt32 = 1
  /// User names that were sent away while their credentials still run, until these run out.
  var revokedUsernames: [String: Int64] = [:]
  /// User names by USERHASH, once somebody has sent one.
  var usernamesByHash: [[UInt8]: String]?
  let nonces: TURNNonce
  var challengeLimiter: SourceLimiter
  var bindingLimiter: SourceLimiter
  var random: RandomSource
  private var lastID: UInt64 = 0
  private var indicationCount: UInt64 = 0
  private var sweepAt = Instant.zero
  /// Unix time at the clock's start.
  private var unixTimeAtZero: Int64 = 0

  /// A server that nobody has asked anything. `random` gives the secret that nonces are made with, and what
  /// tokens and connections are called.
  public init(configuration: Configuration, random: RandomSource) {
    var random = random
    self.configuration = configuration
    nonces = TURNNonce(
      secret: random.bytes(20), lifetime: configuration.nonceLifetime,
      announcesAlgorithms: configuration.offersSHA256,
      announcesUserHashes: configuration.acceptsUserHashes)
    challengeLimiter = SourceLimiter(
      key: random.next(), perSecond: configuration.challengesPerSecond)
    bindingLimiter = SourceLimiter(key: random.next(), perSecond: configuration.bindingsPerSecond)
    self.random = random
  }

  /// Allocations at present, those included that wait for their sockets.
  public var allocationCount: Int { allocations.count + openings.count }

  /// Ports at present that wait for whoever has their token.
  public var reservationCount: Int { reservations.count }

  /// Connections to peers at present, those included that are being made.
  public var connectionCount: Int { connections.count }

  /// Whether a client has anything here that its stream is needed for: an allocation, one that waits for its
  /// sockets, or a connection to a peer.
  public func serves(_ path: Path) -> Bool {
    allocations[path] != nil || openingIDs[path] != nil || connectionIDs[path] != nil
  }

  /// From where the client relays datagrams at an address; nil where nobody does.
  public func client(relayingAt address: TransportAddress) -> Path? {
    allocationsByRelay[address]?.client
  }

  /// Tells the date, which credentials that run out need: `seconds` of Unix time at `now`.
  public func setUnixTime(_ seconds: Int64, at now: Instant) {
    unixTimeAtZero = seconds &- now.nanoseconds / 1_000_000_000
  }

  func unixTime(_ now: Instant) -> Int64 { unixTimeAtZero &+ now.nanoseconds / 1_000_000_000 }

  private var isIdle: Bool { allocationCount == 0 && reservations.isEmpty }

  /// When to call `advance`; nil where there is nothing to wait for.
  public var deadline: Instant? { isIdle ? nil : sweepAt }

  /// Ends what has run out; once a second while there is anything.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard !isIdle, sweepAt <= now else { return }
    sweepAt = now + .seconds(1)
    for allocation in allocations.values.filter({ $0.hasExpiredRelay(now) }) {
      for relay in allocation.relays where relay.expiresAt <= now {
        end(relay, of: allocation, &events)
      }
    }
    for allocation in allocations.values { allocation.forgetExpired(now) }
    for opening in openings.values.filter({ $0.givenUpAt <= now }) { abandon(opening) }
    endReservations(now, &events)
    endConnections(now, outbox, &events)
  }

  /// Tells that a client's connection is closed: its allocation ends (RFC 8656 §3.1), or the connection to a
  /// peer that it was joined with.
  public func connectionClosed(_ path: Path, events: inout [Event]) {
    if let id = connectionIDs[path] { end(id, &events) }
    if let allocation = allocations[path] { end(allocation, &events) }
    if let opening = openingIDs[path].flatMap({ openings[$0] }) { abandon(opening) }
  }

  /// Ends all allocations of a user at once, as when one is sent away. Credentials of a shared secret are
  /// not taken any longer either; users with a password of their own leave by `configuration`.
  public func revoke(username: String, at now: Instant, events: inout [Event]) {
    for allocation in allocationsByUser[username, default: []] { end(allocation, &events) }
    for opening in openings.values.filter({ $0.identity.username == username }) {
      abandon(opening)
    }
    for reservation in reservations.values.filter({ $0.holder.username == username }) {
      end(reservation, &events)
    }
    rememberRevoked(username, now)
  }

  private func rememberRevoked(_ username: String, _ now: Instant) {
    let today = unixTime(now)
    guard let expiresAt = TURNSharedSecret.expiry(of: username), expiresAt > today else { return }
    if revokedUsernames.count >= Self.maximumRevokedUsernames {
      revokedUsernames = revokedUsernames.filter { $0.value > today }
    }
    if revokedUsernames.count >= Self.maximumRevokedUsernames,
      let first = revokedUsernames.min(by: { $0.value < $1.value })
    {
      revokedUsernames[first.key] = nil
    }
    revokedUsernames[username] = expiresAt
  }

  private static let maximumRevokedUsernames = 4096

  // MARK: Names and times

  func nextID() -> AllocationID {
    lastID &+= 1
    return AllocationID(rawValue: lastID)
  }

  /// Indications are not answered: their identifiers only have to differ.
  func indicationID() -> STUNTransactionID {
    indicationCount &+= 1
    return STUNTransactionID(high: 0, low: indicationCount)
  }

  /// What has been found out about peers holds no longer.
  func forgetVerdicts() {
    verdictGeneration = verdictGeneration == .max ? 1 : verdictGeneration + 1
    usernamesByHash = nil
  }

  /// Starts the clock of `advance` where it stands still.
  func keepSweeping(_ now: Instant) {
    if isIdle { sweepAt = now + .seconds(1) }
  }
}
