import Peer
import RTCTesting
import SCTP
import SDP
import Session
import TURN
import Testing
import VirtualServers
import Wire

/// Whole calls by way of a TURN server.
struct RelayedCallTests {
  private static let address = TransportAddress(ip: IPAddress(198, 51, 100, 9), port: 3478)

  private static func configuration(
    _ transport: TURNTransport, relaysOnly: Bool = true, password: String = "secret"
  ) -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.usesRelaysOnly = relaysOnly
    configuration.servers = [
      CandidateGatherer.Server(
        kind: .turn(username: "user", password: password, transport: transport),
        address: address, url: "turn:relay.example")
    ]
    return configuration
  }

  @Test(arguments: [TURNTransport.udp, .tcp, .tls])
  func `pictures, sound and messages go through the relay alone`(transport: TURNTransport) throws {
    let (couple, studio, video, audio) = try Self.calling(transport)
    try studio.send(for: .seconds(2))
    couple.network.run(for: .milliseconds(200))
    #expect(couple.bob.frames(of: video).count > 55 && couple.bob.frames(of: audio).count > 95)
    // Nothing of one went to the other's own address.
    let direct = couple.network.trace.filter {
      $0.source.ip.description.hasPrefix("10.") && $0.destination.ip.description.hasPrefix("10.")
    }
    #expect(direct.isEmpty && !couple.network.trace.isEmpty)
    let sdp = try #require(couple.alice.session.localDescription).sdp
    #expect(sdp.contains("typ relay") && !sdp.contains("typ host") && !sdp.contains("10.0.0.1"))
    #expect(couple.network.stuckTimerCount == 0)
  }

  private static func calling(
    _ transport: TURNTransport
  ) throws -> (couple: Couple, studio: Studio, video: TransceiverID, audio: TransceiverID) {
    let couple = try Couple(alice: configuration(transport), bob: configuration(.udp))
    couple.network.recordsTrace = true
    let server = VirtualTURNServer.open(in: couple.network, at: address)
    let studio = Studio(couple, couple.alice)
    studio.audio = try couple.act(couple.alice) { session, _, _ in
      try session.addTransceiver(.audio, direction: .sendonly, track: OutgoingTrack(id: "voice"))
    }
    studio.video = try couple.act(couple.alice) { session, _, _ in
      try session.addTransceiver(.video, direction: .sendonly, track: OutgoingTrack(id: "camera"))
    }
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    #expect(server.server.allocationCount == 2)
    let remote = couple.bob.session.transceivers
    return (
      couple, studio, try #require(remote.first { $0.kind == .video }?.id),
      try #require(remote.first { $0.kind == .audio }?.id)
    )
  }

  @Test func `a relay that refuses us is told, and the call goes without it`() throws {
    let couple = try Couple(
      alice: Self.configuration(.udp, relaysOnly: false, password: "wrong"))
    _ = VirtualTURNServer.open(in: couple.network, at: Self.address)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    let codes = couple.alice.events.compactMap { event -> Int? in
      if case .candidateError(_, let code, _) = event { code } else { nil }
    }
    #expect(codes == [401])
  }

  @Test func `closing gives the relay back`() throws {
    let couple = try Couple(alice: Self.configuration(.udp, relaysOnly: false))
    let server = VirtualTURNServer.open(in: couple.network, at: Self.address)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect() && server.server.allocationCount == 1)
    try couple.act(couple.alice) { $0.close(at: $1, into: $2) }
    couple.network.run(for: .seconds(1))
    #expect(server.server.allocationCount == 0 && server.relays.isEmpty)
  }

  @Test func `an ICE restart keeps the relay and the call`() throws {
    let (couple, studio, video, _) = try Self.calling(.udp)
    try studio.send(for: .seconds(1))
    couple.alice.session.restartICE()
    try couple.exchange(from: couple.alice)
    let before = couple.bob.frames(of: video).count
    try studio.send(for: .seconds(2))
    couple.deliverCandidates()
    try studio.send(for: .seconds(2))
    #expect(couple.areConnected && couple.bob.frames(of: video).count - before > 110)
  }
}
