import Net
import TURN
import Wire

// MARK: Streams that others read

extension RelayServer {
  /// Tells of a stream whose first bytes are a TURN or STUN client's. Any thread may call it.
  public nonisolated func opened(_ stream: any RelayedStream) {
    if !streamMail.post(.opened(stream)) { stream.close() }
  }

  /// Hands in what came on a stream, its first bytes too.
  public nonisolated func received(_ bytes: [UInt8], on stream: any RelayedStream) {
    if !streamMail.post(bytes, on: stream) { stream.close() }
  }

  /// Tells that a stream is over.
  public nonisolated func ended(_ stream: any RelayedStream) {
    _ = streamMail.post(.ended(ObjectIdentifier(stream)))
  }

  func takeStreamMail(_ now: Instant) {
    let (items, held) = streamMail.take()
    for item in items {
      switch item {
      case .opened(let stream):
        let path = Path(
          transport: stream.isSecure ? .tls : .tcp, local: stream.local, remote: stream.remote)
        guard admit(path.remote.ip) else {
          stream.close()
          continue
        }
        let client = StreamClient(.handed(stream), path, at: now)
        add(client, now)
        handed[ObjectIdentifier(stream)] = client
      case .received(let bytes, let id):
        guard let client = handed[id] else { continue }
        if !take(bytes.span, from: client, now) { end(client, now) }
      case .ended(let id):
        if let client = handed[id] { end(client, now) }
      }
    }
    for id in held {
      guard let client = handed[id], !client.isPaused, case .handed(let stream) = client.carrier
      else { continue }
      stream.setReading(true)
    }
  }
}

// MARK: Clients

extension RelayServer {
  /// How long a stream may stay without a place at the relay.
  static let uselessTime = Duration.seconds(30)
  /// The most that leaves in one write.
  private static let pieceSize = 16 << 10

  func acceptClients(_ listener: TCPListener, isSecure: Bool, _ now: Instant) {
    listener.accept { connection in
      guard admit(connection.remoteAddress.ip) else { return connection.close() }
      let path = Path(
        transport: isSecure ? .tls : .tcp, local: connection.localAddress,
        remote: connection.remoteAddress)
      var carrier: any StreamConnection = connection
      if isSecure {
        guard let context = tlsContext,
          let secure = try? TLSConnection(accepted: connection, context: context)
        else {
          leave(path.remote.ip)
          return connection.close()
        }
        carrier = secure
      }
      let client = StreamClient(.own(carrier), path, at: now)
      add(client, now)
      do throws(SystemError) {
        try carrier.attach(to: self)
        watched[ObjectIdentifier(carrier.descriptor)] = .client(client)
      } catch {
        end(client, now)
      }
    }
  }

  /// Whoever connects anew from the same place has left the old stream, and what it had here.
  private func add(_ client: StreamClient, _ now: Instant) {
    if let old = clients[client.path] { end(old, now) }
    clients[client.path] = client
  }

  /// Takes a place for a connection of this address, if there is one.
  private func admit(_ ip: IPAddress) -> Bool {
    let block = AddressBlock(ip)
    let count = admitted[block, default: 0]
    guard count < configuration.maximumConnectionsPerAddress,
      clients.count < configuration.maximumConnections
    else {
      refusedConnections &+= 1
      return false
    }
    admitted[block] = count + 1
    return true
  }

  private func leave(_ ip: IPAddress) {
    let block = AddressBlock(ip)
    let count = admitted[block, default: 1] - 1
    admitted[block] = count > 0 ? count : nil
  }

  func read(_ client: StreamClient, _ readiness: Readiness, _ now: Instant) {
    guard case .own(let connection) = client.carrier else { return }
    var isBroken = false
    connection.handle(readiness) { bytes in
      if !isBroken, !take(bytes, from: client, now) { isBroken = true }
    }
    if let link = client.link { resumeIfDrained(link, now) }
    if isBroken || client.isOver { end(client, now) }
  }

  /// False where the stream cannot be followed any longer.
  private func take(_ bytes: Span<UInt8>, from client: StreamClient, _ now: Instant) -> Bool {
    if client.isFinishing { return true }
    if let link = client.link { return carry(bytes, from: client, over: link, now) }
    guard let messages = try? client.framing.receive(bytes) else { return false }
    for message in messages {
      machine.receive(message.span, on: client.path, at: now, into: outbox, events: &events)
    }
    perform(now)
    return true
  }

  /// Ends a client's stream, and what the client had at the relay.
  func end(_ client: StreamClient, _ now: Instant) {
    guard clients[client.path] === client else { return }
    client.close()
    forget(client)
    machine.connectionClosed(client.path, events: &events)
    perform(now)
  }

  func forget(_ client: StreamClient) {
    clients[client.path] = nil
    leave(client.path.remote.ip)
    switch client.carrier {
    case .own(let connection): unwatch(connection.descriptor)
    case .handed(let stream): handed[ObjectIdentifier(stream)] = nil
    }
  }

  /// Closes streams whose clients have had nothing here for too long, be they silent or slow.
  func endUseless(_ now: Instant) {
    guard !clients.isEmpty, nextLookAt <= now else { return }
    nextLookAt = now + .seconds(5)
    for client in clients.values {
      if machine.serves(client.path) {
        client.uselessSince = now
      } else if now - client.uselessSince >= Self.uselessTime {
        end(client, now)
      }
    }
  }

  // MARK: Sending

  /// Adds a datagram to what leaves by the client's stream.
  func append(_ datagram: Outbox.Datagram, to client: StreamClient) {
    if client.outgoing.isEmpty { order.streams.append(client) }
    // A record holds one message: there are clients, coturn's among them, that look no further.
    let isFull =
      client.path.transport == .tls || client.outgoing.count + datagram.count > Self.pieceSize
    if isFull { write(client) }
    let end = datagram.offset + datagram.count
    client.outgoing.append(contentsOf: outbox.arena[datagram.offset..<end])
  }

  /// What finds no room is dropped, as a router would: a stream that falls behind must not fall further.
  func write(_ client: StreamClient) {
    if !client.outgoing.isEmpty, !client.write(client.outgoing) {
      shedPieces &+= 1
      if client.isOver { order.broken.append(client) }
    }
    client.outgoing.removeAll(keepingCapacity: client.outgoing.count <= 2048)
  }
}

/// An IPv4 address or the first half of an IPv6 one: what one customer of a provider has.
struct AddressBlock: Hashable {
  private let family: IPAddress.Family
  private let bits: UInt64

  init(_ ip: IPAddress) {
    family = ip.family
    bits = ip.family == .v4 ? ip.low : ip.high
  }
}
