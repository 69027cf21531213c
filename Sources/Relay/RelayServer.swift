public import Net
import TURN
public import Wire

/// A TURN and STUN server on sockets (RFC 8656, RFC 8489): one thread around a `TURNServer`.
///
/// It listens at ports of its own, and at those of others who hand in what is for it (`doors`). Datagrams are read
/// in batches, and those of a turn that leave by one socket for one address leave as one run.
public actor RelayServer: EventLoopHandler {
  /// What a descriptor is.
  enum Watched {
    case signal
    case listener(DatagramPort)
    case relay(DatagramPort)
    case tcpListener(TCPListener, isSecure: Bool)
    case client(StreamClient)
    case relayListener(RelayListener)
    case peer(PeerLink)
  }

  /// Its thread.
  public nonisolated let loop: EventLoop
  /// Where clients are heard: the ports of its own.
  public nonisolated let addresses: [TransportAddress]
  /// Where clients' connections are taken.
  public nonisolated let tcpAddresses: [TransportAddress]
  /// Where clients' connections in TLS are taken.
  public nonisolated let tlsAddresses: [TransportAddress]
  /// The ways in from ports of others, in the order they were given.
  public nonisolated let doors: [RelayDoor]
  let machine: TURNServer
  let configuration: Configuration
  let signal: LoopSignal
  let outbox = Outbox()
  var ports: RelayPorts
  var watched: [ObjectIdentifier: Watched] = [:]
  /// Relayed addresses, as peers know them.
  var relays: [TransportAddress: DatagramPort] = [:]
  /// Bound addresses of relays that peers know by another.
  var boundRelays: Set<TransportAddress> = []
  var listeners: [DatagramPort]
  private let tcpListeners: [TCPListener]
  private let tlsListeners: [TCPListener]
  let tlsContext: TLSContext?
  let streamMail: StreamMailbox
  /// Clients that are reached by streams.
  var clients: [Path: StreamClient] = [:]
  /// Those whose streams others read.
  var handed: [ObjectIdentifier: StreamClient] = [:]
  /// Connections by where they are from.
  var admitted: [AddressBlock: Int] = [:]
  /// When clients are looked for that have nothing here.
  var nextLookAt = Instant.zero
  /// Relayed addresses that peers connect to.
  var relayListeners: [TransportAddress: RelayListener] = [:]
  var links: [TURNServer.ConnectionID: PeerLink] = [:]
  var pausedLinks: [TURNServer.ConnectionID: PeerLink] = [:]
  /// Those that are over but for what waits to leave.
  var finishing: [ObjectIdentifier: PeerLink] = [:]
  var refusedConnections: UInt64 = 0
  var shedPieces: UInt64 = 0
  var unfragmentedDatagrams: UInt64 = 0
  /// Events that were not carried out yet.
  var events: [TURNServer.Event] = []
  /// Places in the outbox of datagrams that must not be fragmented.
  var unfragmented: [Int] = []
  /// Memory of `flush`.
  var order = SendOrder()
  var slab = ReceiveSlab(slotCount: 128)
  var mail = RelayDoor.Mail()
  /// Sockets of relays that are gone, in numbers.
  var closedSockets = SocketStatistics()
  private var hasReceived = false
  private var dateToldAt: Instant?

  /// Binds the ports and starts the thread. `shares` are ports of others, each of which gets a door.
  public init(
    _ configuration: Configuration, sharing shares: [UDPSocket.Share] = []
  ) throws(Failure) {
    do throws(SystemError) {
      signal = try LoopSignal()
      let own = try configuration.udp.map { address throws(SystemError) in
        try Self.listen(at: address)
      }
      addresses = own.map(\.address)
      listeners =
        own + shares.map { DatagramPort(UDPSocket(sharing: $0), at: $0.localAddress, for: nil) }
      tcpListeners = try configuration.tcp.map { address throws(SystemError) in
        try TCPListener(boundTo: address, options: Self.streamOptions)
      }
      tlsListeners = try configuration.tls.map { address throws(SystemError) in
        try TCPListener(boundTo: address, options: Self.streamOptions)
      }
      loop = try EventLoop(name: "relay")
    } catch {
      throw .system(error)
    }
    tcpAddresses = tcpListeners.map(\.localAddress)
    tlsAddresses = tlsListeners.map(\.localAddress)
    tlsContext = try Self.context(configuration)
    let signal = signal
    doors = shares.map { RelayDoor(to: $0, signal: signal) }
    streamMail = StreamMailbox(signal: signal)
    self.configuration = configuration
    ports = RelayPorts(configuration)
    var turn = configuration.turn
    turn.families = Set(configuration.relayHosts.map(\.family))
    turn.canForbidFragmentation = true
    turn.listeners += Self.known(
      addresses + tcpAddresses + tlsAddresses, as: configuration.advertisedHosts)
    machine = TURNServer(configuration: turn, random: .system)
  }

  private static func listen(at address: TransportAddress) throws(SystemError) -> DatagramPort {
    var options = UDPSocket.Options()
    options.tracksLocalAddress = true
    let socket = try UDPSocket(boundTo: address, options: options)
    return DatagramPort(socket, at: socket.localAddress, for: nil)
  }

  private static var streamOptions: TCPConnection.Options {
    var options = TCPConnection.Options()
    options.maximumQueuedBytes = StreamClient.maximumQueuedBytes
    return options
  }

  private static func context(_ configuration: Configuration) throws(Failure) -> TLSContext? {
    guard let certificates = configuration.certificates else {
      if configuration.tls.isEmpty { return nil }
      throw .withoutCertificate
    }
    do throws(TLSContext.Failure) {
      return try TLSContext(certificates: certificates)
    } catch {
      throw .withoutCertificate
    }
  }

  /// Takes part in the loop from now on.
  public func start() throws(SystemError) {
    loop.add(self)
    try watch(signal.descriptor, as: .signal)
    for listener in listeners.prefix(addresses.count) {
      try watch(listener.socket.descriptor, as: .listener(listener))
    }
    for listener in tcpListeners {
      try watch(listener.descriptor, as: .tcpListener(listener, isSecure: false))
    }
    for listener in tlsListeners {
      try watch(listener.descriptor, as: .tcpListener(listener, isSecure: true))
    }
  }

  /// Ends all allocations, connections and the thread.
  public func stop() {
    for door in doors { door.close() }
    streamMail.close()
    for client in clients.values { client.close() }
    for link in links.values { link.connection.close() }
    for link in finishing.values { link.connection.close() }
    loop.remove(self)
    watched = [:]
    relays = [:]
    relayListeners = [:]
    clients = [:]
    handed = [:]
    links = [:]
    pausedLinks = [:]
    finishing = [:]
    loop.stop()
  }

  /// Every address that the listeners are known by.
  private static func known(
    _ addresses: [TransportAddress], as advertised: [IPAddress]
  ) -> [TransportAddress] {
    let own = ((try? NetworkInterface.all()) ?? []).map(\.ip)
    return addresses.flatMap { address in
      let hosts = (address.ip.isUnspecified ? own : [address.ip]) + advertised
      return hosts.map { TransportAddress(ip: $0, port: address.port) }
    }
  }

  func watch(_ descriptor: Descriptor, as kind: Watched) throws(SystemError) {
    try loop.watch(descriptor, handler: self)
    watched[ObjectIdentifier(descriptor)] = kind
  }

  func unwatch(_ descriptor: Descriptor) {
    watched[ObjectIdentifier(descriptor)] = nil
    loop.unwatch(descriptor)
  }

  // MARK: The loop

  /// Takes what a socket has.
  public func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    tellDate(now)
    hasReceived = true
    switch watched[ObjectIdentifier(descriptor)] {
    case .signal:
      takeMail(now)
      takeStreamMail(now)
    case .listener(let port): readClients(port, now)
    case .relay(let port):
      if readiness.contains(.closed) { readFailures(port, now) }
      readPeers(port, now)
    case .tcpListener(let listener, let isSecure): acceptClients(listener, isSecure: isSecure, now)
    case .client(let client): read(client, readiness, now)
    case .relayListener(let listener): acceptPeers(listener, now)
    case .peer(let link): read(link, readiness, now)
    case nil: break
    }
    perform(now)
    if outbox.datagrams.count >= 512 { flush() }
  }

  /// Ends what has run out, and sends what has gathered.
  public func finishTurn(at now: Instant) -> NextTurn {
    machine.advance(to: now, into: outbox, events: &events)
    perform(now)
    endUseless(now)
    let resumedAt = resumePaused(now)
    let finishedAt = endFinishing(now)
    flush()
    while let client = order.broken.popLast() { end(client, now) }
    flush()
    defer { hasReceived = false }
    let look = clients.isEmpty ? nil : nextLookAt
    let deadlines = [machine.deadline, look, resumedAt, finishedAt].compactMap(\.self)
    return NextTurn(
      deadline: deadlines.min(), restUntil: hasReceived ? now + configuration.burstDelay : nil)
  }

  /// The date may be set while we run, and a machine that slept has another.
  private func tellDate(_ now: Instant) {
    if let dateToldAt, now - dateToldAt < .seconds(1) { return }
    dateToldAt = now
    let date = MonotonicClock.unixOffset() + (now - .zero)
    machine.setUnixTime(date.milliseconds / 1000, at: now)
  }
}
