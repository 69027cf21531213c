import ICE
import RTCTesting
import STUN
import Testing
import Wire

private let better = TransportAddress(ip: IPAddress(192, 0, 2, 8), port: 7000)

/// A client with two addresses, which both reach the server.
private struct TwoWays {
  let network: VirtualNetwork
  let client: AgentNode
  let server: AgentNode
  let hosts: [VirtualNetwork.Host]
  static let wifi = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000)
  static let mobile = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 5000)

  init(
    renominates: Bool = true, configuration: ICEAgent.Configuration = .init(),
    clientRole: ICEAgent.Role = .controlling
  ) {
    var random = RandomSource.seeded(11)
    network = VirtualNetwork(seed: 12)
    // One host for each address, so that each has a link of its own; the agent is the same.
    hosts = [network.addHost(Self.wifi.ip, Self.mobile.ip)]
    let serverHost = network.addHost(Call.serverAddress.ip)
    client = AgentNode(
      ICEAgent(
        role: clientRole, credentials: .random(using: &random), configuration: configuration,
        random: .seeded(13)))
    server = AgentNode(
      ICEAgent(
        role: clientRole == .controlling ? .controlled : .controlling,
        credentials: .random(using: &random), configuration: configuration, random: .seeded(14)))
    for node in [client, server] { node.agent.usesRenomination = renominates }
    client.agent.addLocalCandidate(ICECandidate(address: Self.wifi, localPreference: 65_535))
    client.agent.addLocalCandidate(ICECandidate(address: Self.mobile, localPreference: 100))
    server.agent.addLocalCandidate(ICECandidate(address: Call.serverAddress))
    client.agent.setRemoteCredentials(server.agent.localCredentials)
    server.agent.setRemoteCredentials(client.agent.localCredentials)
    client.agent.addRemoteCandidate(ICECandidate(address: Call.serverAddress))
    for address in [Self.wifi, Self.mobile] {
      network.attach(client, to: hosts[0], at: address)
      server.agent.addRemoteCandidate(ICECandidate(address: address))
    }
    network.attach(server, to: serverHost, at: Call.serverAddress)
  }

  var isConnected: Bool {
    client.agent.state == .connected && server.agent.state == .connected
  }

  func path(from address: TransportAddress) -> Path {
    Path(local: address, remote: Call.serverAddress)
  }
}

@Test func `the controlling agent changes its mind, and the other follows at once`() {
  let ways = TwoWays()
  #expect(ways.network.run(until: .seconds(3)) { ways.isConnected })
  ways.network.run(for: .seconds(1))
  #expect(ways.client.agent.selectedPath == ways.path(from: TwoWays.wifi))
  for address in [TwoWays.mobile, TwoWays.wifi, TwoWays.mobile] {
    let start = ways.network.now
    let isTaken = ways.client.agent.renominate(ways.path(from: address), at: start)
    #expect(isTaken)
    #expect(
      ways.network.run(until: start + .milliseconds(200)) {
        ways.client.agent.selectedPath?.local == address
          && ways.server.agent.selectedPath?.remote == address
      })
    ways.network.run(for: .seconds(8))
    #expect(ways.client.agent.selectedPath?.local == address)
    #expect(ways.server.agent.selectedPath?.remote == address)
  }
  #expect(ways.client.states == [.checking, .connected])
}

@Test func `a path that does not work is not nominated, nor by who is controlled`() {
  let ways = TwoWays()
  #expect(ways.network.run(until: .seconds(3)) { ways.isConnected })
  ways.network.run(for: .seconds(1))
  let now = ways.network.now
  let strange = Path(local: better, remote: Call.serverAddress)
  let results = [
    ways.client.agent.renominate(strange, at: now),
    ways.client.agent.renominate(ways.path(from: TwoWays.wifi), at: now),
    ways.server.agent.renominate(
      Path(local: Call.serverAddress, remote: TwoWays.mobile), at: now),
  ]
  #expect(results == [false, false, false])
}

