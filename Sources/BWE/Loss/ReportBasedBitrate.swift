import Wire

/// The bitrate where the other side sends no transport-wide feedback: it follows the losses that receiver reports
/// tell of (draft-ietf-rmcat-gcc-02 §6), and the receiver's own estimate (REMB) where there is one.
struct ReportBasedBitrate: Sendable {
  private static let interval = Duration.seconds(1)
  /// An estimate of the receiver holds for so long.
  private static let memory = Duration.seconds(10)

  private let range: ClosedRange<Double>
  /// Bits per second by losses alone.
  private var byLoss: Double
  private var lastChange: Instant?
  private var lost = 0.0
  private var reportCount = 0.0
  private var received: (bitrate: Double, at: Instant)?

  init(_ bitrate: Double, range: ClosedRange<Double>) {
    byLoss = bitrate.clamped(to: range)
    self.range = range
  }

  /// The bitrate at `now`.
  func bitrate(at now: Instant) -> Double { min(byLoss, limit(at: now)) }

  /// The most that the receiver allows at `now`, without limit where it says nothing.
  func limit(at now: Instant) -> Double {
    guard let received, now - received.at <= Self.memory else { return .infinity }
    return received.bitrate
  }

  /// Takes the receiver's own estimate in bits per second.
  mutating func receive(estimate: UInt64, at now: Instant) {
    let bitrate = Double(estimate).clamped(to: range)
    // Without losses the receiver knows better than a slow ramp.
    if byLoss < bitrate, lost == 0 { byLoss = bitrate }
    received = (bitrate, now)
  }

  /// Takes the share of packets lost, in 1/256, of one report block.
  mutating func receive(fractionLost: UInt8, at now: Instant) {
    lost += Double(fractionLost) / 256
    reportCount = min(reportCount + 1, 1000)
    let last = lastChange ?? now
    if lastChange == nil { lastChange = now }
    guard now - last >= Self.interval else { return }
    let loss = (lost / reportCount).clamped(to: 0...1)
    lastChange = now
    lost = 0
    reportCount = 0
    if loss > 0.1 {
      byLoss *= 1 - 0.5 * loss
    } else if loss < 0.02 {
      byLoss = min(byLoss * 1.08 + 1000, max(byLoss, limit(at: now)))
    }
    byLoss = byLoss.clamped(to: range)
  }
}
