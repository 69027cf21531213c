public import ICE
import STUN
import TURN
public import Wire

/// Finds the addresses at which an ICE agent may be reached (RFC 8445 §5.1): those of its own sockets,
/// those that STUN servers see, and those that TURN servers lend.
///
/// Above it nobody knows of TURN: a relayed candidate is its own base, and datagrams on paths that begin
/// there pass through `route` on their way out and come back as `Disposition.relayed`.
/// docs/design/turn.md says more.
public final class CandidateGatherer {
  let options: Options
  var random: RandomSource
  var bases: [TransportAddress] = []
  var servers: [Server] = []
  /// What became of each server, in the order of `servers`.
  var outcomes: [ServerOutcome] = []
  var probes: [ReflexiveProbe] = []
  var relays: [Relay] = []
  /// Every relayed address we ever had: datagrams on its paths never leave by themselves.
  var relayedAddresses: Set<TransportAddress> = []
  /// Remote hosts that our relays let through.
  var permitted: [IPAddress] = []
  var nextSlot = Instant.distantPast
  private var foundations: [Foundation] = []
  private var isGathering = false
  /// All candidates so far: what an ICE restart signals again.
  public internal(set) var candidates: [Gathered] = []

  /// A gatherer that waits for `start`.
  public init(options: Options = Options(), random: RandomSource) {
    self.options = options
    self.random = random
  }

  /// Gathers on the addresses that sockets are bound to, and asks servers from each of them.
  ///
  /// Called again, it adds what is new, and asks again where a relay was lost or a server-reflexive address may
  /// have changed. Loopback and link-local addresses are passed over.
  public func start(
    bases newBases: [TransportAddress], servers newServers: [Server], at now: Instant,
    into outbox: Outbox, events: inout [Event]
  ) {
    isGathering = true
    let oldServers = servers.count
    for server in newServers where servers.count < options.maximumServers {
      guard !isKnown(server) else { continue }
      servers.append(server)
      outcomes.append(ServerOutcome())
    }
    let oldBases = bases.count
    for base in usable(newBases) where bases.count < options.maximumBases {
      bases.append(base)
      guard !options.usesRelaysOnly else { continue }
      offer(.host, base, base: base, from: base, related: nil, events: &events)
    }
    for server in servers.indices {
      for base in bases.indices {
        if server >= oldServers || base >= oldBases {
          begin(server: server, base: bases[base])
        } else {
          beginAgain(server: server, base: bases[base])
        }
      }
    }
    work(now, outbox, &events)
  }

  /// Adds candidates that the owner knows by itself: TCP ones, and addresses under which its own are reached from
  /// outside. `base` is where their packets leave from.
  public func add(_ candidate: ICECandidate, base: TransportAddress, events: inout [Event]) {
    guard !options.usesRelaysOnly, candidate.hasUsableAddress, candidates.count < 64 else { return }
    let isKnown = candidates.contains {
      $0.candidate.address == candidate.address && $0.candidate.transport == candidate.transport
        && $0.base == base && $0.candidate.tcpType == candidate.tcpType
    }
    guard !isKnown else { return }
    candidates.append(Gathered(candidate: candidate, base: base, server: nil))
    events.append(.candidate(candidate, base: base))
  }

