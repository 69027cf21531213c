import STUN
import Wire

extension TURNServer {
  /// A port that is kept for whoever has its token (RFC 8656 §7.2): its socket is open already.
  struct Reservation {
    let token: UInt64
    let relay: Relay
    let holder: Holder
  }

  /// How long a port is kept.
  private static let reservationLifetime = Duration.seconds(30)

  /// Keeps the second port of a pair; it counts like an allocation, so that nobody can hold them all.
  func keep(_ relay: Relay, _ opening: Opening, _ now: Instant) -> UInt64 {
    keepSweeping(now)
    var token = random.next()
    while reservations[token] != nil { token = random.next() }
    var kept = relay
    kept.expiresAt = now + Self.reservationLifetime
    places.take(1, for: opening.holder)
    reservations[token] = Reservation(token: token, relay: kept, holder: opening.holder)
    noteHost(relay.address.ip)
    return token
  }

  /// Gives a kept port to the user it is kept for. The place it has becomes the allocation's.
  func claim(
    _ token: UInt64, _ opening: Opening, _ now: Instant, _ outbox: Outbox,
    _ events: inout [Event]
  ) throws(Refusal) {
    guard let reservation = reservations[token], reservation.relay.expiresAt > now,
      reservation.holder.username == opening.identity.username
    else { throw Refusal(.insufficientCapacity) }
    reservations[token] = nil
    places.release(1, of: reservation.holder)
    do throws(Refusal) {
      try places.check(1, of: opening.holder, configuration)
    } catch {
      // Of another network, which has as many as it may.
      events.append(.closeRelay(reservation.relay.id, reservation.relay.address))
      throw error
    }
    var relay = reservation.relay
    relay.expiresAt = now + opening.lifetime
    begin(Allocation(opening, relays: [relay], at: now), opening, now)
    announce(opening, now, outbox, &events)
  }

  func isReserved(_ address: TransportAddress) -> Bool {
    reservations.values.contains { $0.relay.address == address }
  }

  func end(_ reservation: Reservation, _ events: inout [Event]) {
    reservations[reservation.token] = nil
    places.release(1, of: reservation.holder)
    events.append(.closeRelay(reservation.relay.id, reservation.relay.address))
  }

  func endReservations(_ now: Instant, _ events: inout [Event]) {
    for reservation in reservations.values.filter({ $0.relay.expiresAt <= now }) {
      end(reservation, &events)
    }
  }
}
