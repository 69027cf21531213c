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
  /// Bytes of JSON that a room's kept chat may come to, so that `joined` fits a send queue.
  public var chatHistoryBytes = 262_144
  /// How long a room's chat outlives its last participant.
  public var emptyRoomLifetime = Duration.seconds(600)
  /// Most empty rooms kept for their chat; the longest empty go first.
  public var emptyRooms = 1_000
  /// Bytes of JSON that the chat of all empty rooms may come to; the longest empty go first.
  public var emptyRoomBytes = 67_108_864
  /// Bytes of relayed messages and chat one participant may send a second in the long run.
  public var relayedBytesPerSecond = 131_072
  /// Bytes of relayed messages and chat one participant may send at once.
  public var relayedBytesBurst = 1_048_576
  /// Time a publisher or player over HTTP has to get its media connected.
  public var timeToConnect = Duration.seconds(30)
  /// How long the relay takes a participant's credentials. Others are told at half that time; all end when the participant
  /// leaves.
  public var relayCredentialLifetime = Duration.seconds(86_400)
  /// How long media may take before it is asked why it does not get through.
  public var timeToDiagnose = Duration.seconds(7)
  /// How long the same finding is not logged again.
  public var diagnosisInterval = Duration.seconds(60)
  /// Most findings logged in that time.
  public var diagnosesRemembered = 64
  /// Most publishers and players over HTTP of one address whose media is not connected.
  public var unconnectedPerAddress = 32
  /// Updates of one participant a second in the long run; each is told to the whole room.
  public var updatesPerSecond = 10
  /// Updates of one participant at once.
  public var updateBurst = 20
  /// Shortest time between two `speakers` messages.
  public var speakersInterval = Duration.milliseconds(200)
  /// Time between two messages with figures to who asked for them.
  public var figuresInterval = Duration.seconds(2)
  /// How long clients wait before they come back to a server that stops.
  public var retryAfter = Duration.milliseconds(500)

  /// The defaults.
  public init() {}
}
