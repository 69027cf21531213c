/// A participant as everybody sees them.
public struct ParticipantDescription: Codable, Sendable, Equatable {
  /// The id.
  public var id: String
  /// The name.
  public var name: String
  /// What is live.
  public var media: LiveMedia

  /// A participant.
  public init(id: String, name: String, media: LiveMedia) {
    self.id = id
    self.name = name
    self.media = media
  }
}

/// The payload of `chat` in a meeting.
public struct ChatMessage: Codable, Sendable, Equatable {
  /// 1, 2, 3 … in a room.
  public var id: UInt64
  /// Who wrote it.
  public var userId: String
  /// The writer's name at that time.
  public var name: String
  /// What was written.
  public var text: String
  /// When it came in, in milliseconds since 1970.
  public var at: Int64

  /// A chat message.
  public init(id: UInt64, userId: String, name: String, text: String, at: Int64) {
    self.id = id
    self.userId = userId
    self.name = name
    self.text = text
    self.at = at
  }
}

/// A server that helps to find a way through NATs, as browsers take it.
public struct ICEServerDescription: Codable, Sendable, Equatable {
  /// `stun:` and `turn:` URIs.
  public var urls: [String]
  /// The user name, for TURN.
  public var username: String?
  /// The password, for TURN.
  public var credential: String?

  /// A server.
  public init(urls: [String], username: String? = nil, credential: String? = nil) {
    self.urls = urls
    self.username = username
    self.credential = credential
  }
}

/// The payload of `joined`.
public struct Joined: Codable, Sendable, Equatable {
  /// The answer, where there was an offer.
  public var sdp: String?
  /// Proves who resumes; a secret.
  public var resumeToken: String
  /// Servers for connections between participants.
  public var iceServers: [ICEServerDescription]
  /// Everybody, oneself included, in order of arrival.
  public var participants: [ParticipantDescription]
  /// The receive slots that show something.
  public var slots: [SlotAssignment]
  /// What was said before.
  public var chat: [ChatMessage]

  /// The state of the room as a newcomer finds it.
  public init(
    sdp: String?, resumeToken: String, iceServers: [ICEServerDescription],
    participants: [ParticipantDescription], slots: [SlotAssignment], chat: [ChatMessage]
  ) {
    self.sdp = sdp
    self.resumeToken = resumeToken
    self.iceServers = iceServers
    self.participants = participants
    self.slots = slots
    self.chat = chat
  }
}

/// The payload of `resumed`.
public struct Resumed: Codable, Sendable, Equatable {
  /// Everybody, oneself included, in order of arrival.
  public var participants: [ParticipantDescription]
  /// The receive slots that show something.
  public var slots: [SlotAssignment]
  /// Whether messages were lost; all but chat is made good by this message.
  public var missed: Bool

  /// The state of the room as a returning participant finds it.
  public init(participants: [ParticipantDescription], slots: [SlotAssignment], missed: Bool) {
    self.participants = participants
    self.slots = slots
    self.missed = missed
  }
}

/// Why somebody is gone.
public enum DepartureReason: String, Codable, Sendable {
  /// They left.
  case left
  /// They did not come back in time.
  case lost
}

/// Somebody who speaks.
public struct SpeakerLevel: Codable, Sendable, Equatable {
  /// Who speaks.
  public var userId: String
  /// How loud, 0–1.
  public var level: Double

  /// `userId` speaks at `level`.
  public init(userId: String, level: Double) {
    self.userId = userId
    self.level = level
  }
}

/// What the server says.
public enum ServerMessage: Sendable, Equatable {
  /// Answers `join`.
  case joined(Joined)
  /// Answers `resume`.
  case resumed(Resumed)
  /// Answers `negotiate` with an SDP answer.
  case negotiated(sdp: String)
  /// Somebody came.
  case participantJoined(ParticipantDescription)
  /// Somebody's name or media changed.
  case participantUpdated(ParticipantDescription)
  /// Somebody went.
  case participantLeft(id: String, DepartureReason)
  /// The whole mapping of the participant's receive slots.
  case slots([SlotAssignment])
  /// Who is speaking, loudest first.
  case speakers([SpeakerLevel])
  /// What the participant should send of one of its sources.
  case layers(LayerDemand)
  /// How well participants send and receive.
  case quality([ParticipantQuality])
  /// The state of the participant's media path.
  case mediaState(MediaPathState)
  /// The relays as in `joined`, with credentials that are good for longer.
  case iceServers([ICEServerDescription])
  /// Why the participant's media does not get through.
  case diagnosis(Diagnosis)
  /// Text for everybody.
  case chat(ChatMessage)
  /// Answers `ping`.
  case pong(JSONValue)
  /// The server stops; reconnect after so many milliseconds.
  case closing(reason: String, retryAfter: Int)
  /// Something went wrong.
  case error(SignalingFailure)
  /// Another participant's message as it came.
  case relayed(RelayedMessage)

  /// The `type` on the wire.
  public var type: String {
    switch self {
    case .joined: "joined"
    case .resumed: "resumed"
    case .negotiated: "negotiated"
    case .participantJoined: "participant-joined"
    case .participantUpdated: "participant-updated"
    case .participantLeft: "participant-left"
    case .slots: "slots"
    case .speakers: "speakers"
    case .layers: "layers"
    case .quality: "quality"
    case .mediaState: "media-state"
    case .iceServers: "ice-servers"
    case .diagnosis: "diagnosis"
    case .chat: "chat"
    case .pong: "pong"
    case .closing: "closing"
    case .error: "error"
    case .relayed(let message): message.kind.rawValue
    }
  }

  /// Whether it is repeated after a resume. What is out of date by then, and what answers a message
  /// that the client no longer waits for, is not.
  public var isRepeated: Bool {
    switch self {
    case .speakers, .layers, .quality, .diagnosis, .pong, .joined, .resumed, .closing: false
    default: true
    }
  }
}
