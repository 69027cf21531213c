import DTLS
import OpenSSLTime
import Peer
import RTCTesting
import RTP
import Testing
import Wire

struct ConnectionTests {
  @Test(arguments: [DTLSEngine.Role.client, .server], [0.0, 0.3])
  func `media and feedback flow both ways, whoever speaks first`(
    role: DTLSEngine.Role, loss: Double
  ) throws {
    for seed in 1...(loss > 0 ? 5 : 1) as ClosedRange<UInt64> {
      let connection = try Connection(
        seed: seed,
        conditions: LinkConditions(
          delay: .milliseconds(20), loss: loss > 0 ? .bernoulli(loss) : .none), clientRole: role)
      #expect(connection.connect())
      #expect(loss > 0 || connection.network.now <= .zero + .milliseconds(500))
      let flow = connection.flow(for: .seconds(4))
      let least = Int(195 * (1 - loss) * 0.85)
      #expect(flow.toClient > least && flow.toServer > least)
      for node in connection.nodes {
        #expect(node.count(.failed) == 0)
        #expect(node.feedback.count > (loss > 0 ? 25 : 60))
        #expect(node.feedback.allSatisfy { $0.mediaSSRC == (node === connection.client ? 1 : 2) })
      }
      #expect(connection.network.stuckTimerCount == 0)
    }
  }

  @Test func `an ICE restart keeps media and keys`() throws {
    let connection = try Connection(nat: .portRestricted)
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(2))
    connection.restartICE()
    let flow = connection.flow(for: .seconds(3))
    #expect(flow.toClient >= 149 && flow.toServer >= 149)
    for node in connection.nodes {
      #expect(node.count(.connected) == 1 && node.count(.failed) == 0)
      // In step all the way: no packet was lost and none could not be opened.
      let numbers = node.received.map(\.number)
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    }
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test(arguments: [1, 6])
  func `what an outage of seconds took is not told of, what a short one took is`(
    seconds: Int64
  ) throws {
    let connection = try Connection(conditions: LinkConditions(delay: .milliseconds(20)))
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(2))
    connection.network.setConditions(LinkConditions(isDown: true), of: connection.clientHost)
    _ = connection.flow(for: .seconds(seconds))
    let told = connection.nodes.map(\.feedback.count)
    connection.network.setConditions(
      LinkConditions(delay: .milliseconds(20)), of: connection.clientHost)
    _ = connection.flow(for: .seconds(2))
    for (node, before) in zip(connection.nodes, told) {
      let reports = node.feedback.dropFirst(before)
      let missing = reports.reduce(0) { $0 + Int($1.statusCount) - $1.arrivals.count }
      #expect(reports.count > 20)
      #expect(seconds > 2 ? missing == 0 : missing > 30)
    }
  }

  @Test func `an ICE restart brings back media after the path was lost`() throws {
    let connection = try Connection()
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(1))
    connection.network.setConditions(LinkConditions(isDown: true), of: connection.clientHost)
    connection.network.run(for: .seconds(10))
    #expect(connection.nodes.allSatisfy { $0.events.last?.event == .interrupted })
    connection.network.run(for: .seconds(30))
    #expect(connection.nodes.allSatisfy { $0.count(.failed) == 1 && !$0.remote.isConnected })
    #expect(connection.nodes.allSatisfy { !$0.remote.isEnded })
    connection.network.setConditions(.perfect, of: connection.clientHost)
    connection.restartICE()
    #expect(connection.connect())
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 45 && flow.toServer > 45)
    #expect(connection.nodes.allSatisfy { $0.count(.connected) == 2 })
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test(arguments: [true, false], [DTLSEngine.Role.client, .server])
  func `row 18: with a wrong fingerprint nothing is sent and everything ends`(
    clientIsWrong: Bool, clientRole: DTLSEngine.Role
  ) throws {
    let connection = try Connection(
      clientRole: clientRole, clientExpects: clientIsWrong ? 2 : 1,
      serverExpects: clientIsWrong ? 0 : 2)
    let victim = clientIsWrong ? connection.client : connection.server
    var sentAfter = 0
    connection.network.run(for: .milliseconds(1))
    connection.network.drops = { path, bytes in
      let isVictims =
        path.local.ip == (clientIsWrong ? Connection.clientAddress : Connection.serverAddress).ip
      if victim.remote.isEnded, isVictims, !((20...63).contains(bytes[0])) { sentAfter += 1 }
      return false
    }
    connection.network.run(for: .seconds(45))
    #expect(victim.remote.isEnded && victim.count(.failed) == 1 && victim.count(.connected) == 0)
    #expect(!victim.remote.isConnected && victim.remote.deadline == nil)
    #expect(connection.nodes.allSatisfy { $0.received.isEmpty })
    #expect(sentAfter == 0)
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `a rebinding NAT interrupts media for a moment only`() throws {
    let connection = try Connection(nat: .portRestricted)
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(2))
    let nat = try #require(connection.nat)
    connection.network.rebind(nat)
    let start = connection.network.now
    connection.network.run(for: .seconds(10))
    for node in connection.nodes {
      #expect(node.count(.failed) == 0)
      let back = node.received.first { $0.at > start + .milliseconds(50) }
      #expect(back.map { $0.at - start < .seconds(7) } == true)
    }
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 45 && flow.toServer > 45)
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `closing tells the other side, and both are over`() throws {
    let connection = try Connection()
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(1))
    connection.network.act(as: connection.server) { outbox, now in
      inVirtualTime(now) { connection.server.remote.close(into: outbox) }
      // The last thing sent is the alert: epoch 1, encrypted.
      #expect(outbox.datagrams.last.map { outbox.bytes(of: $0)[0] } == 21)
      connection.server.remote.close(into: outbox)
      #expect(outbox.datagrams.count == 1)
    }
    connection.network.run(for: .milliseconds(100))
    #expect(connection.client.count(.failed) == 1 && connection.client.remote.isEnded)
    let sent = connection.network.count(.delivered)
    connection.network.run(for: .seconds(60))
    #expect(connection.network.count(.delivered) == sent)
    #expect(connection.nodes.allSatisfy { $0.remote.deadline == nil })
    #expect(connection.server.count(.failed) == 0)
  }

  @Test func `who never comes is given up, and may come after a restart`() throws {
    let connection = try Connection(clientKnowsServer: false)
    connection.network.run(for: .seconds(100))
    for node in connection.nodes {
      #expect(node.count(.failed) == 1)
      #expect(node.remote.deadline == nil)
    }
    connection.restartICE()
    #expect(connection.connect())
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `a path that is lost leaves no timer that never ends`() throws {
    let connection = try Connection()
    #expect(connection.connect())
    _ = connection.flow(for: .milliseconds(510))
    connection.network.setConditions(
      LinkConditions(isDown: true), of: connection.clientHost, .incoming)
    connection.network.run(for: .seconds(100))
    #expect(connection.network.stuckTimerCount == 0)
    for node in connection.nodes {
      #expect(node.remote.deadline.map { $0 > connection.network.now } ?? true)
    }
  }

  @Test func `nothing of a peer outlives it`() throws {
    weak var remote: RemotePeer?
    do {
      let connection = try Connection()
      #expect(connection.connect())
      remote = connection.server.remote
      #expect(remote != nil)
    }
    #expect(remote == nil)
  }
}
