import ICE
import Peer
import RTCTesting
import SCTP
import SDP
import Session
import TURN
import Testing
import VirtualServers
import Wire

struct RelayTests {
  private static let serverAddress = TransportAddress(
    ip: IPAddress(198, 51, 100, 200), port: 3478)

  private func configuration(relaysOnly: Bool) -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.usesRelaysOnly = relaysOnly
    configuration.servers = [
      .init(
        kind: .turn(username: "user", password: "secret", transport: .udp),
        address: Self.serverAddress, url: "turn:relay.example")
    ]
    return configuration
  }

  @Test(arguments: [true, false])
  func `sessions that want only relays meet at them, and nothing else is told`(
    bothWant: Bool
  ) throws {
    let couple = try Couple(
      alice: configuration(relaysOnly: true), bob: configuration(relaysOnly: bothWant))
    let server = VirtualTURNServer.open(in: couple.network, at: Self.serverAddress)
    let id = try couple.act(couple.alice) {
      try $0.createDataChannel(DataChannelOptions(label: "d"), at: $1, into: $2)
    }
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    couple.network.run(for: .seconds(2))
    #expect(couple.alice.session.dataChannelState(id) == .open)
    let path = try #require(couple.alice.session.selectedPath)
    #expect(server.relays.contains(path.local))
    let sdp = try #require(couple.alice.session.localDescription).sdp
    let lines = try SessionDescription(parsing: sdp).mediaSections[0].candidates
    #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("typ relay") })
    #expect(lines.allSatisfy { !$0.contains("10.0.0.1") })
    let message = DataChannelMessage(kind: .text, bytes: Array("over there".utf8))
    try couple.act(couple.alice) { try $0.sendData(message, on: id, at: $1, into: $2) }
    couple.network.run(for: .seconds(1))
    #expect(couple.bob.messages == ["over there"])
    // The relays are given back.
    for node in couple.nodes { try couple.act(node) { $0.close(at: $1, into: $2) } }
    couple.network.run(for: .seconds(30))
    #expect(server.server.allocationCount == 0)
    #expect(couple.nodes.allSatisfy { $0.session.deadline == nil })
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `a server that does not answer is told, and gathering ends`() throws {
    let couple = try Couple(alice: configuration(relaysOnly: false))
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    couple.network.run(for: .seconds(60))
    #expect(couple.alice.session.iceGatheringState == .complete)
    let failures = couple.alice.events.compactMap { event -> String? in
      if case .candidateError(let url, 701, _) = event { url } else { nil }
    }
    #expect(failures == ["turn:relay.example"])
    #expect(couple.areConnected)
  }
}
