extension SignalingLimits {
  /// What a message of a participant in the room asks for, or what is wrong with it.
  func command(for message: ClientMessage) -> SignalingSession.Command {
    switch message {
    case .join, .resume: .nothing
    case .negotiate(let request):
      if let fault = fault(in: request.sources) {
        .fail(.badPayload, fault, message)
      } else {
        .negotiate(request)
      }
    case .update(let request): update(request)
    case .view(let request):
      if let fault = fault(in: request) {
        .fail(.badPayload, fault, message)
      } else {
        .view(ViewRequest(tiles: Array(request.tiles.prefix(tiles))))
      }
    case .statistics(let request): .statistics(request.on)
    case .ping(let payload): .reply(.pong(payload))
    case .leave: .leave(.left)
    case .relayed(let relayed):
      relayed.kind == .chat ? chat(relayed, message) : .relay(relayed)
    }
  }

  private func update(_ request: UpdateRequest) -> SignalingSession.Command {
    var request = request
    if let given = request.name {
      guard let name = name(given) else {
        return .reply(.error(.badName(self, inReplyTo: "update")))
      }
      request.name = name
    }
    return .update(request)
  }

  private func chat(
    _ relayed: RelayedMessage, _ message: ClientMessage
  ) -> SignalingSession.Command {
    guard relayed.to == nil else {
      // Never say to everybody what was meant for one.
      return .fail(.badPayload, "a chat message is for the whole room: no \"to\"", message)
    }
    guard let text = relayed.payload["text"]?.text, allowsChat(text) else {
      return .fail(
        .badPayload, "text is a string of 1 to \(chatBytes) bytes without U+0000", message)
    }
    return .chat(text)
  }

  /// What is wrong with the sources of an offer.
  func fault(in sources: [SourceAssignment]?) -> String? {
    guard let sources else { return nil }
    guard sources.count <= self.sources else { return "at most \(self.sources) sources" }
    guard Set(sources.map(\.mid)).count == sources.count else { return "a mid is named twice" }
    return nil
  }

  private func fault(in view: ViewRequest) -> String? {
    let sizes = 0...tilePixels
    for tile in view.tiles where !sizes.contains(tile.width) || !sizes.contains(tile.height) {
      return "a tile is 0 to \(tilePixels) pixels wide and high"
    }
    return nil
  }
}

extension SignalingFailure {
  /// The room id is missing or against the rules.
  public static func badRoom(_ limits: SignalingLimits, inReplyTo type: String?) -> Self {
    SignalingFailure(
      .badRoom, "roomId has 1 to \(limits.roomLength) characters and no controls", inReplyTo: type)
  }

  /// The name is against the rules.
  public static func badName(_ limits: SignalingLimits, inReplyTo type: String?) -> Self {
    SignalingFailure(
      .badName, "a name has 1 to \(limits.nameLength) characters and no controls", inReplyTo: type)
  }
}
