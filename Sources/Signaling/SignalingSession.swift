public import Wire

/// One participant's side of the protocol: what a message means in the state it comes in, what is
/// sent again after a lost socket, and when patience ends.
///
/// ```
///            join        admit               socketClosed           advance
///   waiting ──────► joining ──────► joined ◄────────────► detached ────────► gone
///      ▲              │ refuse        │ leave    resume
///      └──────────────┘               └─────────► gone
/// ```
///
/// The owner hands in decoded messages and the time, and does what the returned `Command` says.
public struct SignalingSession: Sendable {
  /// How a socket came in.
  public enum Way: Sendable, Equatable {
    /// `/ws`: the meeting, with `join`.
    case meeting
    /// `/ws?roomId=…&userId=…`: the simple relay, in the room at once.
    case relay
  }

  /// Where the participant stands.
  public enum State: Sendable, Equatable {
    /// The socket has neither joined nor resumed.
    case waiting(until: Instant)
    /// A `join` is being carried out.
    case joining
    /// In the room, with a socket.
    case joined
    /// In the room, without a socket.
    case detached(until: Instant)
    /// Out of the room.
    case gone
  }

  /// What the owner has to do.
  public enum Command: Sendable, Equatable {
    /// Nothing.
    case nothing
    /// Enter the room, then call `admit` or `refuse`.
    case join(room: String, JoinRequest)
    /// Hand the socket to the participant with this token.
    case resume(ResumeRequest)
    /// Answer an offer.
    case negotiate(NegotiateRequest)
    /// Change name or media.
    case update(UpdateRequest)
    /// Pass on what is on the screen.
    case view(ViewRequest)
    /// Tell the figures behind the participant's quality from now on, or no longer.
    case statistics(Bool)
    /// Say this to everybody.
    case chat(String)
    /// Hand this on to others.
    case relay(RelayedMessage)
    /// Send this back.
    case reply(ServerMessage)
    /// Remove the participant and close the socket with this.
    case leave(SignalingClose)
    /// Close the socket; there is no participant.
    case close(SignalingClose)
    /// Remove the participant, who did not come back.
    case lose
  }

  /// Where the participant stands.
  public private(set) var state: State
  /// How the participant came in.
  public let way: Way
  /// The `seq` of the last message.
  public private(set) var lastSeq: UInt64 = 0
  private let limits: SignalingLimits
  private var sent: ResumeBuffer

  /// A socket that has just opened.
  public init(_ way: Way, limits: SignalingLimits = SignalingLimits(), at now: Instant) {
    self.way = way
    self.limits = limits
    state = way == .relay ? .joined : .waiting(until: now + limits.timeToJoin)
    sent = ResumeBuffer(
      capacity: limits.repeatedMessages, byteCapacity: limits.repeatedBytes)
  }

  /// Takes one message from the participant's socket.
  public mutating func receive(_ message: ClientMessage) -> Command {
    switch (state, message) {
    case (.gone, _), (.detached, _): return .nothing
    case (.waiting, .join(let request, let room)): return join(request, room: room)
    case (.waiting, .resume(let request)): return .resume(request)
    case (.waiting, _):
      return .fail(.notJoined, "join or resume comes first", message)
    case (.joining, .join), (.joining, .resume), (.joined, .join), (.joined, .resume):
      return .fail(.alreadyJoined, "this socket is already in a room", message)
    case (.joining, _):
      return .fail(.notJoined, "the join is still being carried out", message)
    case (.joined, _):
      return way == .meeting ? limits.command(for: message) : relayCommand(for: message)
    }
  }

  /// Takes a message that could not be decoded.
  public mutating func receive(_ failure: SignalingFailure) -> Command {
    switch state {
    case .gone, .detached: .nothing
    default: .reply(.error(failure))
    }
  }

  private mutating func join(_ request: JoinRequest, room: String?) -> Command {
    guard let room = room.flatMap(limits.room) else {
      return .reply(.error(.badRoom(limits, inReplyTo: "join")))
    }
    guard let name = limits.name(request.name) else {
      return .reply(.error(.badName(limits, inReplyTo: "join")))
    }
    if let fault = limits.fault(in: request.sources) {
      return .reply(.error(SignalingFailure(.badPayload, fault, inReplyTo: "join")))
    }
    var request = request
    request.name = name
    state = .joining
    return .join(room: room, request)
  }

  private func relayCommand(for message: ClientMessage) -> Command {
    switch message {
    case .relayed(let message): .relay(message)
    case .ping(let payload): .reply(.pong(payload))
    case .leave: .leave(.left)
    default: .fail(.unknownType, "the simple relay has no such message", message)
    }
  }
}

extension SignalingSession {
  /// The join succeeded.
  public mutating func admit() {
    if state == .joining { state = .joined }
  }

  /// The join failed; the client may try again.
  public mutating func refuse(at now: Instant) {
    if state == .joining { state = .waiting(until: now + limits.timeToJoin) }
  }

  /// The socket is closed; `isGoingAway` where the page said so (close code 1001).
  public mutating func socketClosed(isGoingAway: Bool, at now: Instant) -> Command {
    switch state {
    case .detached, .gone: return .nothing
    case .joined where way == .meeting:
      state = .detached(until: now + (isGoingAway ? limits.timeToReload : limits.timeToResume))
      return .nothing
    case .joined:
      state = .gone
      return .leave(.left)
    case .waiting, .joining:
      state = .gone
      return .nothing
    }
  }

  /// When `advance` is due.
  public var deadline: Instant? {
    switch state {
    case .waiting(let until), .detached(let until): until
    case .joining, .joined, .gone: nil
    }
  }

  /// Ends what has waited too long.
  public mutating func advance(to now: Instant) -> Command {
    guard let deadline, deadline <= now else { return .nothing }
    defer { state = .gone }
    if case .waiting = state { return .close(.policy("no join in time")) }
    return .lose
  }

  /// The participant is back on a new socket. Returns what to send first, and whether messages
  /// after `lastSeq` are lost.
  public mutating func resume(after lastSeq: UInt64) -> (messages: [String], missed: Bool)? {
    switch state {
    case .joined where way == .meeting, .detached: break
    default: return nil
    }
    state = .joined
    let (messages, missed) = sent.after(lastSeq)
    return (messages, missed || lastSeq > self.lastSeq)
  }

  /// The text to put on the socket now; nil where there is none, and the message is kept for later.
  public mutating func send(_ message: OutgoingMessage) -> String? {
    switch state {
    case .waiting, .joining: return message.text
    case .gone: return nil
    case .detached:
      guard message.isRepeated else { return nil }
      number(message)
      return nil
    case .joined:
      number(message)
      return message.numbered(lastSeq)
    }
  }

  private mutating func number(_ message: OutgoingMessage) {
    lastSeq &+= 1
    if message.isRepeated, way == .meeting { sent.append(message, seq: lastSeq) }
  }
}

extension SignalingSession.Command {
  static func fail(
    _ code: SignalingErrorCode, _ message: String, _ answered: ClientMessage
  ) -> SignalingSession.Command {
    .reply(.error(SignalingFailure(code, message, inReplyTo: answered.type)))
  }
}
