import SCTP
import Testing
import Wire

/// The code in the manual of the room.
struct ManualTests {
  private let path = Path(
    local: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2))

  @Test func `a message goes from one side to the other`() throws {
    let now = Instant.zero
    let left = Side(isDTLSClient: true, path: path)
    let right = Side(isDTLSClient: false, path: path)

    let channel = try left.channels.open(
      DataChannelOptions(label: "chat"), at: now, into: left.outbox, events: &left.events)
    for side in [left, right] { side.start(at: now) }
    left.exchange(with: right, at: now)
    try left.channels.send(
      .text("halo"), on: channel, at: now, into: left.outbox, events: &left.events)
    left.exchange(with: right, at: now)

    let messages = right.events.compactMap { event in
      if case .message(_, let message) = event { message.string } else { nil }
    }
    #expect(messages == ["halo"])
  }
}

/// One side of an association whose datagrams are handed over.
private final class Side {
  let channels: DataChannelSet
  let outbox = Outbox()
  var events: [DataChannelSet.Event] = []
  private let isDTLSClient: Bool

  init(isDTLSClient: Bool, path: Path) {
    self.isDTLSClient = isDTLSClient
    channels = DataChannelSet(path: path, random: .system)
  }

  func start(at now: Instant) {
    channels.start(isDTLSClient: isDTLSClient, at: now, into: outbox, events: &events)
  }

  /// Hands over what both sides have to send, until neither has anything.
  func exchange(with other: Side, at now: Instant) {
    while !outbox.isEmpty || !other.outbox.isEmpty {
      for (sender, receiver) in [(self, other), (other, self)] {
        let packets = sender.outbox.datagrams.map { sender.outbox.bytes(of: $0) }
        sender.outbox.removeAll()
        for packet in packets {
          receiver.channels.receive(
            packet.span, at: now, into: receiver.outbox, events: &receiver.events)
        }
      }
    }
  }
}
