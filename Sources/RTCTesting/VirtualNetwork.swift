public import Wire

/// A network of hosts, links and address translators in virtual time.
///
/// Everything happens in one thread and in the order of one event queue, and every link draws from its
/// own seeded numbers: the same seed and the same calls give the same packets, which `traceHash`
/// proves. Nothing waits: an hour passes as fast as the nodes can work.
///
/// What leaves on a path of TCP or TLS arrives whole, once and in order: loss only makes it late.
///
/// ```swift
/// let network = VirtualNetwork(seed: 7)
/// let office = network.addNAT(.portRestricted, address: IPAddress(203, 0, 113, 1))
/// let laptop = network.addHost(IPAddress(192, 168, 1, 2), behind: office)
/// network.attach(node, to: laptop, at: TransportAddress(ip: IPAddress(192, 168, 1, 2), port: 5000))
/// network.setConditions(LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.3)), of: laptop)
/// network.run(for: .seconds(60))
/// ```
public final class VirtualNetwork {
  /// A machine with one or more addresses.
  public struct Host: Hashable, Sendable { let index: Int }
  /// An address translator.
  public struct NAT: Hashable, Sendable { let index: Int }
  /// A direction of a host's link.
  public enum Direction: Sendable, CaseIterable { case outgoing, incoming }

  /// The time in the network.
  public private(set) var now: Instant
  /// Every datagram's end, where `recordsTrace` is set.
  public internal(set) var trace: [PacketRecord] = []
  /// Whether `trace` is kept. The hash and the counts always are.
  public var recordsTrace = false
  /// Called for each datagram as a node sends it, with the addresses as the node knows them; true drops
  /// it. For tests that lose certain packets, or look at all of them.
  public var drops: ((Path, [UInt8]) -> Bool)?
  /// Calls of `advance` after which a node still wanted to be called at once, a thousand times over.
  public private(set) var stuckTimerCount = 0

  struct HostState {
    var addresses: [IPAddress]
    var nat: Int?
    var outgoing: Link
    var incoming: Link
    var isAlive = true
  }

  struct NodeState {
    /// Nil where the node was detached: places are not used again.
    var node: (any VirtualNode)?
    let host: Int
    var timer: Instant?
    var repetitions = 0
  }

  /// A port that a node listens on.
  struct Attachment {
    let node: Int
    let address: TransportAddress
  }

  struct Packet {
    var transport = Path.Transport.udp
    var source: TransportAddress
    var destination: TransportAddress
    /// The network the packet is in: behind a translator, or the open one.
    var nat: Int?
    var bytes: [UInt8]
  }

  /// An address within one network: two translators may use the same ones inside.
  struct ScopedAddress: Hashable {
    let ip: IPAddress
    let nat: Int?
  }

  struct HostPort: Hashable {
    let host: Int
    let port: UInt16
  }

  enum Happening {
    case timer(node: Int)
    case transit(Packet)
    case delivery(Packet, host: Int)
    case streamDelivery(StreamKey)
    case streamFailure(StreamKey)
  }

  var hosts: [HostState] = []
  var boxes: [NATBox] = []
  var nodes: [NodeState] = []
  /// Looked up only, never walked: their order differs from run to run.
  var hostsByAddress: [ScopedAddress: Int] = [:]
  var nodesByPort: [HostPort: [Attachment]] = [:]
  var streams: [StreamKey: StreamEnd] = [:]
  var nextStreamPort: UInt16 = 40_000
  var queue = EventQueue<Happening>()
  var hash = TraceHash()
  var counts = [Int](repeating: 0, count: PacketRecord.Fate.allCases.count)
  private var seeds: RandomSource
  let outbox = Outbox()

  /// A network without hosts at `start`.
  public init(seed: UInt64, start: Instant = .zero) {
    seeds = .seeded(seed)
    now = start
  }

  /// A hash of every datagram so far: when, from where, to where, its bytes and its fate.
  public var traceHash: UInt64 { hash.value }

