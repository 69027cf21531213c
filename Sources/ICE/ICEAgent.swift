public import Wire

/// An ICE agent for one peer and one component (RFC 8445), with trickled candidates (RFC 8838),
/// consent (RFC 7675) and paths over TCP (RFC 6544). It is a full agent unless configured as lite.
///
/// It is plain data: datagrams and times go in, datagrams and events come out. Sockets belong to its
/// owner, and many agents share one. After any call the owner looks at `deadline` and calls `advance`
/// no later than that. docs/design/ice.md says where it departs from the RFCs, and why.
public struct ICEAgent: Sendable {
  /// Who decides which pair is used (RFC 8445 §6.1.1).
  public enum Role: Sendable { case controlling, controlled }

  /// How far the agent is.
  public enum State: Sendable {
    /// The remote credentials are not known yet.
    case new
    /// Looking for a pair. After a restart the old path, if any, is used meanwhile.
    case checking
    /// A pair is selected and alive.
    case connected
    /// The selected pair has been silent for 5 s; it may recover by itself.
    case disconnected
    /// No pair was found, or the selected one was silent for 30 s. Only a restart leads out.
    case failed
  }

  /// What the owner should know.
  public enum Event: Sendable, Equatable {
    /// `state` changed to this.
    case stateChanged(State)
    /// Send by this path from now on.
    case selectedPathChanged(Path)
  }

  /// Our role; a role conflict may change it.
  public internal(set) var role: Role
  /// How far we are.
  public internal(set) var state: State = .new
  /// What the peer calls us by, since the last restart.
  public var localCredentials: ICECredentials { keys.local }
  /// What the peer called us by before a restart, while the old path is still in use.
  public var previousLocalCredentials: ICECredentials? { previousKeys?.local }
  /// What we call the peer by.
  public var remoteCredentials: ICECredentials? { keys.remote?.credentials }
  /// The path to send by; nil means nothing may be sent.
  ///
  /// Stored, not computed: it is read for every packet sent, and a stored property is read without
  /// copying the agent around it.
  public private(set) var selectedPath: Path?
  /// When to call `advance`; nil where there is nothing to wait for.
  public internal(set) var deadline: Instant?
  /// Whether each nomination is numbered, which both sides have to want (`a=ice-options:renomination`).
  public var usesRenomination = false
  /// Whether the peer is ICE-lite (RFC 8445 §2.5): then we control, whatever was agreed.
  public var remoteIsLite = false {
    didSet { if remoteIsLite, !configuration.isLite { role = .controlling } }
  }
  /// What has happened so far.
  public internal(set) var statistics = Statistics()

  var configuration: Configuration
  var random: RandomSource
  var tieBreaker: UInt64
  var keys: Keys
  var previousKeys: Keys?
  var localCandidates: [LocalCandidate] = []
  var remoteCandidateCount = 0
  var remoteCandidates: [RemoteCandidate] = []
  var localCandidatesAreComplete = false
  var remoteCandidatesAreComplete = false
  var pairs: [CandidatePair] = []
  var transactions: [Transaction] = []
  var selection: Selection? {
    didSet { selectedPath = selection?.path }
  }
  /// Whether a restart has left a dead path for none: the next that answers is used, nominated or not.
  var hasLeftPath = false
  var nominatingPath: Path?
  /// The number of our last nomination, and the greatest of the peer's.
  var nomination: UInt32 = 0
  var peersNomination: UInt32 = 0
  var lastID: UInt32 = 0
  var firstValidAt: Instant?
  var checkingSince: Instant?
  /// The next moment at which pacing allows an ordinary check.
  var nextSlot = Instant.distantPast
  var triggerCounter: UInt64 = 0
  var roleSwitchCount = 0
  var reportedState: State = .new
  var reportedPath: Path?

  /// An agent that waits for candidates and the peer's credentials.
  ///
  /// `random` gives transaction identifiers, tie-breaker and jitter: a seeded one makes every run the
  /// same.
  public init(
    role: Role, credentials: ICECredentials, configuration: Configuration = Configuration(),
    random: RandomSource = .system
  ) {
    self.role = configuration.isLite ? .controlled : role
    self.configuration = configuration
    self.random = random
    tieBreaker = self.random.next()
    keys = Keys(generation: 0, local: credentials)
  }

  /// Hands in one STUN datagram that arrived by `path`. Anything else is counted and dropped.
  public mutating func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    if state != .failed {
      begin(now)
      process(datagram, on: path, now, outbox)
      work(now, outbox)
    }
    report(now, &events)
  }

  /// Does everything that is due at `now`. Call it at `deadline`; earlier does no harm.
  public mutating func advance(
    to now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    if state != .failed {
      begin(now)
      work(now, outbox)
    }
    report(now, &events)
  }

  /// Tells that nothing can be sent by `path` any more: its connection could not be made or broke, or
  /// its base is gone. A connection of ours is tried again a few times.
  public mutating func pathFailed(
    _ path: Path, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    if state != .failed {
      begin(now)
      noteFailure(of: path, now)
      work(now, outbox)
    }
    report(now, &events)
  }

  /// Whether an authenticated check of the peer arrived by `path`, or one of ours was answered there.
  ///
  /// Datagrams other than STUN from anywhere else are to be dropped before they are parsed.
  public func isValidated(_ path: Path) -> Bool {
    if selection?.path == path { return true }
    return pairs.contains { $0.isValidated && $0.path == path }
  }

  /// Whether the peer answered one of our checks by `path`. A lite agent asks none and takes the peer's word.
  public func hasAnswered(_ path: Path) -> Bool {
    configuration.isLite || pairs.contains { $0.answeredAt != nil && $0.path == path }
  }

  /// Appends what changed since the last time and finds the next deadline.
  private mutating func report(_ now: Instant, _ events: inout [Event]) {
    if selection?.path != reportedPath {
      reportedPath = selection?.path
      if let reportedPath { events.append(.selectedPathChanged(reportedPath)) }
    }
    if state != reportedState {
      reportedState = state
      events.append(.stateChanged(state))
    }
    deadline = state == .failed ? nil : nextDeadline(now)
  }
}

extension Instant {
  static var distantPast: Instant { Instant(nanoseconds: .min) }
  static var distantFuture: Instant { Instant(nanoseconds: .max) }
}
