import Wire

/// Sends the datagrams of the last flight again, byte for byte, between OpenSSL's retransmissions.
///
/// OpenSSL retransmits twelve times at most, and its last flight only when asked, which a lossy
/// path does not survive often enough. A repeated datagram is a duplicate to whoever has it
/// already: the replay window drops it (RFC 6347 §4.1.2.6).
struct FlightRepeater {
  /// Repeats of the flight that nobody answers, unless asked again.
  static let finalRepeatCount = 5

  /// When to send again.
  private(set) var deadline: Instant?
  private var flight: [[UInt8]] = []
  private var interval: Duration = .zero
  private var remainingCount: Int?

  /// Starts over with a new flight; `isFinal` if no answer will tell that it arrived.
  mutating func start(_ flight: [[UInt8]], isFinal: Bool, at now: Instant) {
    self.flight = flight
    interval = .milliseconds(200)
    remainingCount = isFinal ? Self.finalRepeatCount : nil
    deadline = now + interval
  }

  /// OpenSSL has sent the flight anew: its copies are fresher, the pace stays.
  mutating func replace(_ flight: [[UInt8]], at now: Instant) {
    self.flight = flight
    deadline = now + interval
  }

  /// Ends it: the flight has arrived.
  mutating func stop() { self = FlightRepeater() }

  /// The flight if it is due.
  mutating func takeDue(at now: Instant) -> [[UInt8]] {
    guard let deadline, deadline <= now else { return [] }
    let due = flight
    interval = min(interval * 2, .seconds(1))
    self.deadline = now + interval
    if let remainingCount {
      self.remainingCount = remainingCount - 1
      if remainingCount <= 1 { stop() }
    }
    return due
  }
}
