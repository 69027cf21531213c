import MeetingServer
import Signaling
import Testing
import Wire

@Test func `slots name participants, and only those whose coming was told`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  let (anaPeer, budiPeer) = (stage.plane.peers[0], stage.plane.peers[1])
  _ = try ana.heard()
  let slot = MediaSlot(mid: "2", peer: budiPeer, source: .screenAudio)
  await stage.meeting.handle(.slotsChanged(anaPeer, [slot]))
  let shown = SlotAssignment(mid: "2", userId: budi.id, source: .screenAudio)
  #expect(try ana.heard() == [.slots([shown])])
  await stage.meeting.handle(.slotsChanged(anaPeer, [slot]))
  #expect(try ana.heard() == [])

  let citra = await stage.client()
  stage.plane.hold()
  async let joining: Void = citra.say(.join(JoinRequest(name: "Citra", sdp: "c"), room: "tea"))
  while !stage.plane.isWaiting { await Task.yield() }
  let citraPeer = stage.plane.peers[2]
  let early = MediaSlot(mid: "3", peer: citraPeer, source: .camera)
  await stage.meeting.handle(.slotsChanged(anaPeer, [slot, early]))
  await stage.meeting.handle(
    .slotsChanged(citraPeer, [MediaSlot(mid: "9", peer: anaPeer, source: .camera)]))
  #expect(try ana.heard() == [])
  stage.plane.release()
  await joining
  try citra.readWelcome()
  #expect(citra.joined?.slots == [SlotAssignment(mid: "9", userId: ana.id, source: .camera)])
  #expect(try ana.heard().map(\.type) == ["participant-joined", "slots"])
  #expect(try citra.heard() == [])

  await ana.close()
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 99)))
  guard case .resumed(let resumed) = try back.heard().last else { return }
  #expect(resumed.slots.count == 2)
  #expect(resumed.missed)
}

@Test func `speakers are told at most five times a second, the last ones always`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  guard case .connect(let peer, let room, _, _) = stage.plane.calls[0] else { return }
  func speak(_ level: Double) async {
    let speaker = MediaEvent.Speaker(peer: peer, level: level)
    await stage.meeting.handle(.speakersChanged(room, [speaker]))
  }
  func levels() throws -> [[Double]] {
    try ana.heard().compactMap {
      if case .speakers(let speakers) = $0 { speakers.map(\.level) } else { nil }
    }
  }
  await speak(0.5)
  #expect(try levels() == [[0.5]])
  await speak(.nan)
  await speak(7)
  #expect(try levels() == [])
  await stage.advance(.milliseconds(199))
  #expect(try levels() == [])
  await stage.advance(.milliseconds(1))
  #expect(try levels() == [[1]])
  await stage.advance(.seconds(1))
  #expect(try levels() == [])
  await speak(.nan)
  #expect(try levels() == [[0]])
  await stage.meeting.handle(.speakersChanged(MediaRoomID(rawValue: 999), []))
}

@Test func `a view names peers, and forgets those who left`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  await ana.say(
    .view(
      ViewRequest(tiles: [
        .init(userId: budi.id, source: .camera, width: 320, height: 180),
        .init(userId: "p-gone", source: .camera, width: 320, height: 180, priority: 3),
      ])))
  let tile = MediaTile(
    peer: stage.plane.peers[1], source: .camera, width: 320, height: 180, priority: 0)
  #expect(stage.plane.calls.last == .setView([tile], stage.plane.peers[0]))
  #expect(try ana.errors() == [])
}

@Test func `offers are answered, first and later ones, and again after a bad one`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let sources = [SourceAssignment(mid: "0", source: .screen)]
  await ana.say(.negotiate(NegotiateRequest(sdp: "bad")))
  await ana.say(.negotiate(NegotiateRequest(sdp: "first", sources: sources)))
  await ana.say(.negotiate(NegotiateRequest(sdp: "second")))
  await ana.say(.negotiate(NegotiateRequest(sdp: "bad")))
  await ana.say(.negotiate(NegotiateRequest(sdp: "gone")))
  let heard = try ana.heard()
  #expect(heard.map(\.type) == ["error", "negotiated", "negotiated", "error", "error"])
  #expect(heard[1] == .negotiated(sdp: "answer to first"))
  #expect(heard[2] == .negotiated(sdp: "answer to second"))
  let connects = stage.plane.calls.filter { if case .connect = $0 { true } else { false } }
  guard case .connect(_, _, "first", let bound) = connects.last else {
    Issue.record("connected by the first offer")
    return
  }
  #expect(bound == [SourceBinding(mid: "0", source: .screen)])
}

@Test func `path states reach the participant alone`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  _ = try ana.heard()
  for state in [MediaEvent.State.connecting, .connected, .failed] {
    await stage.meeting.handle(.stateChanged(stage.plane.peers[0], state))
  }
  #expect(
    try ana.heard() == [.mediaState(.connecting), .mediaState(.connected), .mediaState(.failed)])
  #expect(try budi.heard() == [])
  await stage.meeting.handle(.stateChanged(MediaPeerID(rawValue: 999), .failed))
}
