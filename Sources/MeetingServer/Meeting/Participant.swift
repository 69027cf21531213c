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
  /// The address of a publisher over HTTP.
  var client: String?
  var slots: [MediaSlot] = []
  var slotsTold: [SlotAssignment] = []
  var resumeToken: ResumeToken?
  var resource: String?
  var relayedBytes: TokenBucket
  var updates: TokenBucket
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
