public import Wire

/// What a client may do; past a limit it gets a typed error and nobody else is affected.
public struct SignalingLimits: Sendable, Equatable {
  /// Longest message in bytes of UTF-8.
  public var messageBytes = 262_144
  /// Deepest nesting of a message's JSON.
  public var messageDepth = 32
  /// Most values, members and elements together, in a message's JSON.
  public var messageValues = 4_096
  /// Longest object key, `type`, `to`, `userId` or `resumeToken` in bytes of UTF-8: what is compared
  /// and hashed.
  public var identifierBytes = 256
  /// Messages a second in the long run.
  public var messagesPerSecond = 50
  /// Messages at once.
  public var messageBurst = 200
  /// Time a socket has to join or resume.
  public var timeToJoin = Duration.seconds(10)
  /// Time a participant is kept without a socket.
  public var timeToResume = Duration.seconds(60)
  /// Time a participant is kept whose page said that it goes away (close code 1001).
  public var timeToReload = Duration.seconds(5)
  /// Messages kept to be repeated after a resume.
  public var repeatedMessages = 256
  /// Bytes kept to be repeated after a resume.
  public var repeatedBytes = 524_288
  /// Longest name, in Unicode scalar values.
  public var nameLength = 64
  /// Longest room id, in Unicode scalar values.
  public var roomLength = 128
  /// Longest chat text in bytes of UTF-8.
  public var chatBytes = 4_096
  /// Most sources named in an offer.
  public var sources = 256
  /// Most tiles in a view; what comes after them is passed over.
  public var tiles = 256
  /// Largest width or height of a tile, in pixels.
  public var tilePixels = 16_384

  /// The limits of docs/signaling.md.
  public init() {}
}
