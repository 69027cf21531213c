public import Signaling
public import Wire

/// All rooms of a server: who is in them, what they say to each other, and what media has to know.
public actor Meeting {
  let limits: MeetingLimits
  let plane: any MediaPlane
  let clock: MeetingClock
  let coding: MessageCoding
  let relay: (any RelayAccess)?
  var random: RandomSource
  var rooms: [String: Room] = [:]
  var mediaRooms: [MediaRoomID: String] = [:]
  var people: [MediaPeerID: Participant] = [:]
  var players: [MediaPeerID: Player] = [:]
  var newcomers: [SocketID: Newcomer] = [:]
  var owners: [SocketID: MediaPeerID] = [:]
  var tokens: [String: MediaPeerID] = [:]
  var resources: [String: MediaPeerID] = [:]
  var isStopping = false
  var isMediaRunning = true
  var counts = SignalingCounts()
  /// When those who want figures are told them next.
  var nextFigures: Instant?
  /// What was written to the log of late, and when.
  var diagnosesWritten: [String: Instant] = [:]
  /// Writes a line to the log.
  let log: @Sendable (String) -> Void
  private var lastNumber: UInt64 = 0

  /// An empty server on `plane`. Its owner calls `handle` for each media event and `advance` a few
  /// times a second. `log` gets a line for each finding that whoever runs the server should know.
  public init(
    plane: any MediaPlane, limits: MeetingLimits = MeetingLimits(), clock: MeetingClock = .system,
    random: RandomSource = .system, relay: (any RelayAccess)? = nil,
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.plane = plane
    self.relay = relay
    self.limits = limits
    self.clock = clock
    self.random = random
    self.log = log
    coding = MessageCoding(limits: limits.signaling)
  }

  func nextNumber() -> UInt64 {
    lastNumber &+= 1
    return lastNumber
  }

  /// Why no more work should be sent here; nothing while all is well. Words without quotes.
  public var reasonsNotToBeReady: [String] {
    var reasons: [String] = []
    if isStopping { reasons.append("stopping") }
    if !isMediaRunning { reasons.append("media") }
    if people.count + players.count >= limits.participants { reasons.append("full") }
    return reasons
  }

  /// Rooms with somebody in them, and participants that are shown.
  public var census: (rooms: Int, participants: Int) {
    (rooms.values.count { !$0.isEmpty }, rooms.values.reduce(0) { $0 + $1.roster.count })
  }
}

// MARK: - Sockets

extension Meeting {
  /// A socket opened at `/ws` without a participant's id.
  public func open(_ socket: any ClientSocket) -> SocketID {
    let id = SocketID(rawValue: nextNumber())
    guard !isStopping else {
      socket.send(coding.encode(ServerEnvelope(closingMessage)).text)
      close(socket, .stopping)
      return id
    }
    counts.openedSockets &+= 1
    let session = SignalingSession(.meeting, limits: limits.signaling, at: clock.now())
    newcomers[id] = Newcomer(session: session, socket: socket)
    return id
  }

  /// A socket closed; `isGoingAway` where the page said so (close code 1001).
  public func closed(_ id: SocketID, isGoingAway: Bool = false) async {
    newcomers[id] = nil
    guard let peer = owners.removeValue(forKey: id) else { return }
    guard people[peer]?.socketID == id else { return }
    people[peer]?.socket = nil
    people[peer]?.socketID = nil
    let command =
      people[peer]?.session?.socketClosed(isGoingAway: isGoingAway, at: clock.now()) ?? .nothing
    if case .leave = command {
      await remove(peer, .left)
    } else if people[peer]?.media == .connected, people[peer]?.path == .failed, isGoingAway {
      await remove(peer, .lost)
    }
  }

