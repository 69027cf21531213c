import Foundation
import Signaling
import Testing

/// The protocol's own document.
private func document() throws -> String {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try String(contentsOf: root.appending(path: "docs/signaling.md"), encoding: .utf8)
}

/// The JSON blocks of the document, and the whole messages that stand in its lines.
private func examples() throws -> [String] {
  let parts = try document().components(separatedBy: "```")
  let blocks = parts.indices.filter { $0 % 2 == 1 && parts[$0].hasPrefix("json\n") }
    .map { String(parts[$0].dropFirst(5)) }
  let prose = parts.indices.filter { $0 % 2 == 0 }.map { parts[$0] }.joined()
  let spans = prose.components(separatedBy: "`")
  let inline = spans.indices.filter { $0 % 2 == 1 && spans[$0].hasPrefix("{\"type\"") }
    .map { spans[$0].replacingOccurrences(of: "[…]", with: "[]") }
  return blocks + inline.filter { !$0.contains("\"type\", ") }
}

private let fromClients: Set = [
  "join", "resume", "negotiate", "update", "view", "statistics", "ping", "leave",
]

@Test func `every example of the document is a message`() throws {
  let examples = try examples()
  #expect(examples.count >= 5)
  for example in examples {
    let data = Data(example.utf8)
    let type = try #require(try JSONDecoder().decode(JSONValue.self, from: data)["type"]?.text)
    if fromClients.contains(type) {
      let message = try JSONDecoder().decode(ClientMessage.self, from: data)
      #expect(message.type == type)
    } else {
      let message = try JSONDecoder().decode(ServerEnvelope.self, from: data)
      #expect(message.message.type == type)
    }
  }
}

@Test func `every error code and every message type stands in the document`() throws {
  let text = try document()
  for code in SignalingErrorCode.allCases { #expect(text.contains("`\(code.rawValue)`")) }
  for type in fromClients { #expect(text.contains(type)) }
  for reason in QualityReason.allCases { #expect(text.contains("`\(reason.rawValue)`")) }
  for codec in VideoCodecName.allCases { #expect(text.contains("`\(codec.rawValue)`")) }
  for message in everything { #expect(text.contains(message.type), "\(message.type)") }
}

private let someone = ParticipantDescription(id: "p-1", name: "Ana", media: LiveMedia(camera: true))
private let said = ChatMessage(id: 1, userId: "p-1", name: "Ana", text: "</script>\u{2028}😀", at: 5)
private let everything: [ServerMessage] = [
  .joined(
    Joined(
      sdp: nil, resumeToken: "t", iceServers: [ICEServerDescription(urls: ["stun:x"])],
      participants: [someone], slots: [SlotAssignment(mid: "1", userId: "p-1", source: .camera)],
      chat: [said])),
  .resumed(Resumed(participants: [someone], slots: [], missed: true)), .negotiated(sdp: "v=0\r\n"),
  .participantJoined(someone), .participantUpdated(someone), .participantLeft(id: "p-1", .lost),
  .slots([
    SlotAssignment(mid: "2", userId: "p-1", source: .screen, state: .snapshot),
    SlotAssignment(mid: "3", userId: "p-1", source: .camera, state: .paused),
  ]),
  .layers(LayerDemand(source: .camera, active: true, layers: ["q": true, "f": false])),
  .layers(LayerDemand(source: .screen, active: false)),
  .quality([
    ParticipantQuality(
      userId: "p-1", up: LinkQuality(score: 3, reason: .loss),
      down: LinkQuality(
        score: 5,
        details: .init(loss: 0.25, roundTrip: 40, bitrate: 1_000_000, target: 2_000_000)))
  ]),
  .speakers([SpeakerLevel(userId: "p-1", level: 0.25)]), .mediaState(.failed),
  .iceServers([ICEServerDescription(urls: ["turn:x"], username: "u", credential: "c")]),
  .diagnosis(Diagnosis(.silent, ports: [7880], address: "203.0.113.7")),
  .chat(said), .pong(.array([.null, .bool(true), .number(0.1), .integer(.min)])),
  .closing(reason: "restart", retryAfter: 500),
  .error(SignalingFailure(.badSDP, "no", inReplyTo: "join")),
  .relayed(RelayedMessage(.offer, to: "p-2", payload: .string("x"))),
]

@Test func `what the server says is read back as it was`() throws {
  for message in everything {
    let envelope = ServerEnvelope(message, roomId: "tea", userId: "p-1", to: "p-2", seq: 7)
    let text = try JSONEncoder().encode(envelope)
    #expect(try JSONDecoder().decode(ServerEnvelope.self, from: text) == envelope)
  }
}
