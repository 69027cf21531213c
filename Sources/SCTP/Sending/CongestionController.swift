internal import Wire

/// What a SACK tells a congestion controller.
struct AcknowledgementProgress: Sendable {
  var now: Instant
  /// Newly acknowledged bytes, headers included.
  var byteCount: Int
  var lostByteCount = 0
  /// The packet that was sent last among those lost.
  var newestLostPacket = Int64.min
  /// In flight before and after the SACK.
  var priorInFlight: Int
  var inFlight: Int
  /// Whether the window was used: growth means something only then (RFC 9260 §7.2.1).
  var isWindowLimited = true
  /// Whether all of it was sent before the newest reduction of the window.
  var isRecovering = false
  /// Measured on the newest of them; `nil` where it was sent more than once.
  var roundTrip: Duration?
  var smoothedRoundTrip: Duration
  var minimumRoundTrip: Duration
  /// The packet of the newest of them, and the one that leaves next: rounds are told by them.
  var newestPacket: Int64 = 0
  var nextPacket: Int64 = 1
  var rate = DeliveryRate.Sample()
}

/// How much may be in flight, and how fast it leaves.
///
/// Three rules to choose from. They are cases, not objects behind a protocol: there is one call for
/// each SACK, and no allocation.
enum CongestionController: Sendable {
  case standard(StandardCongestionControl)
  case cubic(CubicCongestionControl)
  case delayAware(BottleneckModel)

  init(_ kind: SCTPOptions.CongestionControl, packetSize: Int) {
    switch kind {
    case .standard: self = .standard(StandardCongestionControl(packetSize: packetSize))
    case .cubic: self = .cubic(CubicCongestionControl(packetSize: packetSize))
    case .delayAware: self = .delayAware(BottleneckModel(packetSize: packetSize))
    }
  }

  /// cwnd: bytes that may be in flight.
  var window: Int {
    switch self {
    case .standard(let control): control.window
    case .cubic(let control): control.window
    case .delayAware(let model): model.window
    }
  }

  /// ssthresh in bytes; `Int.max` before the first loss.
  var slowStartThreshold: Int {
    switch self {
    case .standard(let control): control.slowStartThreshold
    case .cubic(let control): control.slowStartThreshold
    case .delayAware(let model): model.slowStartThreshold
    }
  }

  /// Bytes per second to send at; `nil` for no limit but the window.
  func pacingRate(smoothedRoundTrip: Duration) -> Double? {
    if case .delayAware(let model) = self { return model.pacingRate }
    guard smoothedRoundTrip > .zero else { return nil }
    let gain = window < slowStartThreshold ? 2.0 : 1.2
    return gain * Double(window) / smoothedRoundTrip.seconds
  }

  mutating func acknowledge(_ progress: AcknowledgementProgress) {
    switch self {
    case .standard(var control):
      control.acknowledge(progress)
      self = .standard(control)
    case .cubic(var control):
      control.acknowledge(progress)
      self = .cubic(control)
    case .delayAware(var model):
      model.acknowledge(progress)
      self = .delayAware(model)
    }
  }

  /// Reduces the window for losses: at most once for everything sent before the reduction
  /// (RFC 9260 §7.2.3).
  mutating func reduce() {
    switch self {
    case .standard(var control):
      control.reduce()
      self = .standard(control)
    case .cubic(var control):
      control.reduce()
      self = .cubic(control)
    case .delayAware:
      // It weighs losses itself, in `acknowledge`.
      return
    }
  }

  /// The retransmission timer expired: nothing is known of the network any longer.
  mutating func expire() {
    switch self {
    case .standard(var control):
      control.expire()
      self = .standard(control)
    case .cubic(var control):
      control.expire()
      self = .cubic(control)
    case .delayAware(var model):
      model.expire()
      self = .delayAware(model)
    }
  }
}
