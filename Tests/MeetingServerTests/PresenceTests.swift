import MeetingServer
import Signaling
import Testing
import Wire

@Test func `joining brings everybody, oneself included, and tells the others`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0", media: LiveMediaChange(microphone: true))
  #expect(ana.joined?.sdp == "answer to v=0")
  #expect(ana.joined?.participants.map(\.name) == ["Ana"])
  let budi = try await stage.joined("Budi")
  #expect(budi.joined?.sdp == nil)
  #expect(budi.joined?.participants.map(\.name) == ["Ana", "Budi"])
  #expect(budi.joined?.participants.map(\.id) == [ana.id, budi.id])
  #expect(budi.joined?.participants.first?.media == LiveMedia(microphone: true))
  #expect(
    try ana.heard() == [
      .participantJoined(ParticipantDescription(id: budi.id, name: "Budi", media: LiveMedia()))
    ])
}

@Test func `ids and tokens are long, random and not each other`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let budi = try await stage.joined("Budi")
  #expect(ana.id.hasPrefix("p-") && ana.id.count == 34)
  #expect(ana.token.count == 64)
  #expect(ana.id != budi.id && ana.token != budi.token)
  #expect(!ana.token.contains(ana.id.dropFirst(2)))
  #expect(budi.socket.texts.allSatisfy { !$0.contains(ana.token) })
}

@Test func `nothing that is not live is forwarded, from the first moment`() async throws {
  let stage = Stage()
  _ = try await stage.joined("Ana", sdp: "v=0", media: LiveMediaChange(camera: true))
  let peer = try #require(stage.plane.peers.first)
  #expect(
    stage.plane.calls.dropFirst() == [
      .setLive(false, .microphone, peer), .setLive(true, .camera, peer),
      .setLive(false, .screen, peer), .setLive(false, .screenAudio, peer),
    ])
}

@Test func `mute is enforced before it is told, to the sender too`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0", media: LiveMediaChange(microphone: true))
  let budi = try await stage.joined("Budi")
  _ = try ana.heard()
  await ana.say(.update(UpdateRequest(name: "Ana B", media: LiveMediaChange(microphone: false))))
  let expected = ServerMessage.participantUpdated(
    ParticipantDescription(id: ana.id, name: "Ana B", media: LiveMedia()))
  #expect(try ana.heard() == [expected])
  #expect(try budi.heard() == [expected])
  let peer = try #require(stage.plane.peers.first)
  #expect(stage.plane.calls.last == .setLive(false, .microphone, peer))
  await ana.say(.update(UpdateRequest(media: LiveMediaChange(screen: true))))
  #expect(
    stage.plane.calls.suffix(2) == [
      .setLive(true, .screen, peer), .setLive(true, .screenAudio, peer),
    ])
}

@Test func `an offer that cannot be answered leaves nobody, and may be tried again`() async throws {
  let stage = Stage()
  let client = await stage.client()
  await client.say(.join(JoinRequest(name: "Ana", sdp: "bad"), room: "tea"))
  #expect(try client.errors() == [.badSDP])
  #expect(await stage.meeting.census == (0, 0))
  await client.say(.join(JoinRequest(name: "Ana", sdp: "v=0"), room: "tea"))
  try client.readWelcome()
  #expect(await stage.meeting.census == (1, 1))
}

@Test func `a socket that closes while media connects leaves nothing`() async throws {
  let stage = Stage()
  let budi = try await stage.joined("Budi")
  let client = await stage.client()
  stage.plane.hold()
  async let joining: Void = client.say(.join(JoinRequest(name: "Ana", sdp: "v=0"), room: "tea"))
  while !stage.plane.isWaiting { await Task.yield() }
  #expect(await stage.meeting.census == (1, 1))
  await client.close()
  stage.plane.release()
  await joining
  #expect(stage.plane.connected.isEmpty)
  #expect(try budi.heard() == [])
  #expect(await stage.meeting.census == (1, 1))
}

@Test func `places that are being taken count`() async throws {
  let stage = Stage { $0.participantsPerRoom = 1 }
  let (ana, budi) = (await stage.client(), await stage.client())
  stage.plane.hold()
  async let joining: Void = ana.say(.join(JoinRequest(name: "Ana", sdp: "v=0"), room: "tea"))
  while !stage.plane.isWaiting { await Task.yield() }
  await budi.say(.join(JoinRequest(name: "Budi"), room: "tea"))
  #expect(try budi.errors() == [.roomFull])
  stage.plane.release()
  await joining
  try ana.readWelcome()
}

@Test func `a full room and a full server say so`() async throws {
  let stage = Stage {
    $0.participantsPerRoom = 2
    $0.participants = 3
  }
  let ana = try await stage.joined("Ana")
  _ = try await stage.joined("Budi")
  let client = await stage.client()
  await client.say(.join(JoinRequest(name: "Citra"), room: "tea"))
  #expect(try client.errors() == [.roomFull])
  await client.say(.join(JoinRequest(name: "Citra"), room: "coffee"))
  try client.readWelcome()
  let late = await stage.client()
  await late.say(.join(JoinRequest(name: "Dewi"), room: "milk"))
  #expect(try late.errors() == [.tooManyParticipants])
  await ana.say(.leave)
  await late.say(.join(JoinRequest(name: "Dewi"), room: "tea"))
  try late.readWelcome()
}

