import Foundation
import Net
import TURN
import Wire

/// Our TURN server and coturn by turns: processor time of a relayed packet, the most they carry, memory of idle
/// allocations, and what made-up sources leave behind. Prints JSON.
@main
enum RelayComparison {
  struct Load: Encodable {
    /// Packets a second that were sent, and the share that came back.
    var sentPerSecond: Double
    var returned: Double
    /// Microseconds of the server for each packet relayed, one way.
    var processorMicroseconds: Double
  }

  struct Result: Encodable {
    var loads: [String: [Load]] = [:]
    /// As fast as it goes.
    var throughput: [String: [Load]] = [:]
    var idleAllocationBytes: [String: Int] = [:]
    var spoofedSourcesGrowthBytes: [String: Int] = [:]
  }

  static func main() throws {
    DescriptorLimit.raise()
    var result = Result()
    var port: UInt16 = 23_478
    let names = ["jumpa", "coturn"]
    // 20 clients at 2, 4 and 15 Mbit/s each, or as near to that as this machine comes.
    for round in 0..<3 {
      for name in names {
        for burst in [1, 2, 8] where round == 0 || burst == 2 {
          port += 1
          let load = try measure(name, port: port, clients: 20, burst: burst, seconds: 4)
          result.loads["\(name), \(burst) packets per burst", default: []].append(load)
        }
      }
    }
    for _ in 0..<3 {
      for name in names {
        port += 1
        result.throughput[name, default: []].append(try saturate(name, port: port, seconds: 4))
      }
    }
    for name in names {
      port += 1
      result.idleAllocationBytes[name] = try idle(name, port: port, count: 10_000)
      port += 1
      result.spoofedSourcesGrowthBytes[name] = try spoof(name, port: port, count: 100_000)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }

  /// Every 5 ms each client sends a burst to a peer that sends it back.
  private static func measure(
    _ name: String, port: UInt16, clients count: Int, burst: Int, seconds: Double
  ) throws -> Load {
    let server = try RelayProcess(name, port: port)
    defer { server.stop() }
    let (peer, clients) = try connect(server, count)
    let (before, began) = (clients.reduce(0) { $0 + $1.receivedCount }, MonotonicClock.now())
    let (cost, arrived) = (server.processorTime, peer.receivedCount)
    var sent = 0
    var next = began
    while MonotonicClock.now() - began < .milliseconds(Int64(seconds * 1000)) {
      for client in clients { client.send(burst, to: peer.socket.localAddress) }
      sent += burst * count
      next = next + .milliseconds(5)
      repeat {
        peer.turn()
        for client in clients { client.turn() }
        usleep(500)
      } while MonotonicClock.now() < next
    }
    let time = MonotonicClock.now() - began
    usleep(200_000)
    peer.turn()
    usleep(100_000)
    for client in clients { client.turn() }
    let returned = clients.reduce(0) { $0 + $1.receivedCount } - before
    let relayed = returned + peer.receivedCount - arrived
    return Load(
      sentPerSecond: Double(sent) / time.seconds, returned: Double(returned) / Double(max(1, sent)),
      processorMicroseconds: (server.processorTime - cost) * 1e6 / Double(max(1, relayed)))
  }

  /// Clients with a channel to a peer.
  private static func connect(
    _ server: RelayProcess, _ count: Int
  ) throws -> (EchoingPeer, [RelayedClient]) {
    usleep(700_000)
    let peer = try EchoingPeer()
    let clients = try (0..<count).map { number in
      try RelayedClient(from: IPAddress(127, 0, 1, UInt8(1 + number)), to: server.address)
    }
    for client in clients { client.start() }
    let patience = MonotonicClock.now() + .seconds(10)
    while clients.contains(where: { !$0.isBound }), MonotonicClock.now() < patience {
      for client in clients {
        client.turn()
        if client.client.state == .allocated { client.send(1, to: peer.socket.localAddress) }
      }
      peer.turn()
      usleep(20_000)
    }
    // What is on its way still is not the measurement's.
    for _ in 0..<5 {
      usleep(50_000)
      peer.turn()
      for client in clients { client.turn() }
    }
    return (peer, clients)
  }

  /// Each client keeps 64 packets on their way there and back.
  private static func saturate(_ name: String, port: UInt16, seconds: Int64) throws -> Load {
    let server = try RelayProcess(name, port: port)
    defer { server.stop() }
    let (peer, clients) = try connect(server, 20)
    let window = 64
    let (began, cost) = (MonotonicClock.now(), server.processorTime)
    let arrived = peer.receivedCount
    let before = clients.map(\.receivedCount)
    var sent = 0
    var known = before
    var answeredAt = [Instant](repeating: .zero, count: clients.count)
    while MonotonicClock.now() - began < .seconds(seconds) {
      for (index, client) in clients.enumerated() {
        let now = MonotonicClock.now()
        var count = client.receivedCount - known[index]
        // What is lost is not waited for.
        if now - answeredAt[index] > .milliseconds(100) { count = window }
        guard count > 0 else { continue }
        known[index] = client.receivedCount
        answeredAt[index] = now
        client.send(count, to: peer.socket.localAddress)
        sent += count
      }
      peer.turn()
      for client in clients { client.turn() }
    }
    let time = MonotonicClock.now() - began
    let returned = zip(clients, before).reduce(0) { $0 + $1.0.receivedCount - $1.1 }
    let relayed = returned + peer.receivedCount - arrived
    return Load(
      sentPerSecond: Double(sent) / time.seconds, returned: Double(returned) / Double(max(1, sent)),
      processorMicroseconds: (server.processorTime - cost) * 1e6 / Double(max(1, relayed)))
  }

  /// Bytes of each of many allocations that do nothing.
  private static func idle(_ name: String, port: UInt16, count: Int) throws -> Int {
    let server = try RelayProcess(name, port: port)
    defer { server.stop() }
    usleep(700_000)
    var before = 0
    for number in 0...count {
      let ip = IPAddress(127, 1, UInt8(number >> 8 & 0xff), UInt8(1 + number % 250))
      let client = try RelayedClient(from: ip, to: server.address)
      client.start()
      let patience = MonotonicClock.now() + .seconds(3)
      while client.client.state != .allocated, MonotonicClock.now() < patience {
        client.turn()
        usleep(50)
      }
      guard client.client.state == .allocated else {
        FileHandle.standardError.write(Data("\(name): no allocation \(number)\n".utf8))
        return (server.residentBytes - before) / max(1, number)
      }
      // The first has the server set itself up.
      if number == 0 { before = server.residentBytes }
    }
    return (server.residentBytes - before) / count
  }

  /// How much the server grows by requests of so many addresses and ports, each of another.
  private static func spoof(_ name: String, port: UInt16, count: Int) throws -> Int {
    let server = try RelayProcess(name, port: port)
    defer { server.stop() }
    usleep(700_000)
    try flood(server, 0..<2_000)
    usleep(500_000)
    let before = server.residentBytes
    try flood(server, 2_000..<count + 2_000)
    usleep(500_000)
    return server.residentBytes - before
  }

  private static func flood(_ server: RelayProcess, _ numbers: Range<Int>) throws {
    // Allocate, Binding, Refresh and ChannelData, of nobody.
    let kinds: [[UInt8]] = [[0, 3], [0, 1], [0, 4]].map { type in
      type + [0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)
    }
    let outbox = Outbox()
    for number in numbers {
      let ip = IPAddress(
        127, UInt8(2 + number >> 16), UInt8(number >> 8 & 0xff), UInt8(number & 0xff))
      let socket = try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0))
      let path = Path(local: socket.localAddress, remote: server.address)
      for kind in kinds { outbox.append(kind.span, on: path) }
      outbox.append([0x40, 0, 0, 4, 1, 2, 3, 4].span, on: path)
      socket.flush(outbox)
      if number % 500 == 0 { usleep(2_000) }
    }
  }
}
