public import Wire

/// The data channels of one peer, over an association of their own (RFC 8831, RFC 8832).
///
/// The packets of the association go in and out as those of a datagram transport: DTLS, for a browser. What the
/// other side does wrong costs it the channel it does it on; only what SCTP itself cannot bear ends the association.
public final class DataChannelSet {
  /// What happened.
  public enum Event: Sendable, Hashable {
    /// The association stands.
    case connected
    /// Messages can be sent. A channel that is incoming is news: the other side has opened it.
    case opened(DataChannelID, isIncoming: Bool)
    /// A message arrived.
    case message(DataChannelID, DataChannelMessage)
    /// What waits to be sent fell to the threshold or below it.
    case bufferedAmountLow(DataChannelID)
    /// The other side has begun to close it. Nothing more arrives; what is queued still goes.
    case closing(DataChannelID)
    /// It is over, and its stream free. The name is not used again.
    case closed(DataChannelID)
    /// There is no association any longer, and no channel.
    case failed(SCTPError)
  }

  /// What is true of the set as a whole.
  enum Phase {
    case new
    case connecting
    case connected
    case ended
  }

  let association: SCTPAssociation
  let limits: DataChannelLimits
  let streamLimit: UInt16
  /// The longest message the other side takes, in bytes (RFC 8841 §6): from its description, where 0 stands for
  /// any length.
  public var maximumMessageSize: Int
  var phase = Phase.new
  /// Which streams are ours to open channels on, once the role in the handshake is known: even or odd.
  var parity: UInt16?
  var channels: [DataChannelID: Channel] = [:]
  var idByStream: [UInt16: DataChannelID] = [:]
  var held = HeldMessages()
  var labelByteCount = 0
  var lastID: UInt32 = 0
  var associationEvents: [SCTPAssociation.Event] = []
  /// Channels that were open at some time (`RTCPeerConnectionStats`).
  public internal(set) var openedCount: UInt32 = 0
  /// Channels that were open and are not any longer (`RTCPeerConnectionStats`).
  public internal(set) var closedCount: UInt32 = 0

  /// A set at rest. `path` is what packets have in the outbox, and not looked at.
  public init(
    options: SCTPOptions = SCTPOptions(), limits: DataChannelLimits = DataChannelLimits(),
    path: Path, random: RandomSource
  ) {
    var options = options
    maximumMessageSize = options.maximumSentMessageSize
    // Known later than the association is made: looked at here.
    options.maximumSentMessageSize = .max
    streamLimit = options.maximumStreams
    self.limits = limits
    association = SCTPAssociation(options: options, path: path, random: random)
  }

  /// Starts the association. The client of the handshake has the even streams (RFC 8832 §6).
  public func start(
    isDTLSClient: Bool, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard phase == .new else { return }
    phase = .connecting
    takeRole(isDTLSClient: isDTLSClient, events: &events)
    association.connect(at: now, into: outbox, events: &associationEvents)
    settle(at: now, into: outbox, events: &events)
  }

  /// Takes one packet of the association.
  public func receive(
    _ packet: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard phase != .ended else { return }
    association.receive(packet, at: now, into: outbox, events: &associationEvents)
    settle(at: now, into: outbox, events: &events)
  }

  /// Fires every timer that is due.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    association.advance(to: now, into: outbox, events: &associationEvents)
    settle(at: now, into: outbox, events: &events)
  }

  /// When to call `advance`.
  public var deadline: Instant? { association.deadline }

  /// Ends everything at once, and tells the other side.
  public func abort(into outbox: Outbox, events: inout [Event]) {
    guard phase != .ended else { return }
    association.abort(into: outbox, events: &associationEvents)
    associationEvents.removeAll(keepingCapacity: true)
    end(events: &events)
  }

  /// Ends everything at once where there is no way left to tell the other side.
  public func abandon(events: inout [Event]) {
    guard phase != .ended else { return }
    abort(into: Outbox(byteCapacity: 0), events: &events)
  }

  // MARK: Looking

  /// How far a channel is; `closed` for one that is not known any longer.
  public func state(of id: DataChannelID) -> DataChannelState { channels[id]?.state ?? .closed }

  /// What a channel was opened with.
  public func options(of id: DataChannelID) -> DataChannelOptions? { channels[id]?.options }

  /// The stream of a channel, once it has one.
  public func stream(of id: DataChannelID) -> UInt16? { channels[id]?.stream }

  /// What went through a channel.
  public func statistics(of id: DataChannelID) -> DataChannelStatistics? {
    channels[id]?.statistics
  }

  /// The channels that there are, in the order they came to be.
  public var ids: [DataChannelID] {
    channels.lazy.filter { $0.value.isAnnounced }.map(\.key).sorted {
      $0.rawValue < $1.rawValue
    }
  }

  /// Bytes that wait to be sent on a channel.
  public func bufferedAmount(of id: DataChannelID) -> Int {
    channels[id]?.stream.map(association.bufferedAmount) ?? 0
  }

  /// Bytes of all channels that wait.
  public var totalBufferedAmount: Int { association.totalBufferedAmount }

  /// Bytes that a message may have to find room now.
  public var sendBufferSpace: Int { association.sendBufferSpace }

  /// Says how many bytes of messages the owner holds unread: the other side may send so much less.
  public func setUnreadByteCount(
    _ byteCount: Int, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    association.setUnreadByteCount(byteCount, at: now, into: outbox, events: &associationEvents)
    settle(at: now, into: outbox, events: &events)
  }

  /// Has `bufferedAmountLow` told when what waits falls to `byteCount`; at first that is 0.
  public func setBufferedAmountLowThreshold(_ byteCount: Int, of id: DataChannelID) {
    channels[id]?.lowThreshold = byteCount
    guard let stream = channels[id]?.stream else { return }
    association.setBufferedAmountLowThreshold(byteCount, of: stream)
  }

  /// What the association measures.
  public var metrics: SCTPMetrics { association.metrics }

  /// How far the association is.
  public var associationState: SCTPAssociation.State { association.state }
}

extension DataChannelSet {
  /// One channel, or a stream that is taken away from the other side.
  struct Channel {
    var options: DataChannelOptions
    var stream: UInt16?
    var state = DataChannelState.connecting
    /// Whether the other side opened it.
    var isIncoming = false
    /// Whether anybody was told of it: not of a stream that is only being taken away.
    var isAnnounced = true
    /// Whether the other side is known to know it, so that messages may overtake its announcement.
    var isAcknowledged = false
    /// Whether our half of the stream was reset.
    var isOutgoingReset = false
    /// Whether the other side's half was reset.
    var isIncomingReset = false
    var lowThreshold = 0
    /// Bytes of label and protocol that count against the limit.
    var labelByteCount = 0
    var statistics = DataChannelStatistics()
  }
}