@Test func `who leaves is gone at once`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0")
  let budi = try await stage.joined("Budi")
  await ana.say(.leave)
  #expect(ana.socket.closeCode == 1000)
  #expect(try budi.heard() == [.participantLeft(id: ana.id, .left)])
  #expect(stage.plane.connected.isEmpty)
  await ana.close()
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 1)))
  #expect(try back.errors() == [.resumeFailed])
}

@Test func `a lost socket keeps the participant and its media for sixty seconds`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0")
  let budi = try await stage.joined("Budi")
  await ana.close()
  await stage.advance(.milliseconds(59_999))
  #expect(try budi.heard() == [])
  #expect(stage.plane.connected.count == 1)
  await stage.advance(.milliseconds(1))
  #expect(try budi.heard() == [.participantLeft(id: ana.id, .lost)])
  #expect(stage.plane.connected.isEmpty)
}

@Test func `a page that went away is gone after five seconds`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let budi = try await stage.joined("Budi")
  await ana.close(isGoingAway: true)
  await stage.advance(.seconds(5))
  #expect(try budi.heard() == [.participantLeft(id: ana.id, .lost)])
}

@Test func `who has neither socket nor media is gone`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0")
  let budi = try await stage.joined("Budi")
  let peer = try #require(stage.plane.peers.first)
  await stage.meeting.handle(.stateChanged(peer, .failed))
  #expect(try ana.heard().last == .mediaState(.failed))
  #expect(try budi.heard() == [])
  await stage.meeting.handle(.stateChanged(peer, .connected))
  await ana.close()
  await stage.meeting.handle(.stateChanged(peer, .failed))
  #expect(try budi.heard() == [.participantLeft(id: ana.id, .lost)])
}

@Test func `a resumed participant has missed nothing`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "v=0")
  let budi = try await stage.joined("Budi")
  await ana.close()
  await budi.say(.chat("hi"))
  await budi.say(.update(UpdateRequest(name: "B")))
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 2)))
  let heard = try back.socket.new()
  #expect(heard.map(\.seq) == [3, 4, 5])
  #expect(heard.map(\.message.type) == ["chat", "participant-updated", "resumed"])
  #expect(heard.last?.userId == ana.id)
  guard case .resumed(let resumed) = heard.last?.message else { return }
  #expect(resumed.participants.map(\.name) == ["Ana", "B"])
  #expect(!resumed.missed)
  #expect(stage.plane.connected.count == 1)
  _ = try budi.heard()
  await back.say(.chat("back"))
  #expect(try budi.heard().map(\.type) == ["chat"])
  await stage.advance(.seconds(120))
  #expect(try budi.heard() == [])
}

@Test func `a second socket that resumes replaces the first`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let second = await stage.client()
  await second.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 1)))
  #expect(ana.socket.closeCode == 4001)
  await ana.close()
  await ana.say(.chat("from the dead"))
  await stage.advance(.seconds(120))
  #expect(await stage.meeting.census == (1, 1))
  let third = await stage.client()
  await third.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 0)))
  #expect(second.socket.closeCode == 4001)
  #expect(try third.heard().map(\.type) == ["resumed"])
}

@Test func `a wrong token resumes nobody`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let wrong = [
    "", "x", String(ana.token.prefix(32)), String(ana.token.prefix(63)) + "x", ana.token + "x",
    ana.id, String(repeating: "é", count: 32), String(repeating: "0", count: 200_000),
  ]
  for token in wrong {
    let client = await stage.client()
    await client.say(.resume(ResumeRequest(resumeToken: token, lastSeq: 0)))
    #expect(try client.errors() == [.resumeFailed])
    await client.say(.join(JoinRequest(name: "New"), room: "other"))
    try client.readWelcome()
  }
  #expect(ana.socket.closeCode == nil)
}

@Test func `a socket that says nothing is closed`() async throws {
  let stage = Stage()
  let client = await stage.client()
  await stage.advance(.milliseconds(9_999))
  #expect(client.socket.closeCode == nil)
  await stage.advance(.milliseconds(1))
  #expect(client.socket.closeCode == 1008)
  #expect(try client.errors() == [.notJoined])
}

@Test func `a stopping server tells everybody`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let simple = try await stage.relay("budi")
  let client = await stage.client()
  _ = try (ana.heard(), simple.heard())
  await stage.meeting.stop()
  for socket in [ana.socket, simple.socket, client.socket] {
    #expect(try socket.new().map(\.message) == [.closing(reason: "restart", retryAfter: 500)])
    #expect(socket.closeCode == 1001)
  }
  let late = await stage.client()
  #expect(late.socket.closeCode == 1001)
}
