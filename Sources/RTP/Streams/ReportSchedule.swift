public import Wire

/// When to send reports (RFC 3550 §6.2, RFC 4585 §3.5.3).
///
/// The time between two is drawn from half to one and a half times an interval, so that nobody's reports fall into
/// step with anybody's; the first comes early, since sound and picture cannot be matched before it.
public struct ReportSchedule: Sendable {
  /// The usual interval: each stream of a call takes a few per cent of its bandwidth for reports with it.
  public static let interval = Duration.seconds(1)
  /// From the first packet to the first report.
  public static let firstDelay = Duration.milliseconds(100)
  /// Who has not sent for this time reports as a receiver (RFC 3550 §6.3.8).
  public static let senderTimeout = Duration.seconds(3)

  private let interval: Duration
  private var random: RandomSource
  /// When the next report is due; nil before anything flows.
  public private(set) var deadline: Instant?

  /// A schedule that waits for its start.
  public init(interval: Duration = Self.interval, random: RandomSource) {
    self.interval = interval
    self.random = random
  }

  /// Something flows from now on, either way.
  public mutating func start(at now: Instant) {
    if deadline == nil { deadline = now + Self.firstDelay }
  }

  /// Nothing flows any longer.
  public mutating func stop() { deadline = nil }

  /// Whether to report now; then draws the time of the next report.
  public mutating func take(at now: Instant) -> Bool {
    guard let due = deadline, due <= now else { return false }
    let part = Int64(truncatingIfNeeded: random.next() >> 48)
    deadline = now + interval / 2 + interval / 65536 * part
    return true
  }
}
