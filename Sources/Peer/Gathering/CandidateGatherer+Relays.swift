import ICE
import STUN
import TURN
import Wire

extension CandidateGatherer {
  /// One allocation: of one base on one server.
  final class Relay {
    let server: Int
    let client: TURNClient
    /// How often servers have sent us on.
    let redirectionCount: Int
    /// Whether gathering still waits for it.
    var isOpen = true

    init(server: Int, client: TURNClient, redirectionCount: Int) {
      self.server = server
      self.client = client
      self.redirectionCount = redirectionCount
    }

    /// When there is something to do, where first requests leave at `slot` at the earliest.
    func dueAt(slot: Instant) -> Instant? { client.state == .idle ? slot : client.deadline }
  }

  /// A server is given as long as a STUN server; one on a stream is connected to in that time as well.
  private static func clientOptions(_ options: Options) -> TURNClient.Options {
    var client = TURNClient.Options()
    client.family = options.relayFamily
    client.maximumRetryInterval = .seconds(1)
    client.maximumAttempts = 5
    client.reliableTimeout = .seconds(10)
    return client
  }

  func addRelay(
    server: Int, base: TransportAddress, address: TransportAddress, redirectionCount: Int = 0
  ) {
    guard case .turn(let username, let password, _) = servers[server].kind else { return }
    let client = TURNClient(
      path: Path(transport: servers[server].kind.path, local: base, remote: address),
      credentials: .init(username: username, password: password),
      options: Self.clientOptions(options), random: random.split())
    relays.append(Relay(server: server, client: client, redirectionCount: redirectionCount))
  }

  func advanceRelays(_ now: Instant, _ outbox: Outbox, _ events: inout [Event]) {
    for relay in relays {
      guard let due = relay.dueAt(slot: nextSlot), due <= now else { continue }
      if relay.client.state == .idle {
        nextSlot = now + options.pacing
        relay.client.start(at: now, into: outbox)
      } else {
        var new: [TURNClient.Event] = []
        relay.client.advance(to: now, into: outbox, events: &new)
        handle(new, of: relay, now, outbox, &events)
      }
    }
    relays.removeAll { $0.client.state == .ended }
  }

  func receive(
    _ datagram: Span<UInt8>, from relay: Relay, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) -> Disposition {
    var new: [TURNClient.Event] = []
    let disposition = relay.client.receive(datagram, at: now, into: outbox, events: &new)
    switch disposition {
    case .notMine: return .notMine
    case .consumed:
      handle(new, of: relay, now, outbox, &events)
      work(now, outbox, &events)
      return .consumed
    case .data(let range, let peer):
      guard let relayed = relay.client.relayedAddress else { return .consumed }
      return .relayed(range, path: Path(local: relayed, remote: peer))
    }
  }

  func handle(
    _ new: [TURNClient.Event], of relay: Relay, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) {
    for event in new {
      switch event {
      case .allocated(let relayed, let mapped):
        take(relayed, mapped, of: relay, &events)
        conclude(relay)
        for address in permitted { relay.client.permit(address, at: now, into: outbox) }
      case .failed(let failure): lose(relay, failure)
      case .closed: conclude(relay)
      // Each relay here is of one family.
      case .allocatedAdditionally, .familyRefused: break
      case .permitted, .permissionRefused, .channelBound, .peerUnreachable: break
      }
    }
  }

  private func take(
    _ relayed: TransportAddress, _ mapped: TransportAddress?, of relay: Relay,
    _ events: inout [Event]
  ) {
    let base = relay.client.path.local
    outcomes[relay.server].hasAnswered = true
    relayedAddresses.insert(relayed)
    // Over a stream the server sees the address of the stream.
    if relay.client.path.transport == .udp, let mapped {
      offerReflexive(mapped, base: base, server: relay.server, &events)
    }
    // Datagrams over a stream wait for lost ones before them; those over TLS cost even more.
    let penalty = Int(relay.client.path.transport.rawValue) << 13
    // Who shows only relays does not want the address behind them told.
    let hidden = TransportAddress(
      ip: relayed.ip.family == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0), port: 0)
    offer(
      .relayed, relayed, base: relayed, from: base, server: relay.server,
      related: options.usesRelaysOnly ? hidden : mapped ?? base, penalty: penalty, events: &events)
  }

  private func lose(_ relay: Relay, _ failure: TURNFailure) {
    let isGathering = relay.isOpen
    conclude(relay)
    candidates.filter { $0.candidate.kind == .relayed }
      .filter { gathered in !relays.contains { $0.client.relayedAddress == gathered.base } }
      .forEach { withdraw($0.base) }
    guard isGathering else { return }
    switch failure {
    case .tryAlternate(let address) where relay.redirectionCount < 2:
      addRelay(
        server: relay.server, base: relay.client.path.local, address: address,
        redirectionCount: relay.redirectionCount + 1)
      outcomes[relay.server].openCount += 1
    case .refused(let code): outcomes[relay.server].fail(code)
    case .tryAlternate: outcomes[relay.server].fail(.tryAlternate)
    case .unreachable, .pathFailed, .malformedAnswer, .expired:
      outcomes[relay.server].fail(.unreachable)
    }
  }

  private func conclude(_ relay: Relay) {
    guard relay.isOpen else { return }
    relay.isOpen = false
    outcomes[relay.server].openCount -= 1
  }
}
