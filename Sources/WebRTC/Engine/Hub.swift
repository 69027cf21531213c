import Cryptography
import DTLS
import ICE
import Net
import Peer
import STUN
import Session
import Wire

/// Names a connection within its engine.
struct ConnectionKey: Hashable, Sendable {
  let rawValue: UInt64
}

/// Holds a context only as long as somebody else does.
private struct SharedContext {
  weak var context: DTLSContext?
}

/// All connections of an engine, on the engine's thread.
///
/// Its executor is the event loop: calls of the public types come in as actor calls, datagrams are handled
/// synchronously between them.
actor Hub: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let sharedPort: UInt16?
  nonisolated let sharedTCPPort: UInt16?
  let shared: UDPSocket?
  let listener: TCPListener?
  /// Connections whose first check has not come yet.
  var strangers: [ObjectIdentifier: Stranger] = [:]
  var localNames: LocalNames?
  let outbox = Outbox()
  var slab = ReceiveSlab(slotCount: 64)
  var connections: [ConnectionKey: Connection] = [:]
  /// Whose descriptor it is; the shared socket's is nobody's.
  var owners: [ObjectIdentifier: ConnectionKey] = [:]
  /// Whose datagrams come by a path of the shared socket, and who is called so in checks.
  var paths: [Path: ConnectionKey] = [:]
  var names: [STUNUsernameFragment: ConnectionKey] = [:]
  var touched: Set<ConnectionKey> = []
  /// As long as a connection uses them.
  private var contexts: [CertificateFingerprint: SharedContext] = [:]
  var requests = OpenRequests()
  private var timetable = Timetable()
  private var lastKey: UInt64 = 0
  private var endsWhenEmpty = false

  init(options: RTCEngine.Options) throws(SystemError) {
    if let port = options.sharedUDPPort {
      var socket = UDPSocket.Options()
      socket.tracksLocalAddress = options.sharedAddress == nil
      if let address = options.sharedAddress {
        shared = try UDPSocket(
          boundTo: TransportAddress(ip: address, port: port), options: socket)
      } else {
        shared = try UDPSocket.onAllInterfaces(port: port, options: socket)
      }
    } else {
      shared = nil
    }
    sharedPort = shared?.localAddress.port
    listener = try options.sharedTCPPort.map { port throws(SystemError) in
      let everywhere = IPAddress(v6High: 0, low: 0)
      return try TCPListener(
        boundTo: TransportAddress(ip: options.sharedAddress ?? everywhere, port: port))
    }
    sharedTCPPort = listener?.localAddress.port
    loop = try EventLoop(name: options.threadName)
  }

  /// Takes part in the loop from now on.
  nonisolated func begin() {
    loop.add(self)
    Task { await watchShared() }
  }

  private func watchShared() {
    // It can only fail for a want of kernel memory; then no connection gets anywhere, and says so in time.
    if let shared { try? loop.watch(shared.descriptor, handler: self) }
    if let listener { try? loop.watch(listener.descriptor, handler: self) }
  }

  /// Nobody will make connections any longer.
  func endWhenEmpty() {
    endsWhenEmpty = true
    endIfUnused()
  }

  private func endIfUnused() {
    guard endsWhenEmpty, connections.isEmpty else { return }
    loop.remove(self)
    loop.stop()
  }

  // MARK: Connections

  /// Makes a connection and names it.
  func add(
    _ configuration: PeerConnection.Configuration,
    events: AsyncStream<PeerConnection.Event>.Continuation
  ) throws(RTCError) -> ConnectionKey {
    lastKey &+= 1
    let key = ConnectionKey(rawValue: lastKey)
    connections[key] = Connection(
      key: key, hub: self, shared: shared, listenerPort: listener?.localAddress.port,
      configuration: configuration, context: try context(for: configuration.certificate),
      events: events)
    return key
  }

  /// OpenSSL's tables, which connections with one certificate share.
  private func context(for certificate: RTCCertificate?) throws(RTCError) -> DTLSContext {
    if let certificate, let known = contexts[certificate.fingerprint]?.context { return known }
    do throws(DTLSError) {
      guard let certificate else { return try DTLSContext(identity: .generate()) }
      let made = try DTLSContext(identity: certificate.identity)
      contexts = contexts.filter { $0.value.context != nil }
      contexts[certificate.fingerprint] = SharedContext(context: made)
      return made
    } catch {
      throw .certificateUnusable
    }
  }

  /// Calls `body` with the connection of that name; what it sends leaves before this returns.
  func perform<R: Sendable>(
    _ key: ConnectionKey, _ body: @Sendable (Connection, Instant, Outbox) throws(RTCError) -> R
  ) throws(RTCError) -> R {
    guard let connection = connections[key] else { throw .closed }
    defer { settle(connection, at: MonotonicClock.now()) }
    return try body(connection, MonotonicClock.now(), outbox)
  }

  private func remove(_ connection: Connection) {
    connections[connection.key] = nil
    timetable.set(connection.key, to: nil)
    for socket in connection.sockets { forget(socket.descriptor) }
    connection.releaseStreams()
    paths = paths.filter { $0.value != connection.key }
    names = names.filter { $0.value != connection.key }
    endIfUnused()
  }

  /// Has the loop report on a descriptor of a connection.
  func watch(_ descriptor: Descriptor, for key: ConnectionKey) throws(SystemError) {
    owners[ObjectIdentifier(descriptor)] = key
    try loop.watch(descriptor, handler: self)
  }

  /// Ends what `watch` began.
  func forget(_ descriptor: Descriptor) {
    owners[ObjectIdentifier(descriptor)] = nil
    loop.unwatch(descriptor)
  }

  // MARK: The loop

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if let shared, shared.descriptor === descriptor {
      receiveShared(shared, at: now)
    } else if let key = owners[ObjectIdentifier(descriptor)], let connection = connections[key] {
      touched.insert(key)
      connection.handle(readiness, of: descriptor, slab: &slab, at: now, into: outbox)
      flush(connection)
    } else if let listener, listener.descriptor === descriptor {
      welcome(listener, at: now)
    } else if let stranger = strangers[ObjectIdentifier(descriptor)] {
      listen(to: stranger, readiness, at: now)
    } else {
      receiveNames(readiness, of: descriptor, at: now)
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    advanceNames(to: now)
    while let key = timetable.takeDue(by: now) { touched.insert(key) }
    for key in touched {
      if let connection = connections[key] { settle(connection, at: now) }
    }
    touched.removeAll(keepingCapacity: true)
    dismissStrangers(at: now)
    return NextTurn(
      deadline: [timetable.earliest, strangers.values.map(\.patience).min(), localNames?.deadline]
        .compactMap(\.self).min())
  }

  /// Fires what is due, sends, and tells what happened.
  private func settle(_ connection: Connection, at now: Instant) {
    connection.advance(to: now, into: outbox)
    flush(connection)
    connection.publishEvents(at: now, into: outbox)
    flush(connection)
    timetable.set(connection.key, to: connection.deadline)
    if connection.isOver { remove(connection) }
  }

  func flush(_ connection: Connection) {
    guard !outbox.isEmpty else { return }
    if shared != nil { noteRequests(in: outbox, of: connection.key) }
    connection.send(outbox)
    outbox.removeAll()
  }
}
