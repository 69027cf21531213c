import RTCTesting
import SDP
import Session
import Testing
import Wire

struct RollbackTests {
  private func picture(_ session: PeerSession) -> [[String]] {
    session.transceivers.map { one in
      [
        "\(one.id.rawValue)", one.mid ?? "-", one.direction.rawValue,
        one.currentDirection?.rawValue ?? "-", "\(one.receiver.isActive)",
        one.receiver.streamIDs.joined(), "\(one.sender.encodings.count)",
      ]
    }
  }

  @Test func `a local offer taken back leaves transceivers without an m-section`() throws {
    let session = try Couple.session()
    let outbox = Outbox()
    _ = try session.addTransceiver(.audio)
    let before = picture(session)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    #expect(session.transceivers[0].mid == "0")
    _ = session.takeEvents()
    try session.setLocalDescription(.rollback, at: .zero, into: outbox)
    #expect(picture(session) == before)
    #expect(session.localDescription == nil && session.iceGatheringState == .new)
    let needed = session.takeEvents().contains {
      if case .negotiationNeeded = $0 { true } else { false }
    }
    #expect(needed && session.isNegotiationNeeded)
  }

  @Test func `events that are taken take the memory of earlier ones along`() throws {
    let session = try Couple.session()
    let outbox = Outbox()
    _ = try session.addTransceiver(.audio)
    for _ in 0..<500 {
      try session.setLocalDescription(nil, at: .zero, into: outbox)
      try session.setLocalDescription(.rollback, at: .zero, into: outbox)
    }
    #expect(session.takeEvents().count > 500)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    let taken = session.takeEvents()
    #expect(!taken.isEmpty && taken.capacity < 100)
  }

  @Test func `transceivers that a remote offer made go with it`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    let before = picture(couple.bob.session)
    let descriptions = (
      couple.bob.session.localDescription, couple.bob.session.remoteDescription
    )
    couple.bob.forgetEvents()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "v"), .video)
    let offer = try couple.alice.session.createOffer()
    try couple.setRemote(couple.bob, offer)
    #expect(couple.bob.session.transceivers.count == 2 && couple.bob.tracks.count == 1)
    try couple.setRemote(couple.bob, .rollback)
    #expect(picture(couple.bob.session) == before)
    #expect(couple.bob.removedTracks == couple.bob.tracks)
    #expect(couple.bob.session.localDescription == descriptions.0)
    #expect(couple.bob.session.remoteDescription == descriptions.1)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.session.transceivers.count == 2)
  }

  @Test func `a transceiver that was used since stays, without an m-section`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setRemote(couple.bob, try couple.alice.session.createOffer())
    let id = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    try couple.setRemote(couple.bob, .rollback)
    #expect(couple.bob.session.transceivers.map(\.id) == [id])
    #expect(couple.bob.session.transceivers[0].mid == nil)
    #expect(couple.bob.session.isNegotiationNeeded)
  }

  @Test func `one that addTrack made is only set free`() throws {
    let couple = try Couple()
    let id = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setRemote(couple.bob, try couple.alice.session.createOffer())
    #expect(couple.bob.session.transceiver(id)?.mid == "0")
    try couple.setRemote(couple.bob, .rollback)
    #expect(couple.bob.session.transceiver(id)?.mid == nil)
    #expect(couple.bob.session.transceivers.count == 1)
  }

  @Test func `directions of an offer taken back are as they were`() throws {
    let couple = try Couple()
    let id = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    let before = picture(couple.bob.session)
    try couple.alice.session.setDirection(.inactive, of: id)
    try couple.setRemote(couple.bob, try couple.alice.session.createOffer())
    #expect(!couple.bob.session.transceivers[0].receiver.isActive)
    try couple.setRemote(couple.bob, .rollback)
    #expect(picture(couple.bob.session) == before)
  }

  @Test func `an offer that comes in the middle of ours takes ours back`() throws {
    let couple = try Couple()
    let mine = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    _ = try couple.bob.session.addTransceiver(.video)
    try couple.setLocal(couple.bob)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    couple.bob.forgetEvents()
    try couple.setRemote(couple.bob, try #require(couple.alice.session.localDescription))
    #expect(couple.bob.signalingStates == [.stable, .haveRemoteOffer])
    #expect(couple.bob.session.transceiver(mine)?.mid == "0")
    #expect(couple.bob.session.transceivers[1].mid == nil)
    #expect(couple.bob.negotiationsNeeded == 0)
    try couple.setLocal(couple.bob)
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    #expect(couple.bob.negotiationsNeeded == 1)
    try couple.exchange(from: couple.bob)
    #expect(couple.connect())
    #expect(couple.alice.session.transceivers.count == 2)
  }

  @Test func `a restart taken back keeps the path, and is still wanted`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    try couple.act(couple.alice) { session, _, _ in session.restartICE() }
    try couple.setLocal(couple.alice)
    try couple.setLocal(couple.alice, .rollback)
    couple.alice.mail = []
    couple.network.run(for: .seconds(40))
    #expect(couple.areConnected && couple.alice.session.isNegotiationNeeded)
    try couple.exchange(from: couple.alice)
    couple.network.run(for: .seconds(2))
    couple.deliverCandidates()
    couple.network.run(for: .seconds(40))
    #expect(couple.areConnected && !couple.alice.session.isNegotiationNeeded)
  }

  @Test func `candidates of an offer taken back are told again with the next`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    couple.network.run(for: .seconds(1))
    #expect(!couple.alice.mail.isEmpty)
    try couple.setLocal(couple.alice, .rollback)
    couple.alice.mail = []
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
  }
}