/// A check of the peer with a numbered nomination.
private func check(_ peer: HandmadePeer, id: UInt64, number: UInt32, _ type: STUNAttributeType)
  -> [UInt8]
{
  let username = "\(peer.agent.localCredentials.usernameFragment):\(peer.local.usernameFragment)"
  let key = Array(peer.agent.localCredentials.password.utf8)
  return [UInt8](capacity: 300) { output in
    output.beginSTUN(.request, STUNTransactionID(high: 0, low: id))
    output.appendSTUN(.username, username)
    output.appendSTUN(.priority, 0x6e00_1eff as UInt32)
    output.appendSTUN(.iceControlling, UInt64.max)
    output.appendSTUN(.useCandidate)
    output.appendSTUN(type, number)
    output.finishSTUN(key: key.span)
  }
}

@Test(arguments: [STUNAttributeType.nomination, .draftNomination])
func `the greatest number wins, whatever comes late`(type: STUNAttributeType) {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  let both = [HandmadePeer.home, better]
  peer.receive(check(peer, id: 1, number: 1, type), at: .zero)
  peer.run(from: .zero, to: .milliseconds(200), answering: both)
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  peer.receive(check(peer, id: 2, number: 3, type), from: better, at: .milliseconds(200))
  peer.run(from: .milliseconds(200), to: .milliseconds(400), answering: both)
  #expect(peer.agent.selectedPath == HandmadePeer.path(better))
  // Overtaken on its way.
  peer.receive(check(peer, id: 3, number: 2, type), at: .milliseconds(400))
  peer.run(from: .milliseconds(400), to: .seconds(4), answering: both)
  #expect(peer.agent.selectedPath == HandmadePeer.path(better))
  peer.receive(check(peer, id: 4, number: 4, type), at: .seconds(4))
  #expect(peer.agent.selectedPath == HandmadePeer.path())
}

@Test func `without renomination nothing is numbered`() throws {
  for isUsed in [true, false] {
    var peer = HandmadePeer(role: .controlling)
    peer.agent.usesRenomination = isUsed
    peer.agent.addRemoteCandidate(ICECandidate(address: HandmadePeer.home))
    peer.advance(to: .zero)
    var numbers: [UInt32?] = []
    var now = Instant.zero
    while let deadline = peer.agent.deadline, deadline < .seconds(10) {
      now = max(now, deadline)
      peer.advance(to: now)
      for datagram in peer.sent() {
        let message = try STUNMessage(parsing: datagram.bytes.span)
        if message.usesCandidate { numbers.append(message.nomination) }
        if let bytes = peer.answer(to: datagram.bytes) { peer.receive(bytes, at: now) }
      }
    }
    #expect(numbers.count >= 2)
    #expect(numbers.allSatisfy { $0 == (isUsed ? 1 : nil) })
  }
}

@Test func `an agent that seeks moves to the way with the shorter round trip, and stays there`() {
  var configuration = ICEAgent.Configuration()
  configuration.movesToBetterPairs = true
  for seeks in [true, false] {
    configuration.movesToBetterPairs = seeks
    var peer = HandmadePeer(role: .controlling, configuration: configuration)
    peer.agent.usesRenomination = true
    let slow = ICECandidate(address: HandmadePeer.home, localPreference: 9000)
    let quick = ICECandidate(address: better, localPreference: 1000)
    peer.agent.addRemoteCandidate(slow)
    peer.agent.addRemoteCandidate(quick)
    var waiting: [(due: Instant, bytes: [UInt8], from: TransportAddress)] = []
    var now = Instant.zero
    while now < .seconds(60) {
      let next = ([peer.agent.deadline].compactMap(\.self) + waiting.map(\.due)).min()
      guard let next else { break }
      now = max(now, next)
      for answer in waiting where answer.due <= now {
        peer.receive(answer.bytes, from: answer.from, at: now)
      }
      waiting.removeAll { $0.due <= now }
      peer.advance(to: now)
      for datagram in peer.sent() {
        guard let bytes = peer.answer(to: datagram.bytes) else { continue }
        let delay: Int64 = datagram.path.remote == better ? 10 : 90
        waiting.append((now + .milliseconds(delay), bytes, datagram.path.remote))
      }
    }
    let moves = peer.events.filter {
      if case .selectedPathChanged = $0 { true } else { false }
    }
    #expect(peer.agent.selectedPath == HandmadePeer.path(seeks ? better : HandmadePeer.home))
    #expect(moves.count == (seeks ? 2 : 1))
  }
}
