/// What a client says.
public enum ClientMessage: Sendable, Equatable {
  /// Enters the room `room` (unread).
  case join(JoinRequest, room: String?)
  /// Comes back after a lost socket.
  case resume(ResumeRequest)
  /// Makes a new offer.
  case negotiate(NegotiateRequest)
  /// Changes name or media.
  case update(UpdateRequest)
  /// Says what is on the screen.
  case view(ViewRequest)
  /// Asks for the figures behind its own quality.
  case statistics(StatisticsRequest)
  /// Asks for a `pong` with the same payload.
  case ping(JSONValue)
  /// Goes.
  case leave
  /// Is handed on to others. `chat` is among these: what it must hold depends on the way in.
  case relayed(RelayedMessage)

  /// The `type` on the wire.
  public var type: String {
    switch self {
    case .join: "join"
    case .resume: "resume"
    case .negotiate: "negotiate"
    case .update: "update"
    case .view: "view"
    case .statistics: "statistics"
    case .ping: "ping"
    case .leave: "leave"
    case .relayed(let message): message.kind.rawValue
    }
  }
}

extension ClientMessage: Codable {
  private enum Field: String, CodingKey {
    case type, roomId, to, payload
  }

  /// Reads an envelope and its payload; throws `SignalingFailure`, or what the decoder throws where
  /// the text is no JSON at all.
  public init(from decoder: any Decoder) throws {
    guard let fields = try? decoder.container(keyedBy: Field.self) else {
      throw SignalingFailure(.badMessage, "a message is a JSON object")
    }
    guard let type = try? fields.decode(String.self, forKey: .type) else {
      throw SignalingFailure(.badMessage, "a message has a string \"type\"")
    }
    guard type.utf8.count <= identifierBytes else { throw SignalingFailure(unknownType: type) }
    func payload<Payload: Decodable>(_: Payload.Type = Payload.self) throws -> Payload {
      do { return try fields.decode(Payload.self, forKey: .payload) } catch {
        throw SignalingFailure(.badPayload, describe(error), inReplyTo: type)
      }
    }
    func anything() throws -> JSONValue {
      fields.contains(.payload) ? try payload() : .object([:])
    }
    switch type {
    case "join":
      self = .join(try payload(), room: try? fields.bounded(.roomId, bytes: roomBytes))
    case "resume": self = .resume(try payload())
    case "negotiate": self = .negotiate(try payload())
    case "update": self = .update(try payload())
    case "view": self = .view(try payload())
    case "statistics": self = .statistics(try payload())
    case "ping": self = .ping(try anything())
    case "leave": self = .leave
    default:
      guard let kind = RelayedMessage.Kind(rawValue: type) else {
        throw SignalingFailure(unknownType: type)
      }
      let to: String?
      do { to = try fields.boundedIfPresent(.to, bytes: identifierBytes) } catch {
        throw SignalingFailure(.badMessage, "\"to\" is a participant's id", inReplyTo: type)
      }
      self = .relayed(RelayedMessage(kind, to: to, payload: try anything()))
    }
  }

  /// Writes the envelope as a client sends it.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(type, forKey: .type)
    switch self {
    case .join(let request, let room):
      try fields.encodeIfPresent(room, forKey: .roomId)
      try fields.encode(request, forKey: .payload)
    case .resume(let request): try fields.encode(request, forKey: .payload)
    case .negotiate(let request): try fields.encode(request, forKey: .payload)
    case .update(let request): try fields.encode(request, forKey: .payload)
    case .view(let request): try fields.encode(request, forKey: .payload)
    case .statistics(let request): try fields.encode(request, forKey: .payload)
    case .ping(let payload): try fields.encode(payload, forKey: .payload)
    case .leave: break
    case .relayed(let message):
      try fields.encodeIfPresent(message.to, forKey: .to)
      try fields.encode(message.payload, forKey: .payload)
    }
  }
}

extension SignalingFailure {
  fileprivate init(unknownType type: String) {
    self.init(
      .unknownType, "no such message type", inReplyTo: String(type.unicodeScalars.prefix(64)))
  }
}

/// Which field is wrong, and how; nothing of what the client wrote but the path to it.
private func describe(_ error: any Error) -> String {
  guard let error = error as? DecodingError else { return "the payload cannot be read" }
  func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
    let keys = context.codingPath + (last.map { [$0] } ?? [])
    return keys.prefix(8).reduce("") { path, key in
      if let index = key.intValue { return "\(path)[\(index)]" }
      let name = String(key.stringValue.unicodeScalars.prefix(32))
      return path.isEmpty ? name : "\(path).\(name)"
    }
  }
  switch error {
  case .keyNotFound(let key, let context): return "\(path(context, key)) is missing"
  case .valueNotFound(_, let context): return "\(path(context)) must not be null"
  case .typeMismatch(_, let context): return "\(path(context)) is of the wrong type"
  case .dataCorrupted(let context): return "\(path(context)) has no valid value"
  @unknown default: return "the payload cannot be read"
  }
}
