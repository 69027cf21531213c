import BWE
import RTP
import Wire

/// What a browser has between its encoders and its socket: estimator, pacer and transport-wide numbers.
struct UplinkControl {
  /// What waits in the pacer.
  enum Item {
    case media(stream: Int, OutgoingPacket)
    case repair(stream: Int)
  }

  /// What leaves now.
  enum Release {
    case media(stream: Int, OutgoingPacket, probe: Int?)
    case repair(stream: Int, probe: Int?)
    case padding(byteCount: Int, probe: Int?)
  }

  static let overhead = 28

  private(set) var estimator: SendSideEstimator
  private var pacer: Pacer
  /// What waits in the pacer, by the number it has there.
  private var items: [Int: Item] = [:]
  private var nextItem = 0
  var sequencer = TransportSequencer()
  private var number: UInt16 = 0
  private var events: [SendSideEstimator.Event] = []
  private var hasStarted = false

  init(startBitrate: Int) {
    var options = SendSideEstimator.Options()
    options.startBitrate = startBitrate
    estimator = SendSideEstimator(options: options)
    pacer = Pacer(bitrate: startBitrate)
  }

  var targetBitrate: Int { estimator.targetBitrate }
  var waitingByteCount: Int { pacer.byteCount }

  mutating func advance(to now: Instant, desired: Int) {
    if !hasStarted {
      hasStarted = true
      estimator.start(at: now, events: &events)
    }
    estimator.setDesiredBitrate(desired, at: now, events: &events)
    if let deadline = estimator.deadline, deadline <= now {
      estimator.advance(to: now, events: &events)
    }
    settle()
  }

  mutating func receive(_ feedback: TransportFeedback, at now: Instant) {
    estimator.receive(sequencer.receive(feedback), at: now, events: &events)
    settle()
  }

  mutating func receive(_ block: ReportBlock, at now: Instant) {
    estimator.receive(fractionLost: block.fractionLost, at: now, events: &events)
    settle()
  }

  mutating func add(
    _ item: Item, byteCount: Int, priority: Pacer.Priority, at now: Instant
  ) {
    guard pacer.add(nextItem, byteCount: byteCount, priority: priority, at: now) else { return }
    items[nextItem] = item
    nextItem += 1
  }

  mutating func next(at now: Instant) -> Release? {
    switch pacer.next(at: now) {
    case .packet(let number, let probe):
      switch items.removeValue(forKey: number) {
      case .media(let stream, let packet): .media(stream: stream, packet, probe: probe)
      case .repair(let stream): .repair(stream: stream, probe: probe)
      case nil: nil
      }
    case .padding(let count, let probe): .padding(byteCount: count, probe: probe)
    case nil: nil
    }
  }

  /// A packet with the sequencer's next number has left.
  mutating func sent(byteCount: Int, probe: Int?, at now: Instant) {
    estimator.sent(number, byteCount: byteCount, probe: probe, at: now)
    number &+= 1
  }

  private mutating func settle() {
    for event in events {
      switch event {
      case .targetChanged(let bitrate): pacer.setBitrate(bitrate)
      case .probe(let cluster): pacer.add(cluster)
      }
    }
    events.removeAll(keepingCapacity: true)
  }
}
