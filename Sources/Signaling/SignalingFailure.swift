/// What went wrong, for a program.
public enum SignalingErrorCode: String, Codable, Sendable, CaseIterable {
  /// Not JSON, or no message.
  case badMessage = "bad-message"
  /// A type nobody knows.
  case unknownType = "unknown-type"
  /// Something other than `join` or `resume` came first.
  case notJoined = "not-joined"
  /// A second `join` or `resume` on one socket.
  case alreadyJoined = "already-joined"
  /// No room id, or one that is too long.
  case badRoom = "bad-room"
  /// No name, one that is too long, or one already taken.
  case badName = "bad-name"
  /// An offer that cannot be answered.
  case badSDP = "bad-sdp"
  /// A field of the payload is missing, of the wrong type or out of range.
  case badPayload = "bad-payload"
  /// The room has as many participants as it may have.
  case roomFull = "room-full"
  /// The server has as many participants as it may have.
  case tooManyParticipants = "too-many-participants"
  /// `to` names nobody in the room.
  case noSuchParticipant = "no-such-participant"
  /// An unknown or expired resume token.
  case resumeFailed = "resume-failed"
  /// Too many messages.
  case rateLimited = "rate-limited"
  /// The server's own fault.
  case `internal`
}

/// A typed error: the payload of `error`.
public struct SignalingFailure: Error, Codable, Sendable, Equatable {
  /// What went wrong, for a program.
  public var code: SignalingErrorCode
  /// What went wrong, an English sentence for a log.
  public var message: String
  /// The `type` it answers, where it is known.
  public var inReplyTo: String?

  /// A failure of `code`, in answer to a message of type `inReplyTo`.
  public init(_ code: SignalingErrorCode, _ message: String, inReplyTo: String? = nil) {
    self.code = code
    self.message = message
    self.inReplyTo = inReplyTo
  }
}

/// Why the server closes a WebSocket.
public enum SignalingClose: Sendable, Equatable {
  /// The participant left.
  case left
  /// The server stops.
  case stopping
  /// Too many messages, no `join` in time, or a way in that is refused.
  case policy(String)
  /// Another socket took this one's place.
  case replaced

  /// The close code (RFC 6455 §7.4).
  public var code: UInt16 {
    switch self {
    case .left: 1000
    case .stopping: 1001
    case .policy: 1008
    case .replaced: 4001
    }
  }

  /// The close reason, under 124 bytes.
  public var reason: String {
    switch self {
    case .left: "left"
    case .stopping: "the server stops"
    case .policy(let reason): reason
    case .replaced: "replaced by another socket"
    }
  }
}
