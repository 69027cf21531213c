public import Wire

extension ICEAgent {
  /// Times and limits. The defaults are what docs/design/ice.md explains.
  public struct Configuration: Sendable, Equatable {
    /// Ta: the least time between two connectivity checks (RFC 8445 §14.2).
    public var pacing = Duration.milliseconds(50)
    /// Until a check is sent again; doubles each time up to `maximumRetryInterval`.
    public var initialRetryInterval = Duration.milliseconds(250)
    /// The longest time between two checks of a pair.
    public var maximumRetryInterval = Duration.milliseconds(1000)
    /// Checks without an answer after which a pair has failed.
    public var maximumAttempts = 15
    /// As `initialRetryInterval` over TCP, which loses nothing but takes its time to connect.
    public var streamRetryInterval = Duration.seconds(2)
    /// As `maximumAttempts` over TCP.
    public var maximumStreamAttempts = 5
    /// How long the controlling agent waits for a better pair once it has one.
    public var nominationPatience = Duration.milliseconds(100)
    /// Without a pair after this time the agent has failed.
    public var checkingTimeout = Duration.seconds(30)
    /// As `checkingTimeout`, where all candidates are known and every pair has failed.
    public var exhaustedTimeout = Duration.seconds(15)
    /// The least and greatest time between two consent checks (RFC 7675 §5.1).
    public var consentInterval = Duration.seconds(4)...Duration.seconds(6)
    /// Silence after which the path is reported as disconnected; twice that while media arrives by it.
    public var disconnectedTimeout = Duration.seconds(5)
    /// Where media that flowed stops for so long, the path is asked at once, and where all stays silent for as long again it
    /// is reported as disconnected. Nil where media may well stop.
    public var mediaSilence: Duration?
    /// Silence after which consent has expired (RFC 7675 §5.1).
    public var consentTimeout = Duration.seconds(30)
    /// Remote candidates that are looked at.
    public var maximumParsedCandidates = 64
    /// Remote candidates that are kept.
    public var maximumRemoteCandidates = 32
    /// Pairs that are kept.
    public var maximumPairs = 100
    /// Whether signalled candidates on a loopback address are taken.
    public var acceptsLoopback = true
    /// Only answers checks and sends none (RFC 8445 §2.5): for servers that every peer can reach.
    public var isLite = false
    /// As the controlling agent, moves to a better pair although the selected one works: other pairs
    /// are checked now and then, and one of higher priority, or of less than half the round-trip time,
    /// is nominated. Wants a peer that follows, as one with renomination does.
    public var movesToBetterPairs = false
    /// How often other pairs are checked, where `movesToBetterPairs` is set; a pair is kept for twice as
    /// long at least.
    public var backgroundInterval = Duration.seconds(5)

    /// The defaults.
    public init() {}
  }

  /// Counts since the agent was made; they wrap.
  public struct Statistics: Sendable, Equatable {
    /// Checks sent, consent checks included.
    public internal(set) var checksSent: UInt32 = 0
    /// Authenticated checks received.
    public internal(set) var checksReceived: UInt32 = 0
    /// Authenticated success responses received.
    public internal(set) var responsesReceived: UInt32 = 0
    /// Datagrams that were damaged, unauthenticated or without a matching request.
    public internal(set) var rejectedDatagrams: UInt32 = 0
    /// Smoothed time between a check and its answer on the selected path.
    public internal(set) var roundTripTime: Duration?
  }
}
