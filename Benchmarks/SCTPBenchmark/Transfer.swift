import SCTP
import Wire

/// One or more associations that send as much as they can through one bottleneck.
struct Transfer {
  struct Flow {
    let sender: SCTPAssociation
    let receiver: SCTPAssociation
    var receivedByteCount = 0
    var start: Instant
    var hasStarted = false
    var isConnected = false
  }

  private static let message = SCTPMessage(
    stream: 0, identifier: .binary, payload: [UInt8](repeating: 7, count: 64 << 10))

  var flows: [Flow]
  var forward: VirtualLink
  private var backward: VirtualLink
  private(set) var now = Instant.zero
  private let outbox = Outbox()
  private var events: [SCTPAssociation.Event] = []

  init(_ scenario: Scenario) {
    let path = Path(
      local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1),
      remote: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 2))
    forward = VirtualLink(
      bitsPerSecond: scenario.bitsPerSecond, delay: scenario.roundTrip / 2,
      queueLimit: scenario.queueByteLimit, loss: scenario.loss, seed: scenario.seed)
    backward = VirtualLink(
      bitsPerSecond: scenario.bitsPerSecond, delay: scenario.roundTrip / 2,
      queueLimit: scenario.queueByteLimit, loss: scenario.loss, seed: scenario.seed + 1)
    flows = (0..<scenario.flowCount).map { index in
      Flow(
        sender: SCTPAssociation(
          options: scenario.options(ofFlow: index), path: path,
          random: .seeded(UInt64(index * 2 + 1))),
        receiver: SCTPAssociation(
          options: scenario.options(ofFlow: index), path: path,
          random: .seeded(UInt64(index * 2 + 2))),
        start: Instant.zero + scenario.flowDelay * Int64(index))
    }
  }

  /// Lets time pass up to `end`.
  mutating func run(until end: Instant) {
    while let next = nextTime, next <= end {
      now = max(now, next)
      while let time = forward.nextTime, time <= now, let packet = forward.receive() {
        let association = flows[packet.flow].receiver
        association.receive(packet.bytes.span, at: now, into: outbox, events: &events)
        finish(packet.flow, isSender: false)
      }
      while let time = backward.nextTime, time <= now, let packet = backward.receive() {
        let association = flows[packet.flow].sender
        association.receive(packet.bytes.span, at: now, into: outbox, events: &events)
        finish(packet.flow, isSender: true)
      }
      for flow in flows.indices { advance(flow) }
    }
    now = end
  }

  private var nextTime: Instant? {
    var times = [forward.nextTime, backward.nextTime]
    for flow in flows {
      if !flow.hasStarted { times.append(flow.start) }
      times.append(flow.sender.deadline)
      times.append(flow.receiver.deadline)
    }
    return times.compactMap { $0 }.min()
  }

  private mutating func advance(_ flow: Int) {
    if flows[flow].start <= now, !flows[flow].hasStarted {
      flows[flow].hasStarted = true
      flows[flow].sender.connect(at: now, into: outbox, events: &events)
      finish(flow, isSender: true)
    }
    if let due = flows[flow].sender.deadline, due <= now {
      flows[flow].sender.advance(to: now, into: outbox, events: &events)
      finish(flow, isSender: true)
    }
    if let due = flows[flow].receiver.deadline, due <= now {
      flows[flow].receiver.advance(to: now, into: outbox, events: &events)
      finish(flow, isSender: false)
    }
  }

  /// Sends what an association put out, counts what it delivered, and gives it more to send.
  private mutating func finish(_ flow: Int, isSender: Bool) {
    for event in events {
      switch event {
      case .message(let message): flows[flow].receivedByteCount += message.payload.count
      case .connected where isSender: flows[flow].isConnected = true
      default: break
      }
    }
    events.removeAll(keepingCapacity: true)
    if isSender, flows[flow].isConnected {
      let sender = flows[flow].sender
      while sender.totalBufferedAmount < 1 << 20 {
        do throws(SCTPSendError) {
          try sender.send(
            Self.message, delivery: .init(), at: now, into: outbox, events: &events)
        } catch { break }
      }
      events.removeAll(keepingCapacity: true)
    }
    for datagram in outbox.datagrams {
      let bytes = outbox.arena[datagram.offset..<datagram.offset + datagram.count]
      if isSender {
        forward.send(bytes, flow: flow, at: now)
      } else {
        backward.send(bytes, flow: flow, at: now)
      }
    }
    outbox.removeAll()
  }
}
