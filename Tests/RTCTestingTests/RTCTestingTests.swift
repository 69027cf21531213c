import RTCTesting
import Testing
import Wire

/// Sends numbered datagrams at a steady pace and notes what arrives.
final class Metronome: VirtualNode {
  let path: Path
  let interval: Duration
  let payloadByteCount: Int
  var remaining: Int
  var deadline: Instant?
  private(set) var received: [(at: Instant, bytes: [UInt8], path: Path)] = []
  private var sent: UInt8 = 0

  init(_ path: Path, count: Int = 0, every interval: Duration = .milliseconds(10), bytes: Int = 4) {
    self.path = path
    self.interval = interval
    payloadByteCount = bytes
    remaining = count
    deadline = count > 0 ? .zero : nil
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    received.append((now, datagram, path))
  }

  func advance(to now: Instant, into outbox: Outbox) {
    let payload = [sent] + [UInt8](repeating: 0, count: payloadByteCount - 1)
    outbox.append(payload.span, on: path)
    sent &+= 1
    remaining -= 1
    deadline = remaining > 0 ? now + interval : nil
  }
}

private let left = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1000)
private let right = TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2000)
private let anywhere = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 2000)

/// One sender, one receiver, the sender's link under `conditions`.
private func transmit(
  _ conditions: LinkConditions, seed: UInt64 = 1, count: Int = 200, bytes: Int = 4
) -> (network: VirtualNetwork, receiver: Metronome) {
  let network = VirtualNetwork(seed: seed)
  let sender = Metronome(Path(local: left, remote: right), count: count, bytes: bytes)
  let receiver = Metronome(Path(local: anywhere, remote: left))
  network.attach(sender, to: network.addHost(left.ip, conditions: conditions), at: left)
  network.attach(receiver, to: network.addHost(right.ip), at: anywhere)
  network.run(for: .seconds(60))
  return (network, receiver)
}

@Test func `a perfect link delivers everything in order and at once`() {
  let (network, receiver) = transmit(.perfect)
  #expect(receiver.received.map { Int($0.bytes[0]) } == Array(0..<200))
  #expect(receiver.received.first?.path == Path(local: anywhere, remote: left))
  #expect(receiver.received.last?.at == .zero + .milliseconds(1990))
  #expect(network.count(.delivered) == 200)
  #expect(network.now == .zero + .seconds(60))
}

@Test func `delay and jitter keep the order`() {
  let (_, receiver) = transmit(LinkConditions(delay: .milliseconds(50), jitter: .milliseconds(40)))
  #expect(receiver.received.map { Int($0.bytes[0]) } == Array(0..<200))
  #expect(receiver.received.allSatisfy { $0.at >= .zero + .milliseconds(50) })
}

@Test(arguments: [0.05, 0.3, 0.6])
func `loss is near its rate`(rate: Double) {
  let single = transmit(LinkConditions(loss: .bernoulli(rate)), count: 5000).network
  #expect(abs(Double(single.count(.lost)) / 5000 - rate) < 0.03)
  let bursts = transmit(
    LinkConditions(loss: .bursts(rate: rate, meanLength: 5)), count: 5000
  ).network
  #expect(abs(Double(bursts.count(.lost)) / 5000 - rate) < 0.08)
}

@Test func `bursts are as long as asked for`() {
  let receiver = transmit(
    LinkConditions(loss: .bursts(rate: 0.2, meanLength: 10)), count: 5000
  ).receiver
  let gaps = zip(receiver.received, receiver.received.dropFirst())
    .map { Int($1.bytes[0] &- $0.bytes[0]) - 1 }.filter { $0 > 0 }
  let mean = Double(gaps.reduce(0, +)) / Double(gaps.count)
  #expect((7...13).contains(mean))
}

@Test func `reordering, duplication and corruption do what they say`() {
  let reordered = transmit(LinkConditions(reordering: 0.1)).receiver.received.map { $0.bytes[0] }
  #expect(reordered.count == 200 && reordered != reordered.sorted())
  #expect(transmit(LinkConditions(duplication: 0.5)).receiver.received.count > 250)
  let corrupted = transmit(LinkConditions(corruption: 0.2)).receiver.received
    .filter { $0.bytes[1...].contains { $0 != 0 } }
  #expect((10...50).contains(corrupted.count))
}

