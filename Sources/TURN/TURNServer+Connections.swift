import STUN
public import Wire

extension TURNServer {
  /// A connection between a relayed address and a peer (RFC 6062), and later the client's that it is joined
  /// with. Its bytes never come here.
  struct PeerConnection {
    enum Stage {
      /// The client wants it, the owner is making it.
      case opening(Request, STUNLongTermKey)
      /// It is there and waits for the client's ConnectionBind.
      case waiting
      /// It is one with this connection of the client.
      case joined(Path)
    }

    /// The allocation's control connection.
    let client: Path
    let peer: TransportAddress
    var stage: Stage
    var endsAt: Instant
  }

  /// How long a connection may take to be made, and to be joined (RFC 6062 §5.2, §5.3).
  private static let connectionTimeout = Duration.seconds(30)

  /// Connect (RFC 6062 §5.2).
  func connect(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ events: inout [Event]
  ) throws(Refusal) {
    let allocation = try allocation(of: request, identity, now)
    let peer: TransportAddress?
    do throws(STUNError) { peer = try message.xorPeerAddress } catch { throw Refusal(error) }
    guard let peer else { throw Refusal(.badRequest) }
    guard allocation.transport == .tcp, mayRelay(to: peer) else { throw Refusal(.forbidden) }
    let relay = try relay(for: peer, of: allocation, now)
    guard !allocation.connections.contains(where: { connections[$0]?.peer == peer }) else {
      throw Refusal(.connectionAlreadyExists)
    }
    guard allocation.connections.count < configuration.maximumConnections else {
      throw Refusal(.insufficientCapacity)
    }
    let id = add(.opening(request, identity.key), of: allocation, peer, now)
    events.append(.openPeerConnection(id, from: relay.address, to: peer))
  }

  private func add(
    _ stage: PeerConnection.Stage, of allocation: Allocation, _ peer: TransportAddress,
    _ now: Instant
  ) -> ConnectionID {
    var id = ConnectionID(rawValue: UInt32(truncatingIfNeeded: random.next()))
    while connections[id] != nil {
      id = ConnectionID(rawValue: UInt32(truncatingIfNeeded: random.next()))
    }
    connections[id] = PeerConnection(
      client: allocation.client, peer: peer, stage: stage, endsAt: now + Self.connectionTimeout)
    allocation.connections.append(id)
    return id
  }

  /// Tells how `openPeerConnection` went.
  public func peerConnectionOpened(
    _ id: ConnectionID, succeeded: Bool, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    guard let connection = connections[id], case .opening(let request, let key) = connection.stage
    else {
      // The allocation is gone meanwhile, or the client has its answer.
      if succeeded { events.append(.closePeerConnection(id)) }
      return
    }
    guard succeeded else {
      forget(id)
      return refuse(request, .connectionFailure, key, [], outbox)
    }
    connections[id]?.stage = .waiting
    connections[id]?.endsAt = now + Self.connectionTimeout
    accept(request, key, outbox) { output in output.appendSTUN(.connectionID, id.rawValue) }
  }

  /// Tells that a peer has connected to a relayed address (RFC 6062 §5.3). The client is asked whether it
  /// wants the connection; nil where it is to be closed at once.
  public func peerConnected(
    from peer: TransportAddress, to relayed: TransportAddress, at now: Instant,
    into outbox: Outbox
  ) -> ConnectionID? {
    guard let allocation = allocationsByListener[relayed],
      allocation.relay(relayed.ip.family, at: now) != nil
    else {
      drop(.withoutAllocation)
      return nil
    }
    guard allocation.permits(peer.ip, at: now) else {
      drop(.withoutPermission)
      return nil
    }
    guard allocation.connections.count < configuration.maximumConnections, mayRelay(to: peer)
    else {
      drop(.forbidden)
      return nil
    }
    let id = add(.waiting, of: allocation, peer, now)
    let indication = indicationID()
    outbox.append(on: allocation.client, capacity: 80) { output in
      output.beginSTUN(.indication, indication, method: .connectionAttempt)
      output.appendSTUN(.connectionID, id.rawValue)
      output.appendSTUN(.xorPeerAddress, xor: peer, indication)
      output.finishSTUN(fingerprint: false)
    }
    return id
  }

  /// ConnectionBind (RFC 6062 §5.4), on a connection of its own.
  func bindConnection(
    _ message: borrowing STUNMessage, _ request: Request, _ identity: Identity, _ now: Instant,
    _ outbox: Outbox, _ events: inout [Event]
  ) throws(Refusal) {
    let number: UInt32?
    do throws(STUNError) { number = try message.connectionID } catch { throw Refusal(error) }
    guard let id = number.map({ ConnectionID(rawValue: $0) }), let connection = connections[id],
      case .waiting = connection.stage, connection.endsAt > now,
      let allocation = allocations[connection.client], request.path.transport != .udp,
      allocations[request.path] == nil, openingIDs[request.path] == nil,
      connectionIDs[request.path] == nil
    else { throw Refusal(.badRequest) }
    guard allocation.username == identity.username else { throw Refusal(.wrongCredentials) }
    connections[id]?.stage = .joined(request.path)
    connections[id]?.endsAt = .distantFuture
    connectionIDs[request.path] = id
    statistics.connections &+= 1
    accept(request, identity.key, outbox) { output in
      output.appendSTUN(.connectionID, id.rawValue)
    }
    events.append(.joinConnection(id, client: request.path))
  }

  /// Tells that a connection with a peer has ended, whichever side ended it.
  public func peerConnectionClosed(_ id: ConnectionID) { forget(id) }

  /// Tells how many bytes a joined connection has carried, and gets how long it is to be left unread: zero as
  /// long as it stays within the bandwidth.
  public func connectionCarried(
    _ id: ConnectionID, toPeer: Int, toClient: Int, at now: Instant
  ) -> Duration {
    guard let connection = connections[id], let allocation = allocations[connection.client] else {
      return .zero
    }
    statistics.connectionBytesSent &+= UInt64(clamping: toPeer)
    statistics.connectionBytesReceived &+= UInt64(clamping: toClient)
    allocation.usedAt = now
    let count = toPeer &+ toClient
    if let limit = configuration.maximumBytesPerSecond {
      allocation.bandwidth.take(count, bytesPerSecond: limit, at: now)
    }
    if let limit = configuration.maximumBytesPerSecondOfAll {
      bandwidth.take(count, bytesPerSecond: limit, at: now)
    }
    return max(allocation.bandwidth.wait(at: now), bandwidth.wait(at: now))
  }

  // MARK: Ends

  /// Ends a connection from here.
  func end(_ id: ConnectionID, _ events: inout [Event]) {
    forget(id)
    events.append(.closePeerConnection(id))
  }

  /// Answers what has taken too long, and ends what nobody has come for.
  func endConnections(_ now: Instant, _ outbox: Outbox, _ events: inout [Event]) {
    for (id, connection) in connections.filter({ $0.value.endsAt <= now }) {
      end(id, &events)
      guard case .opening(let request, let key) = connection.stage else { continue }
      refuse(request, .connectionFailure, key, [], outbox)
    }
  }

  private func forget(_ id: ConnectionID) {
    guard let connection = connections.removeValue(forKey: id) else { return }
    if case .joined(let path) = connection.stage { connectionIDs[path] = nil }
    allocations[connection.client]?.connections.removeAll { $0 == id }
  }
}
