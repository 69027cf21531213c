public import RTP
public import Wire

/// A codec as forwarding sees it.
public struct PayloadCodec: Hashable, Sendable {
  /// The encoding names this room knows by their payload structure.
  public enum Name: UInt8, Sendable {
    /// RFC 7587.
    case opus
    /// RFC 7741.
    case vp8
    /// RFC 9628.
    case vp9
    /// RFC 6184.
    case h264
    /// The AV1 RTP payload format.
    case av1
    /// Anything else: forwarded, never understood.
    case other
  }

  /// The encoding name.
  public var name: Name
  /// What must agree beside the name: packetization mode of H264, profile of VP9.
  public var variant: UInt8

  /// The codec `name` in its form `variant`.
  public init(_ name: Name, variant: UInt8 = 0) {
    self.name = name
    self.variant = variant
  }
}

/// One source a peer may send, as negotiated.
public struct PublishedTrack: Hashable, Sendable {
  /// The m-section's mid.
  public var mid: String
  /// What it is.
  public var role: SourceRole
  /// Codec and clock rate in Hz by payload type.
  public var codecs: [UInt8: PayloadCodec]
  /// The media payload type each RTX payload type repairs.
  public var retransmissions: [UInt8: UInt8]
  /// RTP clock rate in Hz.
  public var clockRate: UInt32
  /// Negotiated header extension ids.
  public var extensions: StreamExtensionIDs
  /// Simulcast layers, smallest picture first; empty without simulcast.
  public var rids: [String]
  /// Signalled media SSRCs, without those of retransmissions.
  public var ssrcs: [UInt32]
  /// Signalled retransmission SSRCs with the SSRC each repairs.
  public var retransmissionSSRCs: [UInt32: UInt32]
  /// How its losses are made good besides.
  public var protection = TrackProtection()
  /// Bit/s that are taken of it at most, all layers together; what goes beyond is dropped. Nil is what its kind may have.
  public var bitrateLimit: Int?
  /// Whether it is forwarded from the start.
  public var isLive: Bool

  /// A track without layers and retransmission; set what else was negotiated.
  public init(
    mid: String, role: SourceRole, codecs: [UInt8: PayloadCodec], clockRate: UInt32,
    extensions: StreamExtensionIDs = .init(), ssrcs: [UInt32] = [], isLive: Bool = true
  ) {
    self.mid = mid
    self.role = role
    self.codecs = codecs
    retransmissions = [:]
    self.clockRate = clockRate
    self.extensions = extensions
    rids = []
    self.ssrcs = ssrcs
    retransmissionSSRCs = [:]
    self.isLive = isLive
  }
}

/// One m-section in which a viewer receives, as negotiated.
public struct ReceiveSlot: Hashable, Sendable {
  /// The m-section's mid.
  public var mid: String
  /// Sound or picture.
  public var kind: MediaKind
  /// The SSRC we send with.
  public var ssrc: UInt32
  /// The viewer's payload type for each codec it takes.
  public var payloadTypes: [PayloadCodec: UInt8]
  /// Negotiated header extension ids.
  public var extensions: StreamExtensionIDs
  /// How losses on the way to the viewer are made good besides.
  public var protection = SlotProtection()
  /// The SSRC we repeat lost packets with; nil where that was not negotiated.
  public var retransmissionSSRC: UInt32?
  /// The RTX payload type for each media payload type.
  public var retransmissionTypes: [UInt8: UInt8] = [:]
  /// Whether the viewer asks for lost packets.
  public var asksForLost = false

  /// A slot that sends with `ssrc`.
  public init(
    mid: String, kind: MediaKind, ssrc: UInt32, payloadTypes: [PayloadCodec: UInt8],
    extensions: StreamExtensionIDs = .init()
  ) {
    self.mid = mid
    self.kind = kind
    self.ssrc = ssrc
    self.payloadTypes = payloadTypes
    self.extensions = extensions
  }
}

/// A picture on a viewer's screen.
public struct ViewTile: Hashable, Sendable {
  /// What is shown.
  public var source: SourceID
  /// Height in device pixels.
  public var height: Int
  /// Larger is served first.
  public var priority: Int

  /// `source` shown `height` pixels high.
  public init(source: SourceID, height: Int, priority: Int = 0) {
    self.source = source
    self.height = height
    self.priority = priority
  }
}

/// How much of its source a slot gets.
public enum SlotState: UInt8, Hashable, Sendable {
  /// All that the slot is high enough for, or as much of it as there is bandwidth for.
  case live
  /// Key frames only, every few seconds.
  case snapshot
  /// Nothing, for want of bandwidth.
  case paused
}

/// What the forwarder tells its owner.
public enum ForwarderEvent: Sendable, Equatable {
  /// A slot's content.
  public struct SlotContent: Sendable, Hashable {
    /// The slot's mid.
    public var mid: String
    /// What it shows.
    public var source: SourceID
    /// How much of it comes.
    public var state: SlotState
    /// How long sound should be held before it is played, beyond what its arrival alone asks for; zero for no longer.
    public var delay: Duration

    /// `source` in the slot `mid`.
    public init(
      mid: String, source: SourceID, state: SlotState = .live, delay: Duration = .zero
    ) {
      self.mid = mid
      self.source = source
      self.state = state
      self.delay = delay
    }
  }

  /// A speaker and how loud.
  public struct Speaker: Sendable, Hashable {
    /// Who speaks.
    public var peer: PeerID
    /// 0 (silence) to 1.
    public var level: Double

    /// `peer` speaks at `level`.
    public init(peer: PeerID, level: Double) {
      self.peer = peer
      self.level = level
    }
  }

  /// A peer's path was found.
  case connected(PeerID)
  /// A peer has not been heard of for some seconds; it may come back by itself.
  case interrupted(PeerID)
  /// A peer's path or handshake failed for good.
  case failed(PeerID)
  /// All slots of a peer that show something, after a change.
  case slotsChanged(PeerID, [SlotContent])
  /// Who speaks in a room, loudest first, after a change.
  case speakersChanged(RoomID, [Speaker])
  /// What a sender should send of a source: one entry per simulcast layer, smallest picture first, or one alone
  /// without simulcast. Where all are false nobody watches.
  case layersWanted(SourceID, [Bool])
  /// How well the peers of a room send and receive, those of whom it changed; at most every two seconds a room.
  case qualityChanged(RoomID, [PeerQuality])
}
