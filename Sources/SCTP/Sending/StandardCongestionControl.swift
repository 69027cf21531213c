internal import Wire

/// Slow start, congestion avoidance and halving (RFC 9260 §7.2), counted in bytes.
///
/// The window begins with ten packets (RFC 6928), and slow start counts all that a SACK acknowledges:
/// packets are paced, so that makes no bursts.
struct StandardCongestionControl: Sendable {
  private static let initialPackets = 10
  private let packetSize: Int
  private(set) var window: Int
  private(set) var slowStartThreshold = Int.max
  /// Acknowledged since the window last grew (RFC 9260 §7.2.2).
  private var partialByteCount = 0

  init(packetSize: Int) {
    self.packetSize = max(packetSize, 1)
    window = Self.initialPackets * self.packetSize
  }

  mutating func acknowledge(_ progress: AcknowledgementProgress) {
    guard progress.isWindowLimited, !progress.isRecovering else { return }
    if window < slowStartThreshold {
      window = min(window + progress.byteCount, max(slowStartThreshold, window + packetSize))
      return
    }
    partialByteCount += progress.byteCount
    if partialByteCount >= window {
      partialByteCount -= window
      window += packetSize
    }
  }

  mutating func reduce() {
    slowStartThreshold = max(window / 2, 4 * packetSize)
    window = slowStartThreshold
    partialByteCount = 0
  }

  mutating func expire() {
    slowStartThreshold = max(window / 2, 4 * packetSize)
    window = packetSize
    partialByteCount = 0
  }
}
