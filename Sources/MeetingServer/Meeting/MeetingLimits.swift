public import Signaling
public import Wire

/// How much a server holds.
public struct MeetingLimits: Sendable, Equatable {
  /// What one client may do.
  public var signaling = SignalingLimits()
  /// Most participants in a room, publishers over HTTP included.
  public var participantsPerRoom = 100
  /// Most players over HTTP in a room.
  public var playersPerRoom = 1_000
  /// Most participants and players on the server.
  public var participants = 5_000
  /// Chat messages kept for those who come later.
  public var chatHistory = 200
  /// How long a room's chat outlives its last participant.
  public var emptyRoomLifetime = Duration.seconds(600)
  /// Most empty rooms kept for their chat; the longest empty go first.
  public var emptyRooms = 1_000
  /// Bytes of relayed messages and chat one participant may send a second in the long run.
  public var relayedBytesPerSecond = 131_072
  /// Bytes of relayed messages and chat one participant may send at once.
  public var relayedBytesBurst = 1_048_576
  /// Time a publisher or player over HTTP has to get its media connected.
  public var timeToConnect = Duration.seconds(30)
  /// Shortest time between two `speakers` messages.
  public var speakersInterval = Duration.milliseconds(200)
  /// How long clients wait before they come back to a server that stops.
  public var retryAfter = Duration.milliseconds(500)

  /// The defaults.
  public init() {}
}
