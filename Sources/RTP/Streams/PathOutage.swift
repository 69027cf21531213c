public import Wire

/// The last time in which nothing came by a path at all.
///
/// What was sent into it is gone: it is of no use to ask for it when it is over, and it says nothing of the path that is there
/// again. A sender that hears of it as of lost packets takes the path for a bad one, and goes on with far less than fits.
public struct PathOutage: Sendable {
  /// So long a silence is an outage. Whoever sends anything sends reports more often (RFC 3550 §6.2).
  public static let shortest = Duration.seconds(2)

  private var heardAt: Instant?
  private var begunAt: Instant?

  /// No outage yet.
  public init() {}

  /// Takes note of a packet that only the peer can have sent. True where it ends an outage.
  @discardableResult
  public mutating func hear(at now: Instant) -> Bool {
    defer { heardAt = now }
    guard let heardAt, now - heardAt >= Self.shortest else { return false }
    begunAt = heardAt
    return true
  }

  /// Whether it began since `earlier`, when the last packet of a stream came.
  public func hasBegun(since earlier: Instant?) -> Bool {
    guard let earlier, let begunAt else { return false }
    return earlier <= begunAt
  }
}
