/// A peer as its owner numbers it.
public struct PeerID: Hashable, Sendable {
  /// The owner's number.
  public let rawValue: UInt64

  /// The peer with that number.
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A room as its owner numbers it. Media never leaves its room.
public struct RoomID: Hashable, Sendable {
  /// The owner's number.
  public let rawValue: UInt64

  /// The room with that number.
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What a peer sends: a voice, a picture of a person, a screen or its sound.
public enum SourceRole: UInt8, Hashable, Sendable {
  /// A voice.
  case microphone
  /// A picture of a person.
  case camera
  /// A shared screen.
  case screen
  /// The sound of a shared screen.
  case screenAudio

  /// Whether it is sound or picture.
  public var kind: MediaKind {
    switch self {
    case .microphone, .screenAudio: .audio
    case .camera, .screen: .video
    }
  }

  /// Sources of one partner belong together: a voice and its face, a screen and its sound.
  var partner: SourceRole {
    switch self {
    case .microphone: .camera
    case .camera: .microphone
    case .screen: .screenAudio
    case .screenAudio: .screen
    }
  }
}

/// Sound or picture.
public enum MediaKind: UInt8, Hashable, Sendable {
  /// Sound.
  case audio
  /// Picture.
  case video
}

/// One source of one peer: at most one per role.
public struct SourceID: Hashable, Sendable {
  /// Who sends it.
  public var peer: PeerID
  /// What it is.
  public var role: SourceRole

  /// `peer`'s source in `role`.
  public init(peer: PeerID, role: SourceRole) {
    self.peer = peer
    self.role = role
  }
}