@Test func `a full queue drops the tail and the rest leaves at the link's rate`() {
  // 1000 bytes and 28 of headers every 10 ms are 822 kbit/s; half of it fits.
  let (network, receiver) = transmit(
    LinkConditions(bitsPerSecond: 411_200, queueByteLimit: 10_280), bytes: 1000)
  #expect(abs(network.count(.queueFull) - 95) < 5)
  let spacing = receiver.received[51].at - receiver.received[50].at
  #expect(spacing == .milliseconds(20))
}

@Test func `what exceeds the MTU vanishes`() {
  #expect(transmit(LinkConditions(mtu: 1028), bytes: 1000).receiver.received.count == 200)
  #expect(transmit(LinkConditions(mtu: 1027), bytes: 1000).network.count(.tooLarge) == 200)
}

@Test func `the same seed gives the same trace, another seed another`() {
  let conditions = LinkConditions(
    delay: .milliseconds(5), jitter: .milliseconds(9), loss: .bernoulli(0.1), duplication: 0.1,
    corruption: 0.1)
  let first = transmit(conditions, seed: 5).network.traceHash
  #expect(first == transmit(conditions, seed: 5).network.traceHash)
  #expect(first != transmit(conditions, seed: 6).network.traceHash)
}

@Test func `a test may drop packets and inject forged ones`() {
  let network = VirtualNetwork(seed: 1)
  let receiver = Metronome(Path(local: anywhere, remote: left))
  let sender = Metronome(Path(local: left, remote: right), count: 10)
  network.attach(sender, to: network.addHost(left.ip), at: left)
  network.attach(receiver, to: network.addHost(right.ip), at: anywhere)
  network.drops = { _, bytes in bytes[0] < 4 }
  network.run(for: .seconds(1))
  #expect(network.count(.droppedByTest) == 4 && network.count(.delivered) == 6)
  network.inject([9], from: left, to: right)
  network.run(for: .seconds(1))
  #expect(receiver.received.last?.bytes == [9])
}

@Test func `a node that wants to be called for ever does not stop the clock`() {
  final class Restless: VirtualNode {
    var deadline: Instant? = .zero
    func receive(_: inout [UInt8], on _: Path, at _: Instant, into _: Outbox) {}
    func advance(to _: Instant, into _: Outbox) {}
  }
  let network = VirtualNetwork(seed: 1)
  network.attach(Restless(), to: network.addHost(left.ip), at: left)
  network.run(for: .milliseconds(20))
  #expect(network.stuckTimerCount > 0)
}

// MARK: Translators

/// What a host in the open network gets to see of a host behind a translator.
private struct Behind {
  let network = VirtualNetwork(seed: 3)
  let inside: Metronome
  let nat: VirtualNetwork.NAT
  let servers: [Metronome]
  static let insideAddress = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 1000)
  static let natAddress = IPAddress(203, 0, 113, 9)
  /// Two ports of one host, and another host.
  static let serverAddresses = [
    TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2000),
    TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2001),
    TransportAddress(ip: IPAddress(192, 0, 2, 3), port: 2000),
  ]

  init(_ behavior: NATBehavior) {
    nat = network.addNAT(behavior, address: Self.natAddress)
    let host = network.addHost(Self.insideAddress.ip, behind: nat)
    inside = Metronome(Path(local: Self.insideAddress, remote: left))
    network.attach(inside, to: host, at: Self.insideAddress)
    servers = Self.serverAddresses.map { Metronome(Path(local: $0, remote: left)) }
    let first = network.addHost(Self.serverAddresses[0].ip)
    let second = network.addHost(Self.serverAddresses[2].ip)
    for index in 0..<3 {
      network.attach(
        servers[index], to: index < 2 ? first : second, at: Self.serverAddresses[index])
    }
  }

  /// The source each of the servers sees.
  func sources(to indices: [Int]) -> [TransportAddress?] {
    network.act(as: inside) { outbox, _ in
      for index in indices {
        let path = Path(local: Self.insideAddress, remote: Self.serverAddresses[index])
        outbox.append(([1] as [UInt8]).span, on: path)
      }
    }
    network.run(for: .milliseconds(1))
    return indices.map { servers[$0].received.last?.path.remote }
  }

  func reaches(from index: Int, _ address: TransportAddress) -> Bool {
    let before = inside.received.count
    network.act(as: servers[index]) { outbox, _ in
      let path = Path(local: Self.serverAddresses[index], remote: address)
      outbox.append(([2] as [UInt8]).span, on: path)
    }
    network.run(for: .milliseconds(1))
    return inside.received.count > before
  }
}

