import Signaling
import Wire

/// Somebody in a room, or about to be.
struct Participant {
  /// How far the media connection is.
  enum Media {
    case none, connecting, connected
  }

  let peer: MediaPeerID
  let id: String
  let room: String
  var name: String
  var live: LiveMedia
  /// Nil for a publisher over HTTP.
  var session: SignalingSession?
  var socket: (any ClientSocket)?
  var socketID: SocketID?
  /// Whether the others know of this participant.
  var isVisible = false
  var media = Media.none
  var path = MediaEvent.State.connecting
  /// When a publisher over HTTP is given up unless its media is connected.
  var connectBy: Instant?
  /// When to look whether media gets through, and since when; nil once that is done.
  var diagnosis: (at: Instant, since: Instant)?
  /// Whether media got through at some time.
  var wasConnected = false
  /// When it last said something.
  var saidAt: Instant?
  /// The address of a publisher over HTTP.
  var client: String?
  /// What the offers of somebody who signals over plain HTTP have in common; nil for anybody else.
  var offerSession: String?
  var slots: [MediaSlot] = []
  var slotsTold: [SlotAssignment] = []
  var resumeToken: ResumeToken?
  var resource: String?
  /// The user names that the relay knows the participant by: of these credentials and of those before.
  var relayNames: [String] = []
  /// When it is told others; nil where there are no relays.
  var renewRelaysAt: Instant?
  var relayedBytes: TokenBucket
  var updates: TokenBucket
  /// When it asked to join with an offer, until its media is connected.
  var joiningSince: Instant?
  /// What it said of its bandwidth and codec as it joined.
  var bandwidth: BandwidthHint?
  var codec: VideoCodecName?
  /// What is wanted of its sources, as it was told last.
  var layers: [MediaSource: MediaLayerDemand] = [:]
  /// How well it sends and receives, where that is known.
  var quality: MediaQuality?
  /// Whether it wants the figures behind its quality.
  var wantsStatistics = false
  /// What the screen shows, said before there was media.
  var view: ViewRequest?

  var isMeeting: Bool { session?.way == .meeting }

  var description: ParticipantDescription {
    ParticipantDescription(id: id, name: name, media: live)
  }
}

/// Somebody who watches over HTTP and is not shown.
struct Player {
  let room: String
  let resource: String
  let client: String?
  var connectBy: Instant?
}

/// A socket that has not joined.
struct Newcomer {
  var session: SignalingSession
  let socket: any ClientSocket
}

/// A room: who is in it and what was said.
struct Room {
  let id: String
  let media: MediaRoomID
  /// Everybody who is shown, in order of arrival.
  var roster: [MediaPeerID] = []
  var byID: [String: MediaPeerID] = [:]
  /// Places taken by those whose join is being carried out.
  var reserved = 0
  var players = 0
  private(set) var chat: [ChatMessage] = []
  /// Bytes of JSON that `chat` comes to at most.
  private(set) var chatByteCount = 0
  var lastChatID: UInt64 = 0
  var emptySince: Instant?
  var speakersAt: Instant?
  var speakersWaiting: [MediaEvent.Speaker]?

  var isEmpty: Bool { roster.isEmpty && reserved == 0 && players == 0 }

  /// Keeps a message, and forgets the oldest that are too many.
  mutating func keep(_ message: ChatMessage, _ limits: MeetingLimits) {
    chat.append(message)
    chatByteCount += message.encodedByteCount
    var excess = 0
    while excess < chat.count,
      chat.count - excess > limits.chatHistory || chatByteCount > limits.chatHistoryBytes
    {
      chatByteCount -= chat[excess].encodedByteCount
      excess += 1
    }
    chat.removeFirst(excess)
  }
}
