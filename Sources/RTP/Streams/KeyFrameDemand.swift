public import Wire

/// When to ask a sender for a key frame: at once, at most every half second, again while none comes, and, unless
/// told to insist, ever more rarely after some vain requests.
public struct KeyFrameDemand: Sendable {
  /// The shortest time between two requests.
  public static let interval = Duration.milliseconds(500)
  /// The time between two requests to somebody who does not answer.
  public static let patientInterval = Duration.seconds(3)
  private static let eagerCount = 10

  private let insists: Bool
  private var lastSentAt: Instant?
  private var vainCount = 0
  /// Whether a key frame is wanted and has not come.
  public private(set) var isWanted = false

  /// Nothing is wanted. Who `insists` goes on asking every half second, however long nobody answers.
  public init(insists: Bool = false) { self.insists = insists }

  /// A key frame is needed.
  public mutating func want() { isWanted = true }

  /// One has come, or none is needed any longer.
  public mutating func satisfy() {
    isWanted = false
    vainCount = 0
  }

  /// Whether a request would repeat one that was not answered.
  var isRepeating: Bool { vainCount > 0 }

  /// When to ask next; nil where nothing is wanted.
  public var deadline: Instant? {
    guard isWanted else { return nil }
    guard let lastSentAt else { return .zero }
    let isEager = insists || vainCount < Self.eagerCount
    return lastSentAt + (isEager ? Self.interval : Self.patientInterval)
  }

  /// Whether to ask now; notes that it was done.
  public mutating func take(at now: Instant) -> Bool {
    guard let deadline, deadline <= now else { return false }
    lastSentAt = now
    vainCount = min(vainCount + 1, Self.eagerCount)
    return true
  }
}
