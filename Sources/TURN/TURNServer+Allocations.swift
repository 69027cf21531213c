import STUN
import Wire

extension TURNServer {
  /// A client's relayed addresses and whom they serve (RFC 8656 §6): one, or one of each family.
  final class Allocation {
    let id: AllocationID
    let client: Path
    let username: String
    /// `udp`, or `tcp` where peers are connected to (RFC 6062).
    let transport: Path.Transport
    /// The request that made it: what repeats it gets the same answer.
    let transactionID: STUNTransactionID
    var v4: Relay?
    var v6: Relay?
    /// The family that was asked for and could not be had, and why.
    let missing: MissingFamily?
    /// What the next port is kept under.
    let token: UInt64?
    var permissions: [Permission] = []
    var channels: [Channel] = []
    var connections: [ConnectionID] = []
    var bandwidth = ByteBucket()
    /// When it was made, carried something, or its client asked for something, whichever was last.
    var usedAt: Instant
    /// The channel whose peer was heard last.
    private var recentChannel = 0
    /// The peer that a Send indication went to last, as far as it may be reached.
    var recentPeer: TransportAddress?
    var recentPeerGeneration: UInt32 = 0

    init(
      _ opening: Opening, relays: [Relay], missing: MissingFamily? = nil, token: UInt64? = nil,
      at now: Instant
    ) {
      usedAt = now
      id = opening.id
      client = opening.request.path
      username = opening.identity.username
      transport = opening.wish.transport
      transactionID = opening.request.id
      self.missing = missing
      self.token = token
      for relay in relays { self[relay.address.ip.family] = relay }
    }
  }

  /// A relayed address.
  struct Relay {
    /// What its socket was opened for.
    let id: AllocationID
    let address: TransportAddress
    var expiresAt: Instant
  }

  /// A family without an address, and why.
  struct MissingFamily {
    let family: IPAddress.Family
    /// Whether there are such addresses at all.
    let isServed: Bool

    var code: STUNErrorCode { isServed ? .insufficientCapacity : .addressFamilyNotSupported }
  }

  /// A host that may send (RFC 8656 §9).
  struct Permission {
    let address: IPAddress
    var expiresAt: Instant
  }

  /// A peer with a number (RFC 8656 §12).
  struct Channel {
    let number: UInt16
    let peer: TransportAddress
    var expiresAt: Instant
    /// Until when the peer may send.
    var permittedUntil: Instant
    /// When the peer was found to be allowed; 0 for never.
    var verdictGeneration: UInt32 = 0
  }

  /// An allocation whose relayed addresses the owner is about to open.
  struct Opening {
    let id: AllocationID
    let request: Request
    let identity: Identity
    let wish: RelayWish
    /// The family that is not even tried.
    let missing: MissingFamily?
    let lifetime: Duration
    let givenUpAt: Instant

    /// What it counts for, while it lasts.
    var placeCount: Int { wish.port == .evenAndNext ? 2 : 1 }
    var holder: Holder { Holder(username: identity.username, client: request.path) }
  }

  // MARK: Ends

  func abandon(_ opening: Opening) {
    openings[opening.id] = nil
    openingIDs[opening.request.path] = nil
    places.release(opening.placeCount, of: opening.holder)
  }

  func end(_ allocation: Allocation, _ events: inout [Event]) {
    for relay in allocation.relays { end(relay, of: allocation, &events) }
  }

  /// Ends one relayed address, and the allocation with the last.
  func end(_ relay: Relay, of allocation: Allocation, _ events: inout [Event]) {
    let family = relay.address.ip.family
    for id in allocation.connections where connections[id]?.peer.ip.family == family {
      end(id, &events)
    }
    allocation[family] = nil
    allocation.channels.removeAll { $0.peer.ip.family == family }
    allocation.permissions.removeAll { $0.address.family == family }
    if allocation.transport == .udp {
      allocationsByRelay[relay.address] = nil
    } else {
      allocationsByListener[relay.address] = nil
    }
    statistics.relays[RelayKind(allocation, family), default: 1] -= 1
    events.append(.closeRelay(relay.id, relay.address))
    guard allocation.v4 == nil, allocation.v6 == nil else { return }
    allocations[allocation.client] = nil
    forgetOwner(of: allocation)
    places.release(1, of: Holder(username: allocation.username, client: allocation.client))
  }

  private func forgetOwner(of allocation: Allocation) {
    let name = allocation.username
    allocationsByUser[name]?.removeAll { $0 === allocation }
    if allocationsByUser[name]?.isEmpty == true { allocationsByUser[name] = nil }
  }
}

extension TURNServer.Allocation {
  subscript(_ family: IPAddress.Family) -> TURNServer.Relay? {
    get { family == .v4 ? v4 : v6 }
    set { if family == .v4 { v4 = newValue } else { v6 = newValue } }
  }

  var relays: [TURNServer.Relay] { [v4, v6].compactMap(\.self) }

  func hasExpiredRelay(_ now: Instant) -> Bool {
    (v4.map { $0.expiresAt <= now } ?? false) || (v6.map { $0.expiresAt <= now } ?? false)
  }

  /// The relayed address that serves peers of a family.
  func relay(_ family: IPAddress.Family, at now: Instant) -> TURNServer.Relay? {
    guard let relay = self[family], relay.expiresAt > now else { return nil }
    return relay
  }

  func isAlive(at now: Instant) -> Bool {
    relay(.v4, at: now) != nil || relay(.v6, at: now) != nil
  }

  func forgetExpired(_ now: Instant) {
    if permissions.contains(where: { $0.expiresAt <= now }) {
      permissions.removeAll { $0.expiresAt <= now }
    }
    if channels.contains(where: { $0.expiresAt <= now }) {
      channels.removeAll { $0.expiresAt <= now }
    }
  }

  func permits(_ address: IPAddress, at now: Instant) -> Bool {
    permissions.contains { $0.address == address && $0.expiresAt > now }
  }

  func permit(_ address: IPAddress, until end: Instant) {
    if let index = permissions.firstIndex(where: { $0.address == address }) {
      permissions[index].expiresAt = end
    } else {
      permissions.append(TURNServer.Permission(address: address, expiresAt: end))
    }
    for index in channels.indices where channels[index].peer.ip == address {
      channels[index].permittedUntil = end
    }
  }

  /// Clients number their channels from the first on, so most lie where their number says.
  func channelIndex(_ number: UInt16) -> Int? {
    let guess = Int(number &- ChannelData.numbers.lowerBound)
    if guess < channels.count, channels[guess].number == number { return guess }
    return channels.firstIndex { $0.number == number }
  }

  func channelIndex(of peer: TransportAddress) -> Int? {
    if recentChannel < channels.count, channels[recentChannel].peer == peer {
      return recentChannel
    }
    guard let index = channels.firstIndex(where: { $0.peer == peer }) else { return nil }
    recentChannel = index
    return index
  }
}
