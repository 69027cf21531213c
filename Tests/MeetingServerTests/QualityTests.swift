import MeetingServer
import Signaling
import Testing
import Wire

private func quality(
  _ peer: MediaPeerID, up: Int, _ reason: MediaLinkQuality.Reason = .none, down: Int = 5
) -> MediaQuality {
  MediaQuality(
    peer: peer, up: MediaLinkQuality(score: up, reason: reason),
    down: MediaLinkQuality(score: down))
}

/// The media room of the first who connected.
private func mediaRoom(_ stage: Stage) throws -> MediaRoomID {
  guard case .connect(_, let room, _, _) = try #require(stage.plane.calls.first) else {
    throw MediaError.noSuchPeer
  }
  return room
}

@Test func `everybody hears of everybody's quality, and who comes or comes back hears it all`()
  async throws
{
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  let simple = try await stage.relay("simple")
  let room = try mediaRoom(stage)
  for client in [ana, budi, simple] { _ = try client.heard() }
  await stage.meeting.handle(.qualityChanged(room, [quality(stage.plane.peers[0], up: 2, .loss)]))
  let ofAna = ParticipantQuality(
    userId: ana.id, up: LinkQuality(score: 2, reason: .loss), down: LinkQuality(score: 5))
  #expect(try ana.heard() == [.quality([ofAna])])
  #expect(try budi.heard() == [.quality([ofAna])])
  #expect(try simple.heard() == [])
  await stage.meeting.handle(
    .qualityChanged(
      room, [quality(stage.plane.peers[1], up: 5), quality(MediaPeerID(rawValue: 99), up: 1)]))
  let ofBudi = ParticipantQuality(
    userId: budi.id, up: LinkQuality(score: 5), down: LinkQuality(score: 5))
  #expect(try ana.heard() == [.quality([ofBudi])])

  let citra = await stage.client()
  await citra.say(.join(JoinRequest(name: "Citra"), room: "tea"))
  let heard = try citra.heard()
  #expect(heard.map(\.type) == ["joined", "quality"])
  #expect(heard.last == .quality([ofAna, ofBudi]))

  await ana.close()
  await stage.meeting.handle(.qualityChanged(room, [quality(stage.plane.peers[0], up: 1, .loss)]))
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 99)))
  let worse = ParticipantQuality(
    userId: ana.id, up: LinkQuality(score: 1, reason: .loss), down: LinkQuality(score: 5))
  #expect(try back.heard().last == .quality([worse, ofBudi]))
}

@Test func `a score outside zero to five is never told, and one of a strange room to nobody`()
  async throws
{
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  _ = try ana.heard()
  let peer = stage.plane.peers[0]
  await stage.meeting.handle(
    .qualityChanged(MediaRoomID(rawValue: 999), [quality(peer, up: 3, .delay)]))
  #expect(try ana.heard() == [])
  await stage.meeting.handle(
    .qualityChanged(try mediaRoom(stage), [quality(peer, up: .max, down: .min)]))
  #expect(
    try ana.heard() == [
      .quality([
        ParticipantQuality(
          userId: ana.id, up: LinkQuality(score: 5), down: LinkQuality(score: 0))
      ])
    ])
}

@Test
func `what is wanted of a source is told to its sender alone, once, and again after a resume`()
  async throws
{
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  _ = try ana.heard()
  let peer = stage.plane.peers[0]
  let camera = MediaLayerDemand(
    source: .camera, isActive: true,
    layers: [.init(rid: "q", isWanted: true), .init(rid: "f", isWanted: false)])
  await stage.meeting.handle(.layersWanted(peer, camera))
  await stage.meeting.handle(.layersWanted(peer, camera))
  let told = ServerMessage.layers(
    LayerDemand(source: .camera, active: true, layers: ["q": true, "f": false]))
  #expect(try ana.heard() == [told])
  #expect(try budi.heard() == [])
  await stage.meeting.handle(
    .layersWanted(peer, MediaLayerDemand(source: .screen, isActive: false)))
  let screen = ServerMessage.layers(LayerDemand(source: .screen, active: false))
  #expect(try ana.heard() == [screen])
  await stage.meeting.handle(.layersWanted(MediaPeerID(rawValue: 99), camera))

  await ana.close()
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 99)))
  #expect(try back.heard().suffix(2) == [told, screen])

  // The screen is shared no more; whoever shares it again begins with everything wanted.
  let sources = [SourceAssignment(mid: "1", source: .camera)]
  await back.say(.negotiate(NegotiateRequest(sdp: "second", sources: sources)))
  _ = try back.heard()
  await back.close()
  let again = await stage.client()
  await again.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 99)))
  #expect(try again.heard().suffix(1) == [told])
  #expect(try again.errors() == [])
}

@Test func `what was wanted while somebody was joining follows the welcome`() async throws {
  let stage = Stage()
  let client = await stage.client()
  stage.plane.hold()
  async let joining: Void = client.say(.join(JoinRequest(name: "Ana", sdp: "a"), room: "tea"))
  while !stage.plane.isWaiting { await Task.yield() }
  let peer = stage.plane.peers[0]
  await stage.meeting.handle(
    .layersWanted(peer, MediaLayerDemand(source: .camera, isActive: false)))
  await stage.meeting.handle(.qualityChanged(try mediaRoom(stage), [quality(peer, up: 4, .delay)]))
  #expect(try client.heard() == [])
  stage.plane.release()
  await joining
  #expect(try client.heard().map(\.type) == ["joined", "layers", "quality"])
}

@Test func `a slot's state is told as it changes`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  _ = try ana.heard()
  let (anaPeer, budiPeer) = (stage.plane.peers[0], stage.plane.peers[1])
  var told: [SlotState?] = []
  for state in [MediaSlot.State.live, .snapshot, .paused, .paused, .live] {
    let slot = MediaSlot(mid: "2", peer: budiPeer, source: .camera, state: state)
    await stage.meeting.handle(.slotsChanged(anaPeer, [slot]))
    for case .slots(let slots) in try ana.heard() {
      #expect(slots.map(\.userId) == [budi.id])
      told += slots.map(\.state)
    }
  }
  #expect(told == [nil, .snapshot, .paused, nil])
}

@Test func `hints about bandwidth and codec go with every offer of who gave them`() async throws {
  let stage = Stage()
  let ana = try await stage.joined(
    "Ana", sdp: "a", bandwidth: BandwidthHint(up: 1, down: .max), codec: .av1)
  _ = try await stage.joined("Budi", sdp: "b")
  await ana.say(.negotiate(NegotiateRequest(sdp: "second")))
  let offers = stage.plane.offers
  #expect(offers.map(\.upBitrate) == [300_000, nil, 300_000])
  #expect(offers.map(\.downBitrate) == [10_000_000, nil, 10_000_000])
  #expect(offers.map(\.codec) == [.av1, nil, .av1])
}
