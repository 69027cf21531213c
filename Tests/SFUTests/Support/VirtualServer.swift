import RTCTesting
import Wire

@testable import SFU

/// A forwarder as a host of the virtual network.
final class VirtualServer: VirtualNode {
  static let address = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7880)

  let forwarder: SelectiveForwarder
  var events: [ForwarderEvent] = []
  private var slab: [UInt8] = []

  init(seed: UInt64) {
    forwarder = SelectiveForwarder(random: .seeded(seed))
  }

  var deadline: Instant? { forwarder.deadline }

  func receive(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox
  ) {
    var bytes = datagram.mutableSpan
    forwarder.receive(&bytes, at: 0, on: path, at: now, into: outbox, events: &events)
    forwarder.forward(&bytes, at: now, into: outbox)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    forwarder.advance(to: now, into: outbox, events: &events)
  }

  /// The mapping the peer was told last.
  func slots(of id: PeerID) -> [ForwarderEvent.SlotContent] {
    for event in events.reversed() {
      if case .slotsChanged(id, let content) = event { return content }
    }
    return []
  }
}
