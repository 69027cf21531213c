public import Net
public import TURN
public import Wire

extension RelayServer {
  /// How the relay does.
  public struct Figures: Sendable {
    /// What the machine counts.
    public var turn: TURNServer.Statistics
    /// Allocations at present.
    public var allocationCount = 0
    /// Datagrams at ports of others that found no room on their way here.
    public var unreadDatagrams: UInt64 = 0
    /// Streams of clients at present.
    public var streamCount = 0
    /// Connections turned away, since there were too many.
    public var refusedConnections: UInt64 = 0
    /// Writes to clients' streams that found no room.
    public var shedPieces: UInt64 = 0
    /// Datagrams that were sent so that nobody may fragment them.
    public var unfragmentedDatagrams: UInt64 = 0
    /// Relayed addresses at present.
    public var relayCount = 0
    /// All sockets together.
    public var sockets = SocketStatistics()
  }

  /// How the relay does.
  public var figures: Figures {
    var figures = Figures(turn: machine.statistics)
    figures.allocationCount = machine.allocationCount
    figures.unreadDatagrams = doors.reduce(0) { $0 &+ $1.droppedCount }
    figures.streamCount = clients.count
    figures.refusedConnections = refusedConnections
    figures.shedPieces = shedPieces
    figures.unfragmentedDatagrams = unfragmentedDatagrams
    figures.relayCount = relays.count + relayListeners.count
    figures.sockets = closedSockets
    for port in listeners { figures.sockets.add(port.socket.statistics) }
    for port in relays.values { figures.sockets.add(port.socket.statistics) }
    return figures
  }

  /// How the clients reach the relay whose datagrams come from `addresses`; those that are no relayed ones are missing.
  public func transports(
    relayingAt addresses: [TransportAddress]
  ) -> [TransportAddress: Path.Transport] {
    var transports: [TransportAddress: Path.Transport] = [:]
    for address in addresses {
      var known = address
      if boundRelays.contains(address),
        let relay = relays.first(where: { $0.value.socket.localAddress == address })
      {
        known = relay.key
      }
      transports[address] = machine.client(relayingAt: known)?.transport
    }
    return transports
  }

  /// Ends all allocations of a user at once; credentials of a shared secret are not taken any longer.
  public func revoke(username: String) {
    let now = MonotonicClock.now()
    machine.revoke(username: username, at: now, events: &events)
    perform(now)
  }

  /// Takes another policy on peers, as when addresses of this machine change.
  public func setPeers(_ peers: TURNPeerPolicy) { machine.configuration.peers = peers }
}

extension SocketStatistics {
  mutating func add(_ other: SocketStatistics) {
    receivedDatagrams &+= other.receivedDatagrams
    receivedBytes &+= other.receivedBytes
    truncatedDatagrams &+= other.truncatedDatagrams
    receiveCalls &+= other.receiveCalls
    sentDatagrams &+= other.sentDatagrams
    sentBytes &+= other.sentBytes
    sentMessages &+= other.sentMessages
    sendCalls &+= other.sendCalls
    congestedDatagrams &+= other.congestedDatagrams
    refusedDatagrams &+= other.refusedDatagrams
  }
}
