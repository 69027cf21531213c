/// What somebody sends.
public enum StreamSource: String, Codable, Sendable, CaseIterable {
  /// The voice.
  case microphone
  /// The picture of a person.
  case camera
  /// A shared screen.
  case screen
  /// The sound of a shared screen.
  case screenAudio = "screen-audio"

  /// Reads a name of the wire.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard name.utf8.count <= midBytes, let source = StreamSource(rawValue: name) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a source")
    }
    self = source
  }
}

/// Which m-section of an offer carries which source.
public struct SourceAssignment: Codable, Sendable, Equatable {
  /// The m-section's `a=mid`.
  public var mid: String
  /// What it carries.
  public var source: StreamSource

  /// `source` in the m-section `mid`.
  public init(mid: String, source: StreamSource) {
    self.mid = mid
    self.source = source
  }

  /// Reads an assignment; a mid has at most 32 bytes.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    mid = try fields.bounded(.mid, bytes: midBytes)
    source = try fields.decode(StreamSource.self, forKey: .source)
  }
}

/// What of a participant is live; the server forwards nothing else.
public struct LiveMedia: Codable, Sendable, Equatable {
  /// Whether the voice is heard.
  public var microphone: Bool
  /// Whether the picture is seen.
  public var camera: Bool
  /// Whether the screen is shared, with its sound.
  public var screen: Bool

  /// Nothing is live unless said so.
  public init(microphone: Bool = false, camera: Bool = false, screen: Bool = false) {
    self.microphone = microphone
    self.camera = camera
    self.screen = screen
  }

  /// Whether `source` is live.
  public subscript(source: StreamSource) -> Bool {
    switch source {
    case .microphone: microphone
    case .camera: camera
    case .screen, .screenAudio: screen
    }
  }

  /// Changes what `change` names.
  public mutating func apply(_ change: LiveMediaChange) {
    microphone = change.microphone ?? microphone
    camera = change.camera ?? camera
    screen = change.screen ?? screen
  }
}

/// A change of what is live; what is not named stays.
public struct LiveMediaChange: Codable, Sendable, Equatable {
  /// Whether the voice is heard from now on.
  public var microphone: Bool?
  /// Whether the picture is seen from now on.
  public var camera: Bool?
  /// Whether the screen is shared from now on.
  public var screen: Bool?

  /// Changes what is given.
  public init(microphone: Bool? = nil, camera: Bool? = nil, screen: Bool? = nil) {
    self.microphone = microphone
    self.camera = camera
    self.screen = screen
  }
}

/// What is wrong with a slot whose picture does not move as it should.
public enum SlotState: String, Codable, Sendable {
  /// Only a still picture comes, every few seconds.
  case snapshot
  /// Nothing comes: there is no bandwidth for it.
  case paused
}

/// A receive slot and what it shows.
public struct SlotAssignment: Codable, Sendable, Equatable {
  /// The receiving m-section's `a=mid`.
  public var mid: String
  /// Who is seen or heard in it.
  public var userId: String
  /// Which of that participant's sources.
  public var source: StreamSource
  /// What the server holds back of it; nothing where it is live.
  public var state: SlotState?
  /// How long its sound should be held before it is played, in milliseconds; nothing where its arrival alone decides.
  public var delay: Int?

  /// `userId`'s `source` in the slot `mid`.
  public init(
    mid: String, userId: String, source: StreamSource, state: SlotState? = nil, delay: Int? = nil
  ) {
    self.mid = mid
    self.userId = userId
    self.source = source
    self.state = state
    self.delay = delay
  }
}

/// The server's view of a participant's media path.
public enum MediaPathState: String, Codable, Sendable {
  /// ICE and DTLS are under way.
  case connecting
  /// Media flows.
  case connected
  /// The path is lost; an ICE restart may bring it back.
  case failed
}