  /// How many datagrams ended in `fate` so far.
  public func count(_ fate: PacketRecord.Fate) -> Int { counts[Int(fate.rawValue)] }

  // MARK: Building

  /// Adds a host, in the open network or behind a translator.
  public func addHost(
    _ addresses: IPAddress..., behind nat: NAT? = nil, conditions: LinkConditions = .perfect
  ) -> Host {
    hosts.append(
      HostState(
        addresses: addresses, nat: nat?.index, outgoing: Link(conditions, seed: seeds.next()),
        incoming: Link(conditions, seed: seeds.next())))
    enter(hosts.count - 1)
    return Host(index: hosts.count - 1)
  }

  /// Adds a translator with a public address.
  public func addNAT(_ behavior: NATBehavior, address: IPAddress) -> NAT {
    boxes.append(
      NATBox(behavior, address: address, firstPort: UInt16(10_000 + seeds.next() % 20_000)))
    return NAT(index: boxes.count - 1)
  }

  /// Attaches a node to a port of a host. On the unspecified address it receives at every address of
  /// the host, and sees that as `Path.local`, as a real socket bound like that. A node may be attached to
  /// several ports of its host.
  public func attach(_ node: any VirtualNode, to host: Host, at address: TransportAddress) {
    let known = nodes.firstIndex { $0.node === node && $0.host == host.index }
    let index = known ?? nodes.count
    if known == nil { nodes.append(NodeState(node: node, host: host.index)) }
    nodesByPort[HostPort(host: host.index, port: address.port), default: []].append(
      Attachment(node: index, address: address))
    schedule(index)
  }

  /// Takes a node off one of its ports: what comes there ends as `unbound`.
  public func detach(_ node: any VirtualNode, from address: TransportAddress) {
    for (index, state) in nodes.enumerated() where state.node === node {
      nodesByPort[HostPort(host: state.host, port: address.port)]?.removeAll {
        $0.node == index && $0.address == address
      }
    }
  }

  /// Ends a node as if its process were killed: it hears nothing more and is never called again. What it
  /// has sent arrives. Another one may be attached in its place.
  public func kill(_ node: any VirtualNode) {
    for index in nodes.indices where nodes[index].node === node {
      nodes[index].node = nil
      nodes[index].timer = nil
      for port in nodesByPort.keys { nodesByPort[port]?.removeAll { $0.node == index } }
    }
  }

  // MARK: Changing

  /// Changes a host's link, by default in both directions.
  public func setConditions(
    _ conditions: LinkConditions, of host: Host, _ direction: Direction? = nil
  ) {
    if direction != .incoming { hosts[host.index].outgoing.conditions = conditions }
    if direction != .outgoing { hosts[host.index].incoming.conditions = conditions }
  }

  /// Freezes a host as if its power were cut: nothing arrives, nothing leaves, nobody there is called.
  public func stop(_ host: Host) { hosts[host.index].isAlive = false }

  /// Has a stopped host go on where it was, with the time that has passed.
  public func resume(_ host: Host) {
    hosts[host.index].isAlive = true
    for index in nodes.indices { schedule(index) }
  }

  /// Has a translator forget its mappings: what follows comes from other ports.
  public func rebind(_ nat: NAT) { boxes[nat.index].rebind() }

  /// Moves a host to other addresses, as from Wi-Fi to a mobile network.
  public func move(_ host: Host, to addresses: IPAddress..., behind nat: NAT? = nil) {
    hostsByAddress = hostsByAddress.filter { $0.value != host.index }
    hosts[host.index].addresses = addresses
    hosts[host.index].nat = nat?.index
    enter(host.index)
  }

  private func enter(_ host: Int) {
    for address in hosts[host].addresses {
      hostsByAddress[ScopedAddress(ip: address, nat: hosts[host].nat)] = host
    }
  }

