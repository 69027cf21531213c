/// The payload of `join`.
public struct JoinRequest: Codable, Sendable, Equatable {
  /// How the participant is called.
  public var name: String
  /// The offer; without it the participant is there for chat alone.
  public var sdp: String?
  /// What the offer's sending m-sections carry.
  public var sources: [SourceAssignment]?
  /// What is live from the start.
  public var media: LiveMediaChange?
  /// What is known of the bandwidth.
  public var bandwidth: BandwidthHint?
  /// The video codec the participant would rather send; the room decides.
  public var codec: VideoCodecName?

  /// A request to join.
  public init(
    name: String, sdp: String? = nil, sources: [SourceAssignment]? = nil,
    media: LiveMediaChange? = nil, bandwidth: BandwidthHint? = nil, codec: VideoCodecName? = nil
  ) {
    self.name = name
    self.sdp = sdp
    self.sources = sources
    self.media = media
    self.bandwidth = bandwidth
    self.codec = codec
  }
}

/// The payload of `resume`.
public struct ResumeRequest: Codable, Sendable, Equatable {
  /// The token that `joined` brought.
  public var resumeToken: String
  /// The last `seq` the client has seen.
  public var lastSeq: UInt64

  /// A request to resume after `lastSeq`.
  public init(resumeToken: String, lastSeq: UInt64) {
    self.resumeToken = resumeToken
    self.lastSeq = lastSeq
  }

  /// Reads a request; a token has at most 256 bytes.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    resumeToken = try fields.bounded(.resumeToken, bytes: identifierBytes)
    lastSeq = try fields.decode(UInt64.self, forKey: .lastSeq)
  }
}

/// The payload of `negotiate`.
public struct NegotiateRequest: Codable, Sendable, Equatable {
  /// The new offer.
  public var sdp: String
  /// What its sending m-sections carry.
  public var sources: [SourceAssignment]?

  /// A new offer.
  public init(sdp: String, sources: [SourceAssignment]? = nil) {
    self.sdp = sdp
    self.sources = sources
  }
}

/// The payload of `update`.
public struct UpdateRequest: Codable, Sendable, Equatable {
  /// The new name.
  public var name: String?
  /// What is live from now on.
  public var media: LiveMediaChange?

  /// A change of name or media.
  public init(name: String? = nil, media: LiveMediaChange? = nil) {
    self.name = name
    self.media = media
  }
}

/// The payload of `view`.
public struct ViewRequest: Codable, Sendable, Equatable {
  /// A picture on the screen.
  public struct Tile: Codable, Sendable, Equatable {
    /// Whose picture.
    public var userId: String
    /// Which of that participant's pictures.
    public var source: StreamSource
    /// Width in device pixels.
    public var width: Int
    /// Height in device pixels.
    public var height: Int
    /// Larger is served first; 0 where it is missing.
    public var priority: Int?

    /// A tile of `width` × `height` pixels.
    public init(
      userId: String, source: StreamSource, width: Int, height: Int, priority: Int? = nil
    ) {
      self.userId = userId
      self.source = source
      self.width = width
      self.height = height
      self.priority = priority
    }

    /// Reads a tile; a participant's id has at most 256 bytes.
    public init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      userId = try fields.bounded(.userId, bytes: identifierBytes)
      source = try fields.decode(StreamSource.self, forKey: .source)
      width = try fields.decode(Int.self, forKey: .width)
      height = try fields.decode(Int.self, forKey: .height)
      priority = try fields.decodeIfPresent(Int.self, forKey: .priority)
    }
  }

  /// Everything that is on the screen.
  public var tiles: [Tile]

  /// What is on the screen.
  public init(tiles: [Tile]) { self.tiles = tiles }
}

/// The payload of `statistics`.
public struct StatisticsRequest: Codable, Sendable, Equatable {
  /// Whether the participant wants to hear the figures behind its own quality.
  public var on: Bool

  /// Asks for figures, or for no more of them.
  public init(on: Bool) { self.on = on }
}

/// A message that the server hands on to other participants.
public struct RelayedMessage: Sendable, Equatable {
  /// The types that are handed on.
  public enum Kind: String, Sendable, CaseIterable {
    /// A description to be answered.
    case offer
    /// The answer to a description.
    case answer
    /// A transport candidate.
    case candidate = "ice-candidate"
    /// Text.
    case chat
  }

  /// Its `type`.
  public var kind: Kind
  /// Who it is for; everyone else in the room where it is missing.
  public var to: String?
  /// Its content.
  public var payload: JSONValue

  /// A message of type `kind` for `to`.
  public init(_ kind: Kind, to: String? = nil, payload: JSONValue = .object([:])) {
    self.kind = kind
    self.to = to
    self.payload = payload
  }
}