  /// A socket broke a limit of its connection; it is told and closed, and may resume elsewhere.
  public func refuse(_ id: SocketID, _ failure: SignalingFailure, _ reason: SignalingClose) async {
    guard let socket = newcomers[id]?.socket ?? owners[id].flatMap({ people[$0]?.socket }) else {
      return
    }
    reply(.error(failure), to: id)
    close(socket, reason)
    await closed(id)
  }

  /// One message of `byteCount` bytes came in on a socket.
  public func receive(
    _ message: Result<ClientMessage, SignalingFailure>, byteCount: Int, from id: SocketID
  ) async {
    guard !isStopping else { return }
    counts.receivedMessages &+= 1
    if newcomers[id] != nil {
      let command = newcomers[id]?.session.receive(message) ?? .nothing
      await carryOut(command, newcomer: id)
    } else if let peer = owners[id] {
      people[peer]?.saidAt = clock.now()
      let command = people[peer]?.session?.receive(message) ?? .nothing
      await carryOut(command, of: peer, byteCount: byteCount)
    }
  }

  private func carryOut(_ command: SignalingSession.Command, newcomer id: SocketID) async {
    switch command {
    case .join(let room, let request): await join(id, room: room, request)
    case .resume(let request): resume(id, request)
    case .reply(let message): reply(message, to: id)
    default: break
    }
  }

  private func carryOut(
    _ command: SignalingSession.Command, of peer: MediaPeerID, byteCount: Int
  ) async {
    switch command {
    case .negotiate(let request): await negotiate(request, peer)
    case .update(let request): await update(request, peer)
    case .view(let request): await setView(request, peer)
    case .statistics(let isOn): people[peer]?.wantsStatistics = isOn
    case .chat(let text): chat(text, peer, byteCount: byteCount)
    case .relay(let message): relay(message, peer, byteCount: byteCount)
    case .reply(let message): tell(message, to: peer)
    case .leave(let reason):
      let socket = people[peer]?.socket
      await remove(peer, .left)
      if let socket { close(socket, reason) }
    case .nothing, .join, .resume, .close, .lose: break
    }
  }

  func close(_ socket: any ClientSocket, _ reason: SignalingClose) {
    socket.close(code: reason.code, reason: reason.reason)
  }
}

// MARK: - Telling

extension Meeting {
  /// Sends to a socket, joined or not.
  func reply(_ message: ServerMessage, to id: SocketID) {
    if let newcomer = newcomers[id] {
      newcomer.socket.send(coding.encode(ServerEnvelope(message)).text)
    } else if let peer = owners[id] {
      tell(message, to: peer)
    }
  }

  /// Sends to one participant.
  func tell(_ message: ServerMessage, from sender: String? = nil, to peer: MediaPeerID) {
    guard let room = people[peer]?.room else { return }
    send(coding.encode(ServerEnvelope(message, roomId: room, userId: sender)), to: peer)
  }

  /// Sends to everybody in a room that `includes` accepts; encoded once.
  func tell(
    _ message: ServerMessage, from sender: String? = nil, in room: String,
    where includes: (Participant) -> Bool = { _ in true }
  ) {
    guard let roster = rooms[room]?.roster else { return }
    let encoded = coding.encode(ServerEnvelope(message, roomId: room, userId: sender))
    for peer in roster {
      // No copy of the participant outlives this line: sending changes it in place.
      if people[peer].map(includes) == true { send(encoded, to: peer) }
    }
  }

  func send(_ message: OutgoingMessage, to peer: MediaPeerID) {
    guard let text = people[peer]?.session?.send(message) else { return }
    counts.sentMessages &+= 1
    people[peer]?.socket?.send(text)
  }

  var closingMessage: ServerMessage {
    .closing(reason: "restart", retryAfter: Int(limits.retryAfter.milliseconds))
  }
}

extension SignalingSession {
  mutating func receive(_ message: Result<ClientMessage, SignalingFailure>) -> Command {
    switch message {
    case .success(let message): receive(message)
    case .failure(let failure): receive(failure)
    }
  }
}
