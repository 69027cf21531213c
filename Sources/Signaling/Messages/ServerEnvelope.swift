/// A message of the server with its envelope.
public struct ServerEnvelope: Sendable, Equatable {
  /// The content.
  public var message: ServerMessage
  /// The room.
  public var roomId: String?
  /// Who it is from; in `joined` and `resumed`, who the receiver is.
  public var userId: String?
  /// The one participant it was for.
  public var to: String?
  /// 1, 2, 3 … per participant.
  public var seq: UInt64?

  /// A message and its envelope.
  public init(
    _ message: ServerMessage, roomId: String? = nil, userId: String? = nil, to: String? = nil,
    seq: UInt64? = nil
  ) {
    self.message = message
    self.roomId = roomId
    self.userId = userId
    self.to = to
    self.seq = seq
  }
}

extension ServerEnvelope: Codable {
  private enum Field: String, CodingKey {
    case type, roomId, userId, to, payload, seq
  }

  private struct Answer: Codable { var sdp: String }
  private struct One: Codable { var participant: ParticipantDescription }
  private struct Departure: Codable {
    var id: String
    var reason: DepartureReason
  }
  private struct Slots: Codable { var slots: [SlotAssignment] }
  private struct Speakers: Codable { var speakers: [SpeakerLevel] }
  private struct Quality: Codable { var participants: [ParticipantQuality] }
  private struct Servers: Codable { var iceServers: [ICEServerDescription] }
  private struct PathState: Codable { var state: MediaPathState }
  private struct Closing: Codable {
    var reason: String
    var retryAfter: Int
  }

  /// Reads what a server sent. A `chat` that is no chat of a meeting is taken as relayed.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    roomId = try fields.decodeIfPresent(String.self, forKey: .roomId)
    userId = try fields.decodeIfPresent(String.self, forKey: .userId)
    to = try fields.decodeIfPresent(String.self, forKey: .to)
    seq = try fields.decodeIfPresent(UInt64.self, forKey: .seq)
    func payload<Payload: Decodable>(_: Payload.Type = Payload.self) throws -> Payload {
      try fields.decode(Payload.self, forKey: .payload)
    }
    let type = try fields.decode(String.self, forKey: .type)
    switch type {
    case "joined": message = .joined(try payload())
    case "resumed": message = .resumed(try payload())
    case "negotiated": message = .negotiated(sdp: try payload(Answer.self).sdp)
    case "participant-joined": message = .participantJoined(try payload(One.self).participant)
    case "participant-updated": message = .participantUpdated(try payload(One.self).participant)
    case "participant-left":
      let departure: Departure = try payload()
      message = .participantLeft(id: departure.id, departure.reason)
    case "slots": message = .slots(try payload(Slots.self).slots)
    case "speakers": message = .speakers(try payload(Speakers.self).speakers)
    case "layers": message = .layers(try payload())
    case "quality": message = .quality(try payload(Quality.self).participants)
    case "media-state": message = .mediaState(try payload(PathState.self).state)
    case "ice-servers": message = .iceServers(try payload(Servers.self).iceServers)
    case "diagnosis": message = .diagnosis(try payload())
    case "pong": message = .pong(try payload())
    case "closing":
      let closing: Closing = try payload()
      message = .closing(reason: closing.reason, retryAfter: closing.retryAfter)
    case "error": message = .error(try payload())
    default:
      guard let kind = RelayedMessage.Kind(rawValue: type) else {
        throw SignalingFailure(.unknownType, "no such message type", inReplyTo: type)
      }
      if kind == .chat, let chat = try? fields.decode(ChatMessage.self, forKey: .payload) {
        message = .chat(chat)
      } else {
        message = .relayed(RelayedMessage(kind, to: to, payload: try payload()))
      }
    }
  }

  /// Writes the envelope as the server sends it.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(message.type, forKey: .type)
    try fields.encodeIfPresent(roomId, forKey: .roomId)
    try fields.encodeIfPresent(userId, forKey: .userId)
    try fields.encodeIfPresent(to, forKey: .to)
    try fields.encodeIfPresent(seq, forKey: .seq)
    switch message {
    case .joined(let joined): try fields.encode(joined, forKey: .payload)
    case .resumed(let resumed): try fields.encode(resumed, forKey: .payload)
    case .negotiated(let sdp): try fields.encode(Answer(sdp: sdp), forKey: .payload)
    case .participantJoined(let one), .participantUpdated(let one):
      try fields.encode(One(participant: one), forKey: .payload)
    case .participantLeft(let id, let reason):
      try fields.encode(Departure(id: id, reason: reason), forKey: .payload)
    case .slots(let slots): try fields.encode(Slots(slots: slots), forKey: .payload)
    case .speakers(let speakers):
      try fields.encode(Speakers(speakers: speakers), forKey: .payload)
    case .layers(let demand): try fields.encode(demand, forKey: .payload)
    case .quality(let participants):
      try fields.encode(Quality(participants: participants), forKey: .payload)
    case .mediaState(let state): try fields.encode(PathState(state: state), forKey: .payload)
    case .iceServers(let servers):
      try fields.encode(Servers(iceServers: servers), forKey: .payload)
    case .diagnosis(let diagnosis): try fields.encode(diagnosis, forKey: .payload)
    case .chat(let chat): try fields.encode(chat, forKey: .payload)
    case .pong(let payload): try fields.encode(payload, forKey: .payload)
    case .closing(let reason, let retryAfter):
      try fields.encode(Closing(reason: reason, retryAfter: retryAfter), forKey: .payload)
    case .error(let failure): try fields.encode(failure, forKey: .payload)
    case .relayed(let relayed): try fields.encode(relayed.payload, forKey: .payload)
    }
  }
}
