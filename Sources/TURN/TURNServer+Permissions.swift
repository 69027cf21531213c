import STUN
import Wire

extension TURNServer {
  /// How long a permission lasts (RFC 8656 §9).
  private static let permissionLifetime = Duration.seconds(300)
  /// How long a channel lasts (RFC 8656 §12).
  private static let channelLifetime = Duration.seconds(600)

  /// CreatePermission (RFC 8656 §10.2): all of the peers, or none.
  func createPermission(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox
  ) throws(Refusal) {
    let allocation = try allocation(of: request, identity, now)
    let peers: [TransportAddress]
    do throws(STUNError) { peers = try message.xorPeerAddresses } catch { throw Refusal(error) }
    guard !peers.isEmpty else { throw Refusal(.badRequest) }
    for peer in peers {
      // The port of a permission means nothing.
      guard configuration.peers.allows(peer.ip) else { throw Refusal(.forbidden) }
      _ = try relay(for: peer, of: allocation, now)
    }
    allocation.forgetExpired(now)
    let fresh = Set(peers.map(\.ip)).filter { !allocation.permits($0, at: now) }
    guard allocation.permissions.count + fresh.count <= configuration.maximumPermissions else {
      throw Refusal(.insufficientCapacity)
    }
    for peer in peers { allocation.permit(peer.ip, until: now + Self.permissionLifetime) }
    accept(request, identity.key, outbox) { _ in }
  }

  /// ChannelBind (RFC 8656 §12.2).
  func bindChannel(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox
  ) throws(Refusal) {
    let allocation = try allocation(of: request, identity, now)
    let number: UInt16?
    let peer: TransportAddress?
    do throws(STUNError) {
      number = try message.channelNumber
      peer = try message.xorPeerAddress
    } catch { throw Refusal(error) }
    guard let number, let peer, ChannelData.numbers.contains(number) else {
      throw Refusal(.badRequest)
    }
    // Where peers are connected to, there are no datagrams (RFC 6062 §3).
    guard allocation.transport == .udp, mayRelay(to: peer) else { throw Refusal(.forbidden) }
    _ = try relay(for: peer, of: allocation, now)
    allocation.forgetExpired(now)
    let byNumber = allocation.channelIndex(number)
    guard byNumber == allocation.channelIndex(of: peer) else { throw Refusal(.badRequest) }
    guard byNumber != nil || allocation.channels.count < configuration.maximumChannels,
      allocation.permits(peer.ip, at: now)
        || allocation.permissions.count < configuration.maximumPermissions
    else { throw Refusal(.insufficientCapacity) }
    let end = now + Self.channelLifetime
    if let byNumber {
      allocation.channels[byNumber].expiresAt = end
    } else {
      allocation.channels.append(
        Channel(number: number, peer: peer, expiresAt: end, permittedUntil: now))
    }
    allocation.permit(peer.ip, until: now + Self.permissionLifetime)
    accept(request, identity.key, outbox) { _ in }
  }

  /// The relayed address that reaches a peer.
  func relay(
    for peer: TransportAddress, of allocation: Allocation, _ now: Instant
  ) throws(Refusal) -> Relay {
    guard let relay = allocation.relay(peer.ip.family, at: now) else {
      throw Refusal(.peerAddressFamilyMismatch)
    }
    return relay
  }

  /// Whether anything may go to a peer at all. Never to the server itself: a client behind one of its own
  /// relays could have datagrams go round for ever.
  func mayRelay(to peer: TransportAddress) -> Bool {
    isAllowed(peer) && !isOwnRelay(peer)
  }

  private func isAllowed(_ peer: TransportAddress) -> Bool {
    guard peer.port != 0, configuration.peers.allows(peer) else { return false }
    let canonical = TransportAddress(ip: peer.ip.canonical, port: peer.port)
    return !configuration.listeners.contains(canonical)
  }

  private func isOwnRelay(_ peer: TransportAddress) -> Bool {
    guard !configuration.relaysToOwnRelays else { return false }
    let canonical = TransportAddress(ip: peer.ip.canonical, port: peer.port)
    return relayHosts.contains(canonical.ip)
      && (allocationsByRelay[canonical] != nil || allocationsByListener[canonical] != nil
        || isReserved(canonical))
  }

  /// Whether the verdict on a peer holds until something changes: relayed addresses come and go.
  private func isLasting(_ peer: TransportAddress) -> Bool {
    configuration.relaysToOwnRelays || !relayHosts.contains(peer.ip.canonical)
  }

  /// `mayRelay` for the peer of a channel, asked once.
  func mayRelay(to index: Int, of allocation: Allocation) -> Bool {
    if allocation.channels[index].verdictGeneration == verdictGeneration { return true }
    let peer = allocation.channels[index].peer
    guard mayRelay(to: peer) else { return false }
    if isLasting(peer) { allocation.channels[index].verdictGeneration = verdictGeneration }
    return true
  }

  /// `mayRelay` for the peer of a Send indication, asked once as long as it stays the same.
  func maySend(to peer: TransportAddress, of allocation: Allocation) -> Bool {
    if allocation.recentPeerGeneration == verdictGeneration, allocation.recentPeer == peer {
      return true
    }
    guard mayRelay(to: peer) else { return false }
    if isLasting(peer) {
      allocation.recentPeer = peer
      allocation.recentPeerGeneration = verdictGeneration
    }
    return true
  }
}
