import STUN
public import Wire

extension TURNServer {
  /// Allocate (RFC 8656 §7.2, RFC 6062 §5.1).
  func allocate(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox, _ events: inout [Event]
  ) throws(Refusal) {
    if let opening = openingIDs[request.path].flatMap({ openings[$0] }) {
      // The same request again, while its sockets are being opened: it is answered when that is done.
      guard opening.request.id == request.id else { throw Refusal(.allocationMismatch) }
      return
    }
    if let allocation = allocations[request.path] {
      guard allocation.transactionID == request.id, allocation.isAlive(at: now),
        allocation.username == identity.username
      else { throw Refusal(.allocationMismatch) }
      return tell(allocation, to: request, identity, now, outbox)
    }
    // A connection that carries a peer's bytes has no messages.
    guard connectionIDs[request.path] == nil else { throw Refusal(.allocationMismatch) }
    let parameters = try AllocateParameters(message, request.path, configuration)
    let lifetime = lifetime(parameters.lifetime, identity, now)
    var opening = Opening(
      id: nextID(), request: request, identity: identity, wish: parameters.wish,
      missing: parameters.missing, lifetime: lifetime, givenUpAt: now + .seconds(10))
    if let token = parameters.token {
      return try claim(token, opening, now, outbox, &events)
    }
    opening = try reserve(opening, now, &events)
    events.append(.openRelay(opening.id, opening.wish))
  }

  /// Takes a place before the sockets are asked for, so that no two requests share the last one.
  private func reserve(
    _ opening: Opening, _ now: Instant, _ events: inout [Event]
  ) throws(Refusal) -> Opening {
    makeRoom(for: opening, now, &events)
    try places.check(opening.placeCount, of: opening.holder, configuration)
    keepSweeping(now)
    places.take(opening.placeCount, for: opening.holder)
    openings[opening.id] = opening
    openingIDs[opening.request.path] = opening.id
    return opening
  }

  /// Tells where the sockets of an allocation are open: none, or fewer than were asked for, where there are
  /// none to be had.
  public func relayOpened(
    _ id: AllocationID, at addresses: [TransportAddress], now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    guard let opening = openings[id] else {
      // The client is gone meanwhile, or has waited too long.
      for address in addresses { events.append(.closeRelay(id, address)) }
      return
    }
    let relays = usable(addresses, opening, now)
    for address in addresses where !relays.contains(where: { $0.address == address }) {
      events.append(.closeRelay(id, address))
    }
    abandon(opening)
    guard !relays.isEmpty else {
      return refuse(opening.request, .insufficientCapacity, opening.identity.key, [], outbox)
    }
    var token: UInt64?
    var own = relays
    if opening.wish.port == .evenAndNext, let next = own.popLast() {
      token = keep(next, opening, now)
    }
    let absent = opening.wish.families.first { family in
      !own.contains { $0.address.ip.family == family }
    }
    let missing =
      absent.map { MissingFamily(family: $0, isServed: true) } ?? opening.missing
    begin(
      Allocation(opening, relays: own, missing: missing, token: token, at: now),
      opening, now)
    announce(opening, now, outbox, &events)
  }

  /// What of the owner's sockets serves: the first of each family, or an even port and the next.
  private func usable(
    _ addresses: [TransportAddress], _ opening: Opening, _ now: Instant
  ) -> [Relay] {
    var relays: [Relay] = []
    let wish = opening.wish
    for address in addresses where isFree(address, wish.transport) {
      let isNext = wish.port == .evenAndNext && relays.count == 1
      guard wish.families.contains(address.ip.family),
        isNext || !relays.contains(where: { $0.address.ip.family == address.ip.family }),
        wish.port == .any || isNext || address.port % 2 == 0
      else { continue }
      if isNext, let even = relays.first?.address,
        address != TransportAddress(ip: even.ip, port: even.port + 1)
      {
        continue
      }
      relays.append(
        Relay(id: opening.id, address: address, expiresAt: now + opening.lifetime))
    }
    return wish.port == .evenAndNext && relays.count < 2 ? [] : relays
  }

  private func isFree(_ address: TransportAddress, _ transport: Path.Transport) -> Bool {
    guard transport == .udp else { return allocationsByListener[address] == nil }
    return allocationsByRelay[address] == nil && !isReserved(address)
  }

  /// Puts an allocation into effect.
  func begin(_ allocation: Allocation, _ opening: Opening, _ now: Instant) {
    keepSweeping(now)
    places.take(1, for: opening.holder)
    allocations[allocation.client] = allocation
    allocationsByUser[allocation.username, default: []].append(allocation)
    statistics.allocations &+= 1
    for relay in allocation.relays {
      let kind = RelayKind(allocation, relay.address.ip.family)
      statistics.relays[kind, default: 0] += 1
      statistics.relaysMade[kind, default: 0] &+= 1
      if allocation.transport == .udp {
        allocationsByRelay[relay.address] = allocation
      } else {
        allocationsByListener[relay.address] = allocation
      }
      noteHost(relay.address.ip)
    }
  }

  /// A peer at such a host may be another relayed address from now on.
  func noteHost(_ host: IPAddress) {
    guard !relayHosts.contains(host) else { return }
    relayHosts.append(host)
    forgetVerdicts()
  }

  func announce(
    _ opening: Opening, _ now: Instant, _ outbox: Outbox, _ events: inout [Event]
  ) {
    guard let allocation = allocations[opening.request.path] else { return }
    for relay in allocation.relays {
      events.append(
        .allocated(
          allocation.id, username: allocation.username, client: allocation.client,
          relayed: relay.address))
    }
    tell(allocation, to: opening.request, opening.identity, now, outbox)
  }

  private func tell(
    _ allocation: Allocation, to request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox
  ) {
    let relays = allocation.relays
    let end = relays.map(\.expiresAt).max() ?? now
    let lifetime = UInt32(clamping: (end - now).milliseconds / 1000)
    accept(request, identity.key, outbox) { output in
      for relay in relays {
        output.appendSTUN(.xorRelayedAddress, xor: relay.address, request.id)
      }
      if let missing = allocation.missing {
        output.appendSTUN(missing.code, of: missing.family)
      }
      output.appendSTUN(.lifetime, lifetime)
      if let token = allocation.token { output.appendSTUN(.reservationToken, token) }
      output.appendSTUN(.xorMappedAddress, xor: request.path.remote, request.id)
    }
  }

  /// Within the configured bounds, and not long beyond the credentials.
  func lifetime(_ wish: UInt32?, _ identity: Identity, _ now: Instant) -> Duration {
    let bounds = configuration.lifetime
    let wished = wish.map { Duration.seconds(Int64($0)) } ?? bounds.lowerBound
    let granted = min(max(wished, bounds.lowerBound), bounds.upperBound)
    guard let expiresAt = identity.expiresAt else { return granted }
    return min(granted, max(.seconds(expiresAt &- unixTime(now)), .seconds(60)))
  }
}
