import ICE
import Testing
import Wire

/// Two agents joined by a wire that loses nothing.
struct Pair {
  var now = Instant.zero
  var agents: [ICEAgent]
  var events: [[ICEAgent.Event]] = [[], []]
  let addresses = [
    TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 5000),
    TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 6000),
  ]

  init() {
    var random = RandomSource.seeded(1)
    agents = [ICEAgent.Role.controlling, .controlled].map {
      ICEAgent(
        role: $0, credentials: .random(using: &random), random: .seeded(random.next()))
    }
    for index in 0..<2 {
      let candidate = ICECandidate(address: addresses[index])
      agents[index].addLocalCandidate(candidate)
      agents[1 - index].addRemoteCandidate(candidate)
      agents[1 - index].setRemoteCredentials(agents[index].localCredentials)
    }
  }

  mutating func run(until end: Instant) {
    let outbox = Outbox()
    while let due = agents.compactMap(\.deadline).min(), due <= end {
      now = max(now, due)
      for index in 0..<2 where agents[index].deadline.map({ $0 <= now }) == true {
        agents[index].advance(to: now, into: outbox, events: &events[index])
      }
      while !outbox.isEmpty {
        let sent = outbox.datagrams.map { ($0, outbox.bytes(of: $0)) }
        outbox.removeAll()
        for (datagram, bytes) in sent {
          let index = datagram.path.remote == addresses[0] ? 0 : 1
          let path = Path(local: datagram.path.remote, remote: datagram.path.local)
          agents[index].receive(
            bytes.span, on: path, at: now, into: outbox, events: &events[index])
        }
      }
    }
    now = end
  }
}

@Test func `two agents with host candidates connect`() {
  var pair = Pair()
  pair.run(until: .zero + .seconds(60))
  #expect(pair.agents.map(\.state) == [.connected, .connected])
  #expect(pair.agents[0].selectedPath?.remote == pair.addresses[1])
  #expect(pair.agents[1].selectedPath?.remote == pair.addresses[0])
}
