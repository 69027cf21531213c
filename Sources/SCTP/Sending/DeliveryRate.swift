internal import Wire

/// How fast the network delivers, measured at each acknowledgement
/// (draft-ietf-ccwg-bbr, "Delivery Rate Samples").
struct DeliveryRate: Sendable {
  /// What a chunk remembers of the moment it was sent.
  struct Mark: Sendable {
    var delivered: Int64 = 0
    var deliveredAt = Instant.zero
    var firstSentAt = Instant.zero
    var lost: Int64 = 0
    var inFlight = 0
  }

  /// One measurement.
  struct Sample: Sendable {
    /// Bytes per second; `nil` where the interval is too short to tell.
    var bytesPerSecond: Double?
    /// Delivered when the newest acknowledged chunk was sent.
    var priorDelivered: Int64 = 0
    /// Whether there was not enough to send to find out what the network can do.
    var isApplicationLimited = false
    /// In flight when the newest acknowledged chunk was sent.
    var inFlightAtSend = 0
    /// Delivered and lost since it was sent.
    var delivered: Int64 = 0
    var lost: Int64 = 0
  }

  /// Bytes delivered since the start.
  private(set) var delivered: Int64 = 0
  private(set) var lost: Int64 = 0
  private var deliveredAt = Instant.zero
  private var firstSentAt = Instant.zero
  /// Deliveries up to this count tell of the application's rate, not of the network's.
  private var limitedUntil: Int64?

  var isApplicationLimited: Bool { limitedUntil != nil }

  /// The mark of a chunk sent at `now`.
  mutating func mark(at now: Instant, inFlight: Int) -> Mark {
    if inFlight == 0 {
      firstSentAt = now
      deliveredAt = now
    }
    return Mark(
      delivered: delivered, deliveredAt: deliveredAt, firstSentAt: firstSentAt, lost: lost,
      inFlight: inFlight)
  }

  /// Notes that everything was sent and more could have been.
  mutating func noteApplicationLimit(inFlight: Int) {
    limitedUntil = max(delivered &+ Int64(inFlight), 1)
  }

  mutating func noteLoss(_ byteCount: Int) { lost &+= Int64(byteCount) }

  /// Takes in that `byteCount` bytes were acknowledged, `newest` the last sent among their chunks.
  mutating func deliver(
    _ byteCount: Int, newest: OutstandingChunk, minimumRoundTrip: Duration, at now: Instant
  ) -> Sample {
    delivered &+= Int64(byteCount)
    deliveredAt = now
    if let limit = limitedUntil, delivered > limit { limitedUntil = nil }
    let mark = newest.delivery
    let sendTime = newest.sentAt - mark.firstSentAt
    let acknowledgementTime = now - mark.deliveredAt
    firstSentAt = newest.sentAt
    var sample = Sample(
      priorDelivered: mark.delivered, isApplicationLimited: newest.wasApplicationLimited,
      inFlightAtSend: mark.inFlight, delivered: delivered &- mark.delivered,
      lost: lost &- mark.lost)
    let interval = max(sendTime, acknowledgementTime)
    if interval > .zero, interval >= minimumRoundTrip {
      sample.bytesPerSecond = Double(sample.delivered) / interval.seconds
    }
    return sample
  }
}
