import ICE
import Peer
import RTCTesting
import TURN
import Testing
import VirtualServers
import Wire

/// All sixteen pairings of translators, with and without a relay.
struct NATPairingTests {
  /// A symmetric translator's port towards the peer is not the one the server saw, and a port-restricted or
  /// symmetric one on the other side lets nothing in from a port it never sent to.
  private static func isHopeless(_ left: Int, _ right: Int) -> Bool {
    (left == 3 && right >= 2) || (right == 3 && left >= 2)
  }

  @Test(arguments: 0..<4, 0..<4)
  func `with a STUN server alone those pairings connect that can`(left: Int, right: Int) {
    let sides = TwoSides(
      [TwoSides.kinds[left], TwoSides.kinds[right]], servers: [[TwoSides.stun], [TwoSides.stun]],
      seed: UInt64(1 + left * 4 + right))
    let agents = sides.addAgents()
    #expect(sides.connect(agents) == !Self.isHopeless(left, right))
    #expect(sides.nodes.allSatisfy { $0.candidates(.serverReflexive).count == 1 })
    #expect(sides.nodes.allSatisfy { $0.isFinished })
    #expect(sides.network.stuckTimerCount == 0)
  }

  @Test(arguments: 0..<4, 0..<4)
  func `with a TURN server all pairings connect, and data flows both ways`(
    left: Int, right: Int
  ) {
    let sides = TwoSides(
      [TwoSides.kinds[left], TwoSides.kinds[right]],
      servers: [[TwoSides.stun, TwoSides.turn()], [TwoSides.stun, TwoSides.turn()]],
      seed: UInt64(1 + left * 4 + right))
    let agents = sides.addAgents()
    #expect(sides.connect(agents, within: .seconds(10)))
    for agent in agents { agent.mediaByteCount = 100 }
    sides.network.run(for: .seconds(4))
    #expect(agents.allSatisfy { $0.received.count > 150 })
    // The relay carries only what has no other way.
    let isRelayed = agents.allSatisfy { agent in
      sides.nodes.contains { node in
        agent.agent.selectedPath.map { node.gatherer.isRelayed($0) } == true
      }
        || sides.nodes.contains { node in
          node.candidates(.relayed).contains { $0.address == agent.agent.selectedPath?.remote }
        }
    }
    #expect(isRelayed == Self.isHopeless(left, right))
    #expect(sides.network.stuckTimerCount == 0)
  }

  @Test(arguments: [TURNTransport.udp, .tcp, .tls], [TURNTransport.udp, .tcp, .tls])
  func `two that use relays only meet there, over any transport`(
    left: TURNTransport, right: TURNTransport
  ) {
    var options = CandidateGatherer.Options()
    options.usesRelaysOnly = true
    let sides = TwoSides(
      [.symmetric, .symmetric], servers: [[TwoSides.turn(left)], [TwoSides.turn(right)]],
      options: [options, options])
    let agents = sides.addAgents()
    #expect(sides.connect(agents, within: .seconds(10)))
    for node in sides.nodes {
      #expect(node.candidates(.relayed).count == 1 && node.gatherer.candidates.count == 1)
    }
    for agent in agents { agent.mediaByteCount = 201 }
    let before = sides.nodes.map(\.relayedCount)
    sides.network.run(for: .seconds(2))
    #expect(agents.allSatisfy { $0.received.count > 90 })
    #expect(agents.allSatisfy { $0.received.allSatisfy { $0.byteCount == 201 } })
    for (index, node) in sides.nodes.enumerated() {
      #expect(node.relayedCount - before[index] > 90)
      #expect(agents[index].agent.selectedPath.map { node.gatherer.isRelayed($0) } == true)
    }
  }

  @Test func `a relayed call lasts for hours`() {
    let sides = TwoSides(
      [.symmetric, .symmetric], servers: [[TwoSides.turn()], [TwoSides.turn(.tcp)]])
    let agents = sides.addAgents()
    #expect(sides.connect(agents, within: .seconds(10)))
    for _ in 0..<3 {
      for agent in agents { agent.mediaByteCount = 100 }
      let before = agents.map(\.received.count)
      sides.network.run(for: .seconds(2))
      for (index, agent) in agents.enumerated() {
        #expect(agent.received.count - before[index] > 90 && agent.agent.state == .connected)
        agent.mediaByteCount = nil
      }
      sides.network.run(for: .seconds(2400))
    }
  }

  @Test(arguments: [0.05, 0.2], 1...2 as ClosedRange<UInt64>)
  func `a relayed call survives loss`(loss: Double, seed: UInt64) {
    let sides = TwoSides(
      [.symmetric, .symmetric], servers: [[TwoSides.turn()], [TwoSides.turn()]], seed: seed,
      conditions: LinkConditions(
        delay: .milliseconds(30), jitter: .milliseconds(20), loss: .bernoulli(loss),
        reordering: 0.05, duplication: 0.05))
    let agents = sides.addAgents()
    #expect(sides.connect(agents, within: .seconds(20)))
    for agent in agents { agent.mediaByteCount = 100 }
    sides.network.run(for: .seconds(20))
    let most = 1000 * (1 - loss) * (1 - loss)
    #expect(agents.allSatisfy { Double($0.received.count) > most * 0.8 })
    #expect(sides.network.stuckTimerCount == 0)
  }
}
