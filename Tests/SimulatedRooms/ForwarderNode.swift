import RTCTesting
import SFU
package import Wire

/// The forwarder as its worker drives it: datagrams of a millisecond are one turn.
final class ForwarderNode: VirtualNode {
  static let address = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7880)
  /// How long the worker lets packets gather.
  private static let gathering = Duration.milliseconds(1)

  let forwarder: SelectiveForwarder
  var events: [ForwarderEvent] = []
  var onEvents: ((Instant) -> Void)?
  private(set) var cost = ForwarderCost()
  private let processorTime: () -> Duration
  private var slab: [UInt8] = []
  private var datagrams: [(range: Range<Int>, path: Path)] = []
  private var turnAt: Instant?

  init(seed: UInt64, processorTime: @escaping () -> Duration) {
    forwarder = SelectiveForwarder(random: .seeded(seed))
    self.processorTime = processorTime
  }

  var deadline: Instant? {
    let own = forwarder.deadline
    return turnAt.map { min($0, own ?? $0) } ?? own
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    datagrams.append((slab.count..<slab.count + datagram.count, path))
    slab += datagram
    turnAt = turnAt ?? now + Self.gathering
  }

  func advance(to now: Instant, into outbox: Outbox) {
    turnAt = nil
    let start = processorTime()
    for (range, path) in datagrams {
      var bytes = slab.mutableSpan
      var datagram = bytes._mutatingExtracting(range)
      forwarder.receive(
        &datagram, at: range.lowerBound, on: path, at: now, into: outbox, events: &events)
    }
    let received = processorTime()
    let before = outbox.datagrams.count
    if forwarder.hasWaitingPackets {
      var bytes = slab.mutableSpan
      forwarder.forward(&bytes, at: now, into: outbox)
    }
    let forwarded = processorTime()
    forwarder.advance(to: now, into: outbox, events: &events)
    let end = processorTime()
    cost.add(
      receiving: received - start, forwarding: forwarded - received, advancing: end - forwarded,
      received: datagrams.count, sent: outbox.datagrams.count - before)
    slab.removeAll(keepingCapacity: true)
    datagrams.removeAll(keepingCapacity: true)
    if !events.isEmpty { onEvents?(now) }
  }
}

/// What the forwarder's work took.
package struct ForwarderCost: Sendable {
  /// Processor time of each part of a turn.
  package private(set) var receiving = Duration.zero
  package private(set) var forwarding = Duration.zero
  package private(set) var advancing = Duration.zero
  /// Datagrams in and out.
  package private(set) var receivedCount = 0
  package private(set) var sentCount = 0
  /// Turns of the loop.
  package private(set) var turnCount = 0

  mutating func add(
    receiving: Duration, forwarding: Duration, advancing: Duration, received: Int, sent: Int
  ) {
    self.receiving = self.receiving + receiving
    self.forwarding = self.forwarding + forwarding
    self.advancing = self.advancing + advancing
    receivedCount += received
    sentCount += sent
    turnCount += 1
  }
}
