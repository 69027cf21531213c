import SCTP
import Wire

/// What is measured.
struct Scenario {
  var name: String
  var roundTrip: Duration
  var bitsPerSecond: Int64 = 1_000_000_000
  var loss = 0.0
  var control = SCTPOptions.CongestionControl.delayAware
  var otherControl: SCTPOptions.CongestionControl?
  var flowCount = 1
  /// Flows begin one after the other, so much apart.
  var flowDelay = Duration.zero
  /// The bottleneck's queue in products of rate and round trip.
  var queue = 1.0
  var seed: UInt64 = 1

  /// Between 100 packets and 16 MiB: a router of today.
  var queueByteLimit: Int {
    let product = Double(bitsPerSecond) / 8 * roundTrip.seconds
    return Int(min(max(product * queue, 120_000), 16 * 1024 * 1024))
  }

  func options(ofFlow flow: Int) -> SCTPOptions {
    var options = SCTPOptions()
    options.congestionControl = flow > 0 ? otherControl ?? control : control
    options.receiveWindow = 128 << 20
    options.sendBufferLimit = 128 << 20
    return options
  }
}
