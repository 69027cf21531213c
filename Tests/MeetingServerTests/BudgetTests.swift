import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

private let sendQueueBytes = Limits().sendQueueBytes

@Test(arguments: ["\"", "\u{1}", "\\", "é"])
func `whatever was said, a room can be joined and resumed`(character: String) async throws {
  let stage = Stage()
  let ana = try await stage.joined(String(repeating: "👍", count: 64))
  let budi = try await stage.joined("Budi")
  for _ in 0..<98 { _ = try await stage.joined(String(repeating: "👍", count: 64)) }
  await budi.close()
  let text = String(repeating: character, count: 4_096 / character.utf8.count)
  for number in 1...200 {
    await ana.say(.chat(number == 200 ? "last" : text))
    stage.clock.advance(.milliseconds(20))
  }
  let back = await stage.client()
  await back.say(.resume(ResumeRequest(resumeToken: budi.token, lastSeq: 0)))
  let resumed = back.socket.texts
  #expect(resumed.reduce(0) { $0 + $1.utf8.count } < sendQueueBytes)
  #expect(resumed.count > 10)
  await back.say(.leave)
  let citra = try await stage.joined(String(repeating: "👍", count: 64))
  #expect(citra.socket.texts.reduce(0) { $0 + $1.utf8.count } < sendQueueBytes)
  #expect(citra.joined?.chat.last?.text == "last")
  #expect((citra.joined?.chat.count ?? 0) > 10)
}

@Test func `the size of a chat message is never taken for less than it is`() throws {
  let coding = MessageCoding(limits: SignalingLimits())
  for value in Array(0...0x2FF) + [0x2028, 0x2029, 0xFEFF, 0x1F600] {
    guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
    let text = String(repeating: String(scalar), count: 1_000)
    let message = ChatMessage(id: .max, userId: "p", name: text, text: text, at: .min)
    let envelope = coding.encode(ServerEnvelope(.chat(message))).text.utf8.count
    let around = #"{"payload":,"type":"chat"}"#.utf8.count
    #expect(envelope - around <= message.encodedByteCount, "\(value)")
    #expect(message.encodedByteCount < 2 * envelope, "\(value)")
  }
}

@Test func `the chat of empty rooms has one budget, and the longest empty go first`() async throws {
  let text = String(repeating: "x", count: 4_000)
  let stage = Stage { $0.emptyRoomBytes = 10_000 }
  for room in ["a", "b", "c"] {
    let client = try await stage.joined("Ana", room: room)
    await client.say(.chat(text))
    await client.say(.leave)
    stage.clock.advance(.seconds(1))
  }
  await stage.meeting.advance()
  #expect(try await stage.joined("Ana", room: "a").joined?.chat == [])
  #expect(try await stage.joined("Ana", room: "b").joined?.chat.map(\.text) == [text])
  #expect(try await stage.joined("Ana", room: "c").joined?.chat.map(\.text) == [text])
}

@Test func `a long message costs as much as many short ones`() async throws {
  let stage = Stage()
  let service = SocketService(
    meeting: stage.meeting, limits: SignalingLimits(), clock: stage.clock.clock)
  func closeCode(_ count: Int, byteCount: Int) async -> UInt16? {
    let client = await stage.client()
    let (messages, feed) = AsyncStream<WebSocketMessage>.makeStream()
    for _ in 0..<count { feed.yield(.text(String(repeating: "x", count: byteCount))) }
    feed.finish()
    await service.read(messages, client.socketID)
    return client.socket.closeCode
  }
  #expect(await closeCode(200, byteCount: 2_047) == nil)
  #expect(await closeCode(201, byteCount: 2_047) == 1008)
  #expect(await closeCode(100, byteCount: 2_048) == nil)
  #expect(await closeCode(101, byteCount: 2_048) == 1008)
  #expect(await closeCode(1, byteCount: 262_144) == nil)
  #expect(await closeCode(2, byteCount: 262_144) == 1008)
}

@Test func `a flood of updates is refused, and the others hear no more`() async throws {
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi")
  _ = try ana.heard()
  for number in 1...25 { await ana.say(.update(UpdateRequest(name: "Ana \(number)"))) }
  #expect(try budi.heard().count == 20)
  #expect(try ana.errors() == Array(repeating: .rateLimited, count: 5))
  #expect(ana.socket.closeCode == nil)
  await ana.say(.update(UpdateRequest(media: LiveMediaChange(camera: true))))
  #expect(stage.plane.calls.last == .setLive(false, .screenAudio, stage.plane.peers[0]))
  await stage.advance(.seconds(1))
  for _ in 1...11 { await ana.say(.update(UpdateRequest(name: "Ana"))) }
  #expect(try budi.heard().count == 10)
}

@Test func `a view said before there is media holds once there is`() async throws {
  let stage = Stage()
  let budi = try await stage.joined("Budi", sdp: "b")
  let ana = try await stage.joined("Ana")
  for width in [160, 320] {
    let tile = ViewRequest.Tile(userId: budi.id, source: .camera, width: width, height: 180)
    await ana.say(.view(ViewRequest(tiles: [tile])))
  }
  await ana.say(.negotiate(NegotiateRequest(sdp: "bad")))
  await ana.say(.negotiate(NegotiateRequest(sdp: "a")))
  let tile = MediaTile(
    peer: stage.plane.peers[0], source: .camera, width: 320, height: 180, priority: 0)
  let views = stage.plane.calls.filter { if case .setView = $0 { true } else { false } }
  #expect(views == [.setView([tile], stage.plane.peers[2])])
}
