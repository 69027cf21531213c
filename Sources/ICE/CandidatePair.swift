import STUN
import Wire

/// A local candidate and the base its packets leave from.
struct LocalCandidate: Sendable, Equatable {
  let id: ICEAgent.CandidateID
  var candidate: ICECandidate
  var base: TransportAddress
}

/// A candidate that the peer signalled.
struct RemoteCandidate: Sendable, Equatable {
  let id: ICEAgent.CandidateID
  let candidate: ICECandidate
}

/// One way to the peer: a base of ours and a remote address (RFC 8445 §6.1.2).
///
/// Candidates that share a base would give pairs that send the same packets, so there is one pair for
/// each base and remote address (RFC 8445 §6.1.2.4).
struct CandidatePair: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// To be checked.
    case waiting
    /// Checked, not answered yet; check again at `retryAt`.
    case inProgress
    /// Answered.
    case succeeded
    /// Never answered, or refused.
    case failed
    /// Left alone while another pair is in use.
    case paused
  }

  let id: ICEAgent.PairID
  /// For the candidates of the pair that nobody signalled.
  let reflexiveIDs: ReflexiveIDs
  let path: Path
  var localPriority: UInt32
  var remotePriority: UInt32
  var state = State.waiting
  var attempts = 0
  var sentAt = Instant.distantPast
  var retryAt = Instant.distantPast
  /// The place in the triggered-check queue (RFC 8445 §6.1.4.1).
  var triggerOrder: UInt64?
  /// When the first and the last authenticated check of the peer came in.
  var firstHeardAt: Instant?
  var heardAt: Instant?
  /// When a check of ours was last answered.
  var answeredAt: Instant?
  /// When the controlling peer last nominated the pair, and how often it did.
  var nominatedAt: Instant?
  var nominationCount = 0
  /// The number of the peer's last nomination, where it numbers them.
  var nomination: UInt32?
  /// The pair was selected at some time.
  var isNominated = false
  /// What the peer sees us as.
  var mappedAddress: TransportAddress?
  /// How often a connection could not be made or broke.
  var breakCount = 0
  var roundTripTime: Duration?
  var counts = Counts()

  struct ReflexiveIDs: Sendable, Equatable {
    let local: ICEAgent.CandidateID
    let remote: ICEAgent.CandidateID
  }

  /// What statistics tell.
  struct Counts: Sendable, Equatable {
    var requestsSent: UInt64 = 0
    var requestsReceived: UInt64 = 0
    var responsesSent: UInt64 = 0
    var responsesReceived: UInt64 = 0
    var consentRequestsSent: UInt64 = 0
    var totalRoundTripTime = Duration.zero
  }

  init(
    id: ICEAgent.PairID, reflexiveIDs: ReflexiveIDs, path: Path, localPriority: UInt32,
    remotePriority: UInt32
  ) {
    self.id = id
    self.reflexiveIDs = reflexiveIDs
    self.path = path
    self.localPriority = localPriority
    self.remotePriority = remotePriority
  }

  /// Whether datagrams that arrive here are the peer's.
  var isValidated: Bool { heardAt != nil || answeredAt != nil }

  var isPending: Bool { state == .waiting || state == .inProgress }

  /// Whether the address agreed to receive within `consent` (RFC 7675): media may go there.
  func isUsable(at now: Instant, consent: Duration) -> Bool {
    guard let answeredAt, state != .failed else { return false }
    return now - answeredAt < consent
  }

  /// RFC 8445 §6.1.2.3. Priorities are clamped to 31 bits, so that nothing overflows.
  func priority(role: ICEAgent.Role) -> UInt64 {
    let limit = UInt32(Int32.max)
    let ours = UInt64(min(localPriority, limit))
    let theirs = UInt64(min(remotePriority, limit))
    let controlling = role == .controlling ? ours : theirs
    let controlled = role == .controlling ? theirs : ours
    return min(ours, theirs) << 32 + 2 * max(ours, theirs) + (controlling > controlled ? 1 : 0)
  }
}

/// One check that may still be answered. Every check, repeated ones included, has its own identifier,
/// so that an answer tells the round-trip time and late answers count.
struct Transaction: Sendable, Equatable {
  let id: STUNTransactionID
  let path: Path
  let sentAt: Instant
  let generation: UInt32
  let role: ICEAgent.Role
  let nominates: Bool
}

/// The pair in use, and its consent (RFC 7675).
struct Selection: Sendable, Equatable {
  let path: Path
  /// Which credentials its checks use: older than the agent's after a restart.
  let generation: UInt32
  /// When the peer last proved to be there: it answered a check, or sent an authenticated one.
  var aliveAt: Instant
  /// When something else that only the peer can have sent arrived.
  var heardAt = Instant.distantPast
  /// When the peer last answered a check of ours, and when the first was sent after that.
  var answeredAt = Instant.distantPast
  var askedAt: Instant?
  var checkedAt: Instant
  /// Time from the last check to the next in quiet times.
  var interval: Duration
  var unansweredCount = 0
  var unansweredSince: Instant?
  /// Ask at once, whatever the schedule.
  var probesNow = false
  let selectedAt: Instant
  /// Our number of the nomination, where we number them.
  var nomination: UInt32 = 0
}

/// The credentials of both sides between two restarts, ready for use.
struct Keys: Sendable, Equatable {
  struct Remote: Sendable, Equatable {
    let credentials: ICECredentials
    let password: [UInt8]
    /// USERNAME of our checks.
    let username: [UInt8]
  }

  let generation: UInt32
  let local: ICECredentials
  let localFragment: [UInt8]
  let localPassword: [UInt8]
  private(set) var remote: Remote?

  init(generation: UInt32, local: ICECredentials) {
    self.generation = generation
    self.local = local
    localFragment = Array(local.usernameFragment.utf8)
    localPassword = Array(local.password.utf8)
  }

  mutating func setRemote(_ credentials: ICECredentials) {
    remote = Remote(
      credentials: credentials, password: Array(credentials.password.utf8),
      username: Array("\(credentials.usernameFragment):\(local.usernameFragment)".utf8))
  }

  /// Whether a USERNAME begins with our fragment and a colon (RFC 8445 §7.3).
  func isNamed(in username: Span<UInt8>) -> Bool {
    guard username.count > localFragment.count,
      username[localFragment.count] == UInt8(ascii: ":")
    else { return false }
    for index in localFragment.indices where username[index] != localFragment[index] {
      return false
    }
    return true
  }
}
