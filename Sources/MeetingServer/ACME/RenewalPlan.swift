import Wire

/// When a certificate is asked for: in time, and not again and again. Times are seconds since 1970.
struct RenewalPlan: Sendable {
  /// The first wait after a failure; each further one is twice as long.
  private static let firstWait: Int64 = 300
  private static let longestWait: Int64 = 12 * 3600
  /// The most that an authority's wish to be left alone is heeded.
  private static let longestPause: Int64 = 7 * 86_400

  /// Authorities shut out who fails more often than five times in an hour; an attempt may fail twice, once for each
  /// kind of challenge.
  private static let checkWindow: Int64 = 3600
  private static let mostFailedChecks = 3

  /// When to ask next.
  private(set) var due: Int64
  /// When the authority looked for answers of ours in vain, within the last hour. To be kept over restarts: who tries
  /// out settings starts the server often.
  private(set) var failedChecks: [Int64] = []
  private var failures = 0
  private var random: RandomSource

  /// `validity` is that of the certificate there is, if there is one that will do; `notBefore` is when the
  /// authority may be asked again, if it said so; `failedChecks` are those of the run before.
  init(
    validity: ClosedRange<Int64>?, notBefore: Int64? = nil, failedChecks: [Int64] = [],
    at now: Int64, random: RandomSource
  ) {
    self.random = random
    due = now
    if let validity { due = renewal(of: validity) }
    // A clock that was wrong once shall not hold things up for ever.
    if let notBefore, notBefore <= now + 2 * Self.longestPause { due = max(due, notBefore) }
    for instant in failedChecks.sorted() where instant <= now { checkFailed(at: instant) }
    heedChecks(at: now)
  }

  /// The authority did not find the answer to a challenge.
  mutating func checkFailed(at now: Int64) {
    failedChecks.append(now)
    if failedChecks.count > 2 * Self.mostFailedChecks { failedChecks.removeFirst() }
  }

  /// There is a new certificate.
  mutating func succeeded(_ validity: ClosedRange<Int64>) {
    failures = 0
    due = renewal(of: validity)
  }

  /// It did not work this time; `retryAfter` is what the authority wants. Seconds until the next attempt.
  mutating func failed(at now: Int64, retryAfter: Duration?) -> Int64 {
    let wait = min(Self.firstWait << Int64(min(failures, 20)), Self.longestWait)
    failures += 1
    let asked =
      retryAfter.map { min(max($0.nanoseconds / 1_000_000_000, 0), Self.longestPause) } ?? 0
    // From as long up to half as long again, so that servers that failed together do not come together.
    let delay = max(wait, asked) + Int64(random.next() % UInt64(max(wait, asked) / 2 + 1))
    due = now + delay
    heedChecks(at: now)
    return due - now
  }

  private mutating func heedChecks(at now: Int64) {
    failedChecks.removeAll { $0 <= now - Self.checkWindow }
    guard failedChecks.count > Self.mostFailedChecks else { return }
    due = max(
      due, failedChecks[failedChecks.count - Self.mostFailedChecks - 1] + Self.checkWindow + 60)
  }

  /// After two thirds of its life, up to a fiftieth later.
  private mutating func renewal(of validity: ClosedRange<Int64>) -> Int64 {
    let life = validity.upperBound - validity.lowerBound
    return validity.lowerBound + life / 3 * 2 + Int64(random.next() % UInt64(max(1, life / 50)))
  }
}
