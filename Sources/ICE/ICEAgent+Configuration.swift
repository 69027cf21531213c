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
    /// How long the controlling agent waits for a better pair once it has one.
    public var nominationPatience = Duration.milliseconds(100)
    /// Without a pair after this time the agent has failed.
    public var checkingTimeout = Duration.seconds(30)
    /// As `checkingTimeout`, where all candidates are known and every pair has failed.
    public var exhaustedTimeout = Duration.seconds(15)
    /// The least and greatest time between two consent checks (RFC 7675 §5.1).
    public var consentInterval = Duration.seconds(4)...Duration.seconds(6)
    /// Silence after which the path is reported as disconnected.
    public var disconnectedTimeout = Duration.seconds(5)
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
