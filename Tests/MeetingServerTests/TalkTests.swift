import MeetingServer
import Signaling
import Testing
import Wire

@Test func `chat reaches everybody, the sender too, and those who come later`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let budi = try await stage.joined("Budi")
  _ = try ana.heard()
  await ana.say(.chat("hi"))
  let message = ChatMessage(id: 1, userId: ana.id, name: "Ana", text: "hi", at: 1_790_000_000_000)
  #expect(try ana.heard() == [.chat(message)])
  #expect(try budi.heard() == [.chat(message)])
  let citra = try await stage.joined("Citra")
  #expect(citra.joined?.chat == [message])
  let other = try await stage.joined("Dewi", room: "coffee")
  #expect(other.joined?.chat == [])
}

@Test func `the last two hundred messages are kept, for ten minutes after the last is gone`()
  async throws
{
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  for number in 1...205 {
    stage.clock.advance(.milliseconds(20))
    await ana.say(.chat("\(number)"))
  }
  await ana.say(.leave)
  await stage.advance(.seconds(599))
  let budi = try await stage.joined("Budi")
  #expect(budi.joined?.chat.map(\.text) == (6...205).map { "\($0)" })
  #expect(budi.joined?.chat.last?.id == 205)
  await budi.say(.leave)
  await stage.advance(.seconds(600))
  #expect(try await stage.joined("Citra").joined?.chat == [])
}

@Test func `only so many empty rooms are kept`() async throws {
  let stage = Stage { $0.emptyRooms = 2 }
  for room in ["a", "b", "c"] {
    let client = try await stage.joined("Ana", room: room)
    await client.say(.chat(room))
    await client.say(.leave)
    stage.clock.advance(.seconds(1))
  }
  await stage.meeting.advance()
  #expect(try await stage.joined("Ana", room: "a").joined?.chat == [])
  #expect(try await stage.joined("Ana", room: "b").joined?.chat.map(\.text) == ["b"])
}

@Test func `the simple relay hands on to one or to everybody else, untouched`() async throws {
  let stage = Stage()
  let ana = try await stage.relay("ana")
  let budi = try await stage.relay("budi")
  let citra = try await stage.relay("citra")
  #expect(try citra.heard().map(\.type) == ["participant-joined", "participant-joined"])
  _ = try (ana.heard(), budi.heard())
  await ana.say(.offer("v=0", to: "budi"))
  let relayed = try budi.socket.new()
  #expect(
    relayed.map(\.message) == [
      .relayed(RelayedMessage(.offer, to: "budi", payload: .object(["sdp": .string("v=0")])))
    ])
  #expect(relayed.first?.userId == "ana")
  #expect(relayed.first?.roomId == "tea")
  #expect(try citra.heard() == [])
  #expect(try ana.heard() == [])
  await citra.say(.relayed(RelayedMessage(.candidate, payload: .null)))
  #expect(try ana.heard() == [.relayed(RelayedMessage(.candidate, payload: .null))])
  #expect(try budi.heard() == [.relayed(RelayedMessage(.candidate, payload: .null))])
  #expect(try citra.heard() == [])
  await ana.say(.offer("v=0", to: "nobody"))
  #expect(try ana.errors() == [.noSuchParticipant])
  await budi.close()
  #expect(try ana.heard() == [.participantLeft(id: "budi", .left)])
}

@Test func `the same simple user replaces itself, unseen by the others`() async throws {
  let stage = Stage()
  let ana = try await stage.relay("ana")
  let budi = try await stage.relay("budi")
  _ = try budi.heard()
  let again = try await stage.relay("ana")
  #expect(ana.socket.closeCode == 4001)
  #expect(try again.heard().map(\.type) == ["participant-joined"])
  await ana.close()
  #expect(try budi.heard() == [])
  await budi.say(.offer("v=0", to: "ana"))
  #expect(try again.heard().map(\.type) == ["offer"])
  let elsewhere = try await stage.relay("ana", room: "coffee")
  #expect(again.socket.closeCode == nil)
  #expect(try elsewhere.heard() == [])
}

@Test func `nobody takes over a participant of the meeting by its id`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let socket = RecordingSocket()
  #expect(await stage.meeting.openRelay(socket, room: "tea", userId: ana.id) == nil)
  #expect(socket.closeCode == 1008)
  #expect(ana.socket.closeCode == nil)
  for (room, user) in [("", "u"), ("tea", ""), ("tea", " u"), ("t\n", "u"), ("tea", "\u{202e}")] {
    let refused = RecordingSocket()
    #expect(await stage.meeting.openRelay(refused, room: room, userId: user) == nil)
    #expect(refused.closeCode == 1008)
  }
}

@Test func `a room holds both kinds, and they chat`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  let simple = try await stage.relay("budi")
  #expect(
    try simple.heard() == [
      .participantJoined(ParticipantDescription(id: ana.id, name: "Ana", media: LiveMedia()))
    ])
  #expect(
    try ana.heard() == [
      .participantJoined(ParticipantDescription(id: "budi", name: "budi", media: LiveMedia()))
    ])
  await ana.say(.chat("hi"))
  #expect(try simple.heard().map(\.type) == ["chat"])
  _ = try ana.heard()
  await simple.say(.chat("hello"))
  await simple.say(.relayed(RelayedMessage(.chat, payload: .string("plain"))))
  await simple.say(.relayed(RelayedMessage(.chat, payload: .integer(1))))
  let texts: [String?] = try ana.heard().map {
    if case .chat(let chat) = $0 { chat.text } else { nil }
  }
  #expect(texts == ["hello", "plain"])
  #expect(try simple.heard() == [])
  #expect(
    try await stage.joined("Citra").joined?.chat.map(\.text) == ["hi", "hello", "plain"])
  await ana.say(.offer("mesh", to: "budi"))
  await simple.say(.offer("mesh", to: ana.id))
  #expect(try simple.heard().map(\.type) == ["participant-joined", "offer"])
  #expect(try ana.heard().map(\.type) == ["participant-joined", "offer"])
}

@Test func `one who sends too many bytes is told, and the others hear no more`() async throws {
  let stage = Stage()
  let ana = try await stage.relay("ana")
  let budi = try await stage.relay("budi")
  _ = try ana.heard()
  for _ in 0..<10 { await ana.say(.offer("v=0"), byteCount: 262_144) }
  #expect(try budi.heard().count == 4 + 1)
  #expect(try ana.errors() == Array(repeating: .rateLimited, count: 6))
  await budi.say(.offer("v=0"))
  #expect(try ana.heard().map(\.type) == ["offer"])
  await stage.advance(.seconds(2))
  await ana.say(.offer("v=0"), byteCount: 262_144)
  #expect(try budi.heard().map(\.type) == ["offer"])
}

@Test func `a socket over its rate is closed and may be resumed`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana")
  await stage.meeting.refuse(
    ana.socketID, SignalingFailure(.rateLimited, "too many messages"), .policy("too many"))
  #expect(ana.socket.closeCode == 1008)
  #expect(try ana.errors() == [.rateLimited])
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 2)))
  #expect(try back.heard().map(\.type) == ["resumed"])
}