  /// Puts a datagram into the open network, with any source: what an attacker can do.
  public func inject(_ bytes: [UInt8], from source: TransportAddress, to address: TransportAddress)
  {
    let packet = Packet(source: source, destination: address, nat: nil, bytes: bytes)
    queue.push(.transit(packet), at: now)
  }

  /// Has a node do something besides receiving and waiting, and sends what it puts into the outbox.
  public func act(as node: any VirtualNode, _ body: (Outbox, Instant) -> Void) {
    guard let index = nodes.firstIndex(where: { $0.node === node }) else { return }
    body(outbox, now)
    finish(index)
  }

  // MARK: Running

  /// Lets `duration` pass.
  public func run(for duration: Duration) { run(until: now + duration) }

  /// Runs until `end`.
  public func run(until end: Instant) {
    _ = run(until: end) { false }
  }

  /// Runs until `condition` holds, which is asked after everything that happens, or until `end`.
  /// Returns whether it held.
  public func run(until end: Instant, _ condition: () -> Bool) -> Bool {
    for index in nodes.indices { schedule(index) }
    if condition() { return true }
    while let time = queue.nextTime, time <= end, let event = queue.pop() {
      now = max(now, event.time)
      if handle(event.content, at: event.time), condition() { return true }
    }
    now = max(now, end)
    return false
  }

  /// Returns whether anything happened.
  private func handle(_ happening: Happening, at time: Instant) -> Bool {
    switch happening {
    case .timer(let index):
      guard nodes[index].timer == time else { return false }
      nodes[index].timer = nil
      guard let node = nodes[index].node, hosts[nodes[index].host].isAlive else { return false }
      // The deadline may have moved since the timer was set.
      guard let deadline = node.deadline, deadline <= now else {
        schedule(index)
        return false
      }
      node.advance(to: now, into: outbox)
      finish(index)
    case .transit(let packet):
      route(packet)
    case .delivery(let packet, let host):
      deliver(packet, host)
    case .streamDelivery(let key):
      deliverNext(of: key)
    case .streamFailure(let key):
      guard hosts[nodes[key.node].host].isAlive else { return false }
      nodes[key.node].node?.pathFailed(key.path, at: now, into: outbox)
      finish(key.node)
    }
    return true
  }

  /// Gives a datagram to the node on its port.
  private func deliver(_ packet: Packet, _ host: Int) {
    guard hosts[host].isAlive else { return end(packet, .unbound) }
    let port = HostPort(host: host, port: packet.destination.port)
    let attachment = nodesByPort[port]?.first {
      $0.address.ip.isUnspecified || $0.address.ip == packet.destination.ip
    }
    guard let attachment, let node = nodes[attachment.node].node else {
      return end(packet, .unbound)
    }
    end(packet, .delivered)
    var bytes = packet.bytes
    let path = Path(
      transport: packet.transport, local: attachment.address, remote: packet.source)
    node.receive(&bytes, on: path, at: now, into: outbox)
    finish(attachment.node)
  }

  /// Sends what a node put into the outbox, and sets its timer.
  func finish(_ index: Int) {
    let datagrams = outbox.datagrams.map { (path: $0.path, bytes: outbox.bytes(of: $0)) }
    outbox.removeAll()
    for datagram in datagrams where !sendInStream(datagram.bytes, by: datagram.path, from: index) {
      send(datagram.bytes, by: datagram.path, from: nodes[index].host)
    }
    schedule(index)
  }

  private func schedule(_ index: Int) {
    guard let deadline = nodes[index].node?.deadline, hosts[nodes[index].host].isAlive else {
      nodes[index].timer = nil
      return
    }
    var time = max(deadline, now)
    if deadline > now {
      nodes[index].repetitions = 0
    } else {
      nodes[index].repetitions += 1
      if nodes[index].repetitions > 1000 {
        nodes[index].repetitions = 0
        stuckTimerCount += 1
        time = now + .milliseconds(1)
      }
    }
    guard nodes[index].timer.map({ time < $0 }) ?? true else { return }
    nodes[index].timer = time
    queue.push(.timer(node: index), at: time)
  }
}