@Test func `mappings and filters depend on what they should`() throws {
  for (behavior, reach) in [
    (NATBehavior.fullCone, [true, true, true]), (.addressRestricted, [true, true, false]),
    (.portRestricted, [true, false, false]), (.symmetric, [true, false, false]),
  ] {
    let world = Behind(behavior)
    let source = try #require(world.sources(to: [0])[0])
    #expect(source.ip == Behind.natAddress)
    #expect((0..<3).map { world.reaches(from: $0, source) } == reach)
    let sources = world.sources(to: [0, 1, 2])
    #expect(sources[0] == source)
    #expect((sources[1] == source) == (behavior != .symmetric))
    #expect((sources[2] == source) == (behavior != .symmetric))
  }
}

@Test func `a mapping may depend on the outside host alone`() throws {
  let world = Behind(NATBehavior(mapping: .addressDependent, filtering: .addressDependent))
  let sources = world.sources(to: [0, 1, 2])
  #expect(sources[0] == sources[1] && sources[0] != sources[2])
  let source = try #require(sources[0])
  #expect((0..<3).map { world.reaches(from: $0, source) } == [true, true, false])
}

@Test func `a rebinding gives new ports and forgets the old ones`() throws {
  let world = Behind(.fullCone)
  let before = try #require(world.sources(to: [0])[0])
  world.network.rebind(world.nat)
  #expect(!world.reaches(from: 0, before))
  let after = try #require(world.sources(to: [0])[0])
  #expect(before != after)
  #expect(world.reaches(from: 0, after))
}

@Test func `an unused mapping is forgotten`() throws {
  let world = Behind(.fullCone)
  let source = try #require(world.sources(to: [0])[0])
  world.network.run(for: .seconds(121))
  #expect(!world.reaches(from: 0, source))
}

@Test func `private addresses are not reached from outside`() {
  let world = Behind(.fullCone)
  #expect(!world.reaches(from: 0, Behind.insideAddress))
  #expect(world.network.count(.unroutable) == 1)
}

// MARK: Streams and nodes that end

@Test func `a stream arrives whole, once and in order, whatever the link does`() {
  let conditions = LinkConditions(
    delay: .milliseconds(20), jitter: .milliseconds(30), loss: .bernoulli(0.3), reordering: 0.3,
    duplication: 0.3, corruption: 0.5, mtu: 500)
  let network = VirtualNetwork(seed: 8)
  let sender = Metronome(
    Path(transport: .tcp, local: left, remote: right), count: 200, bytes: 2000)
  let receiver = Metronome(Path(local: anywhere, remote: left))
  network.attach(sender, to: network.addHost(left.ip, conditions: conditions), at: left)
  network.attach(receiver, to: network.addHost(right.ip), at: anywhere)
  network.run(for: .seconds(60))
  #expect(receiver.received.map { Int($0.bytes[0]) } == Array(0..<200))
  #expect(receiver.received.allSatisfy { $0.path.transport == .tcp })
  // What was lost came later, and held up what came after it.
  #expect(receiver.received.contains { $0.at >= .zero + .milliseconds(220) })
  let times = receiver.received.map(\.at)
  #expect(times == times.sorted())
}

/// Sends one packet by each of some paths, again and again, and hears what fails.
private final class Dialler: VirtualNode {
  let paths: [Path]
  var deadline: Instant? = .zero
  var failures: [(at: Instant, path: Path)] = []
  var received: [(path: Path, bytes: [UInt8])] = []

  init(_ paths: [Path]) { self.paths = paths }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    received.append((path, datagram))
    if paths.isEmpty { outbox.append(datagram.span, on: path) }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    for path in paths { outbox.append([1, 2, 3].span, on: path) }
    deadline = paths.isEmpty ? nil : now + .seconds(1)
  }

  func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox) {
    failures.append((now, path))
  }
}

