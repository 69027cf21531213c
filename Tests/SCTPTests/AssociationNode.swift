import RTCTesting
import SCTP
import Testing
import Wire

/// An association on the virtual network, and what it told.
final class AssociationNode: VirtualNode {
  let association: SCTPAssociation
  private(set) var events: [SCTPAssociation.Event] = []
  /// Packets are lost for which this holds, told by the type of their first chunk and how many packets
  /// with that one came before.
  var loses: ((UInt8, Int) -> Bool)?
  private var counts: [UInt8: Int] = [:]
  private(set) var messageCount = 0
  /// Called with every message.
  var onMessage: ((SCTPMessage, Instant, Outbox) -> Void)?
  /// Whether messages are kept in `events` as well.
  var keepsMessages = true
  /// Every packet that came in, in order.
  private(set) var received: [[UInt8]] = []
  var keepsPackets = false

  /// Stands in the place of this one from now on, as after a crash.
  var successor: AssociationNode?

  init(_ association: SCTPAssociation) { self.association = association }

  var deadline: Instant? { successor.map(\.deadline) ?? association.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    if let successor { return successor.receive(&datagram, on: path, at: now, into: outbox) }
    if keepsPackets { received.append(datagram) }
    if datagram.count > 12, let loses {
      let type = datagram[12]
      let count = counts[type, default: 0]
      counts[type] = count + 1
      if loses(type, count) { return }
    }
    note(now, outbox) {
      association.receive(datagram.span, at: now, into: outbox, events: &$0)
    }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    if let successor { return successor.advance(to: now, into: outbox) }
    note(now, outbox) { association.advance(to: now, into: outbox, events: &$0) }
  }

  func note(
    _ now: Instant, _ outbox: Outbox, _ body: (inout [SCTPAssociation.Event]) -> Void
  ) {
    var new: [SCTPAssociation.Event] = []
    body(&new)
    for event in new {
      if case .message(let message) = event {
        messageCount += 1
        if keepsMessages { events.append(event) }
        onMessage?(message, now, outbox)
      } else {
        events.append(event)
      }
    }
  }

  var messages: [SCTPMessage] {
    events.compactMap { if case .message(let message) = $0 { message } else { nil } }
  }

  /// The events that tell how the association and its streams stand.
  var happenings: [SCTPAssociation.Event] {
    events.filter { event in
      switch event {
      case .message, .bufferedAmountLow: false
      default: true
      }
    }
  }
}

/// Two associations on a link.
struct Pair {
  static let addresses = [
    TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1000),
    TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 1000),
  ]

  let network: VirtualNetwork
  let a: AssociationNode
  let z: AssociationNode
  let hosts: [VirtualNetwork.Host]

  init(
    seed: UInt64 = 1, conditions: LinkConditions = .perfect, options: SCTPOptions = .init(),
    zOptions: SCTPOptions? = nil
  ) {
    let network = VirtualNetwork(seed: seed)
    self.network = network
    let nodes = (0..<2).map { index in
      AssociationNode(
        SCTPAssociation(
          options: index == 0 ? options : zOptions ?? options,
          path: Path(local: Self.addresses[index], remote: Self.addresses[1 - index]),
          random: .seeded(seed &* 2 &+ UInt64(index))))
    }
    // The second host's link is perfect, so that conditions count once in each direction.
    hosts = [
      network.addHost(Self.addresses[0].ip, conditions: conditions),
      network.addHost(Self.addresses[1].ip),
    ]
    for index in 0..<2 { network.attach(nodes[index], to: hosts[index], at: Self.addresses[index]) }
    a = nodes[0]
    z = nodes[1]
  }

  /// `through` is the node on the network, where that is another one.
  func act(
    _ node: AssociationNode, through: AssociationNode? = nil,
    _ body: (SCTPAssociation, Instant, Outbox, inout [SCTPAssociation.Event]) -> Void
  ) {
    network.act(as: through ?? node) { outbox, now in
      node.note(now, outbox) { body(node.association, now, outbox, &$0) }
    }
  }

  func connect(_ node: AssociationNode, through: AssociationNode? = nil) {
    act(node, through: through) { $0.connect(at: $1, into: $2, events: &$3) }
  }

  func send(
    _ payload: [UInt8], from node: AssociationNode, on stream: UInt16 = 0,
    through: AssociationNode? = nil, _ delivery: SCTPDelivery = .init()
  ) {
    act(node, through: through) { association, now, outbox, events in
      do {
        try association.send(
          SCTPMessage(stream: stream, identifier: .binary, payload: payload),
          delivery: delivery, at: now, into: outbox, events: &events)
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  func run(_ duration: Duration) { network.run(for: duration) }

  /// Both call `connect`, as WebRTC's sides do.
  @discardableResult
  func connectBoth(within duration: Duration = .seconds(30)) -> Bool {
    connect(a)
    connect(z)
    return isEstablished(within: duration)
  }

  func isEstablished(within duration: Duration = .seconds(30)) -> Bool {
    network.run(until: network.now + duration) {
      a.association.state == .established && z.association.state == .established
    }
  }
}