  /// Takes a datagram that arrived by `path`, if it is a server's.
  public func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) -> Disposition {
    if receiveAnswer(datagram, on: path, now, &events) {
      work(now, outbox, &events)
      return .consumed
    }
    guard let relay = relays.first(where: { $0.client.path == path }) else { return .notMine }
    return receive(datagram, from: relay, now, outbox, &events)
  }

  /// Does everything that is due at `now`. Call it at `deadline`; earlier does no harm.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    work(now, outbox, &events)
  }

  /// When to call `advance`; nil where there is nothing to wait for.
  public var deadline: Instant? {
    let probe = probes.lazy.compactMap { $0.dueAt(slot: self.nextSlot) }.min()
    let relay = relays.lazy.compactMap { $0.dueAt(slot: self.nextSlot) }.min()
    guard let probe, let relay else { return probe ?? relay }
    return min(probe, relay)
  }

  func work(_ now: Instant, _ outbox: Outbox, _ events: inout [Event]) {
    advanceProbes(now, outbox)
    advanceRelays(now, outbox, &events)
    for index in servers.indices { settle(server: index, &events) }
    guard isGathering, outcomes.allSatisfy({ $0.openCount == 0 }) else { return }
    isGathering = false
    events.append(.finished)
  }

  private func begin(server: Int, base: TransportAddress) {
    guard Self.reaches(base, servers[server].address) else { return }
    switch servers[server].kind {
    case .stun:
      guard !options.usesRelaysOnly else { return }
      probes.append(
        ReflexiveProbe(
          server: server, path: Path(local: base, remote: servers[server].address),
          id: .random(using: &random)))
    case .turn: addRelay(server: server, base: base, address: servers[server].address)
    }
    outcomes[server].openCount += 1
    outcomes[server].isReported = false
  }

  /// Asks once more, unless the answer is still to come or still holds.
  private func beginAgain(server: Int, base: TransportAddress) {
    switch servers[server].kind {
    case .stun:
      let isOpen = probes.contains { $0.server == server && $0.path.local == base && !$0.isOver }
      guard !isOpen else { return }
      probes.removeAll { $0.server == server && $0.path.local == base }
    case .turn:
      guard !relays.contains(where: { $0.server == server && $0.client.path.local == base }) else {
        return
      }
    }
    if outcomes[server].openCount == 0 {
      outcomes[server].hasAnswered = relays.contains { $0.server == server }
      outcomes[server].failure = nil
    }
    begin(server: server, base: base)
  }

  /// Tells of a server once nobody is waiting for it any longer.
  private func settle(server: Int, _ events: inout [Event]) {
    guard outcomes[server].openCount == 0, !outcomes[server].isReported else { return }
    outcomes[server].isReported = true
    guard !outcomes[server].hasAnswered, let failure = outcomes[server].failure else { return }
    events.append(
      .serverFailed(servers[server], code: Int(failure.rawValue), reason: failure.reason))
  }

  private func isKnown(_ server: Server) -> Bool {
    servers.contains { known in
      known.address == server.address && known.kind.path == server.kind.path
        && known.kind.relays == server.kind.relays
    }
  }
}

extension CandidateGatherer {
  /// How one server has served all bases.
  struct ServerOutcome {
    /// Exchanges that are not over.
    var openCount = 0
    var hasAnswered = false
    var failure: STUNErrorCode?
    var isReported = true

    mutating func fail(_ code: STUNErrorCode) {
      // What a server said tells more than its silence elsewhere.
      if failure == nil || failure?.rawValue == STUNErrorCode.unreachable.rawValue {
        failure = code
      }
    }
  }

  /// What candidates of one foundation have in common (RFC 8445 §5.1.1.3).
  private struct Foundation: Equatable {
    let kind: ICECandidate.Kind
    let base: IPAddress
    let server: IPAddress?
    let transport: Path.Transport
  }

  /// Adds a candidate, unless another one with its address and base is there (RFC 8445 §5.1.3).
  ///
  /// `origin` is the address of ours that it was found from. `penalty` lowers its priority.
  func offer(
    _ kind: ICECandidate.Kind, _ address: TransportAddress, base: TransportAddress,
    from origin: TransportAddress, server: Int? = nil, related: TransportAddress?,
    penalty: Int = 0, events: inout [Event]
  ) {
    let isRedundant = candidates.contains {
      $0.candidate.address == address && $0.base == base
    }
    guard !isRedundant else { return }
    let foundation = Foundation(
      kind: kind, base: origin.ip, server: server.map { servers[$0].address.ip },
      transport: server.map { servers[$0].kind.path } ?? .udp)
    let rank = bases.firstIndex(of: origin) ?? bases.count
    let candidate = ICECandidate(
      kind: kind, address: address, localPreference: UInt16(clamping: 65_535 - penalty - rank),
      foundation: String(number(of: foundation)), relatedAddress: related)
    guard candidate.hasUsableAddress else { return }
    candidates.append(
      Gathered(candidate: candidate, base: base, server: server.map { servers[$0] }))
    events.append(.candidate(candidate, base: base))
  }

  /// A candidate whose relay is gone is not signalled again.
  func withdraw(_ relayed: TransportAddress) { candidates.removeAll { $0.base == relayed } }

  private func number(of foundation: Foundation) -> Int {
    if let index = foundations.firstIndex(of: foundation) { return index + 1 }
    foundations.append(foundation)
    return foundations.count
  }
}

extension CandidateGatherer.Server.Kind {
  /// How bytes travel to the server.
  var path: Path.Transport {
    switch self {
    case .stun, .turn(_, _, .udp): .udp
    case .turn(_, _, .tcp): .tcp
    case .turn(_, _, .tls): .tls
    }
  }

  var relays: Bool { self != .stun }
}

extension STUNErrorCode {
  /// The W3C's code for a server that was not reached (WebRTC §4.8.1.3).
  static let unreachable = Self(rawValue: 701, reason: "no answer from the server")
}

extension Instant {
  static var distantPast: Instant { Instant(nanoseconds: .min) }
}
