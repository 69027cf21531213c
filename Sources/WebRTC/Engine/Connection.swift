import DTLS
import ICE
import Net
import Peer
import SCTP
import STUN
import Session
import Wire

/// What an engine keeps of one connection. It belongs to the engine's thread.
final class Connection {
  let key: ConnectionKey
  unowned let hub: Hub
  /// The engine's socket, where connections share one.
  let shared: UDPSocket?
  let session: PeerSession
  let configuration: PeerConnection.Configuration
  let events: AsyncStream<PeerConnection.Event>.Continuation
  let handle: ConnectionHandle
  let unread: UnreadBytes
  /// Sockets of its own, one for each address; none where it shares the engine's.
  var sockets: [UDPSocket] = []
  /// The port of the engine's TCP listener, where it has one.
  let listenerPort: UInt16?
  /// What the other side calls us by, as the engine knows it.
  var names: [STUNUsernameFragment] = []
  var streams: [Path: PeerStream] = [:]
  var channels: [DataChannelID: DataChannel] = [:]
  var transceivers: [TransceiverID: RTPTransceiver] = [:]
  var waiters: [Waiter] = []
  /// The addresses of this machine that candidates are made of.
  var findAddresses: (PeerConnection.Configuration) -> [IPAddress] = Connection.usableAddresses
  var brokenPaths: Set<Path> = []
  private(set) var isOver = false

  init(
    key: ConnectionKey, hub: Hub, shared: UDPSocket?, listenerPort: UInt16?,
    configuration: PeerConnection.Configuration, context: DTLSContext,
    events: AsyncStream<PeerConnection.Event>.Continuation
  ) {
    self.key = key
    self.hub = hub
    self.shared = shared
    self.listenerPort = listenerPort
    self.configuration = configuration
    self.events = events
    unread = UnreadBytes(limit: configuration.unreadLimit)
    handle = ConnectionHandle(hub: hub, key: key)
    session = PeerSession(configuration: configuration.session, context: context)
    session.awaitsServers = !configuration.iceServers.isEmpty
  }

  /// Whether it is neither connected nor lost.
  var isOnTheWay: Bool {
    switch session.connectionState {
    case .new, .connecting, .disconnected: !isOver
    case .connected, .failed, .closed: false
    }
  }

  var deadline: Instant? { isOver ? nil : session.deadline }

  func advance(to now: Instant, into outbox: Outbox) {
    if let due = session.deadline, due <= now { session.advance(to: now, into: outbox) }
  }

  /// Ends everything; nothing of it is heard of any longer.
  func close(at now: Instant, into outbox: Outbox) {
    guard !isOver else { return }
    session.close(at: now, into: outbox)
    publishEvents(at: now, into: outbox)
    isOver = true
    for channel in channels.values where channel.state != .closed { channel.note(.closed) }
    for transceiver in transceivers.values { transceiver.finish() }
    wakeWaiters()
    events.finish()
  }
}