@Test func `a connection from any port is answered, refused, broken and made again`() {
  let network = VirtualNetwork(seed: 8)
  let nat = network.addNAT(.symmetric, address: IPAddress(203, 0, 113, 5))
  var base = left
  base.port = 9
  var closed = right
  closed.port = 444
  let taken = Path(transport: .tcp, local: base, remote: right)
  let refused = Path(transport: .tcp, local: base, remote: closed)
  let client = Dialler([taken, refused])
  let server = Dialler([])
  let host = network.addHost(
    left.ip, behind: nat, conditions: LinkConditions(delay: .milliseconds(10)))
  network.attach(client, to: host, at: left)
  network.attach(server, to: network.addHost(right.ip), at: anywhere)
  network.run(for: .milliseconds(100))
  #expect(client.received.map(\.path) == [taken])
  #expect(client.failures.map(\.path) == [refused])
  #expect(client.failures.first?.at == .zero + .milliseconds(20))
  let first = server.received.first?.path
  #expect(first?.remote.ip == IPAddress(203, 0, 113, 5) && first?.transport == .tcp)
  network.breakConnections(of: host)
  network.run(for: .milliseconds(1))
  #expect(server.failures.map(\.path) == [first] && client.failures.count == 2)
  network.run(for: .seconds(2))
  #expect(server.received.count == 3 && client.received.count == 3)
  #expect(server.received.last?.path != first)
  #expect(server.received[1].path == server.received[2].path)
}

@Test func `a killed node is silent, and another one takes its place`() {
  let network = VirtualNetwork(seed: 1)
  let sender = Metronome(Path(local: left, remote: right), count: 100)
  let receiver = Metronome(Path(local: anywhere, remote: left))
  let host = network.addHost(right.ip)
  network.attach(sender, to: network.addHost(left.ip), at: left)
  network.attach(receiver, to: host, at: anywhere)
  network.run(for: .milliseconds(95))
  network.kill(receiver)
  network.run(for: .milliseconds(100))
  #expect(receiver.received.count == 10 && network.count(.unbound) == 10)
  let successor = Metronome(Path(local: anywhere, remote: left))
  network.attach(successor, to: host, at: anywhere)
  network.run(for: .milliseconds(100))
  #expect(receiver.received.count == 10 && successor.received.count == 10)
  network.kill(sender)
  network.run(for: .seconds(1))
  #expect(successor.received.count == 10 && sender.remaining == 70)
}

@Test func `nothing of a killed node is kept`() {
  let network = VirtualNetwork(seed: 1)
  weak var kept: Metronome?
  do {
    let node = Metronome(Path(local: left, remote: right), count: 5)
    network.attach(node, to: network.addHost(left.ip), at: left)
    network.run(for: .milliseconds(15))
    network.kill(node)
    kept = node
  }
  #expect(kept == nil)
}

@Test func `a stopped host hears and does nothing until it goes on`() {
  let network = VirtualNetwork(seed: 1)
  let sender = Metronome(Path(local: left, remote: right), count: 100)
  let receiver = Metronome(Path(local: anywhere, remote: left))
  let hosts = [network.addHost(left.ip), network.addHost(right.ip)]
  network.attach(sender, to: hosts[0], at: left)
  network.attach(receiver, to: hosts[1], at: anywhere)
  network.run(for: .milliseconds(95))
  network.stop(hosts[1])
  network.run(for: .milliseconds(100))
  #expect(receiver.received.count == 10)
  network.resume(hosts[1])
  network.stop(hosts[0])
  network.act(as: sender) { outbox, _ in
    outbox.append(([7] as [UInt8]).span, on: Path(local: left, remote: right))
  }
  network.run(for: .milliseconds(100))
  #expect(receiver.received.count == 10 && sender.remaining == 80)
  network.resume(hosts[0])
  network.run(for: .seconds(1))
  #expect(receiver.received.count == 90 && sender.remaining == 0)
}

@Test func `a node on two ports hears both, and no longer the one it left`() {
  let network = VirtualNetwork(seed: 1)
  let node = Metronome(Path(local: right, remote: left))
  let second = TransportAddress(ip: right.ip, port: 2001)
  let host = network.addHost(right.ip)
  network.attach(node, to: host, at: right)
  network.attach(node, to: host, at: second)
  for address in [right, second] { network.inject([1], from: left, to: address) }
  network.run(for: .milliseconds(1))
  #expect(node.received.map(\.path.local) == [right, second])
  network.detach(node, from: second)
  for address in [right, second] { network.inject([1], from: left, to: address) }
  network.run(for: .milliseconds(1))
  #expect(node.received.count == 3 && network.count(.unbound) == 1)
}
