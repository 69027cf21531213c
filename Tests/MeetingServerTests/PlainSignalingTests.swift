import Foundation
import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

private struct Answer: Decodable {
  struct Payload: Decodable {
    var code: String
    var message: String
    var inReplyTo: String?
  }

  var type: String
  var sdp: String?
  var userId: String?
  var roomId: String?
  var payload: Payload?
}

private struct Desk {
  static let offer = "v=0\r\no=- 77 1 IN IP4 0.0.0.0\r\nm=audio\r\n"

  let stage: Stage
  let routes: PlainSignalingRoutes

  init(_ adjust: (inout MeetingLimits) -> Void = { _ in }) {
    stage = Stage(adjust)
    routes = PlainSignalingRoutes(
      meeting: stage.meeting, limits: SignalingLimits(),
      origins: OriginPolicy(allowed: ["https://studio.example"]))
  }

  func post(
    _ path: String, _ body: [UInt8], type: String? = "application/json",
    from address: String = "127.0.0.1", method: HTTPRequest.Method = .post, origin: String? = nil
  ) async throws -> HTTPResponse {
    var request = HTTPRequest(method: method, path: "/webrtc/" + path, body: body)
    request.headers["Host"] = "localhost"
    request.headers["Content-Type"] = type
    request.headers["Origin"] = origin
    request.peer.address = address
    return try #require(await routes.respond(to: request))
  }

  func post(
    _ path: String, _ fields: [String: String?], from address: String = "127.0.0.1"
  ) async throws -> (HTTPStatus, Answer) {
    let response = try await post(path, Array(JSONEncoder().encode(fields)), from: address)
    #expect(response.headers["Content-Type"] == "application/json")
    return (response.status, try JSONDecoder().decode(Answer.self, from: Data(response.body)))
  }

  func join(
    _ user: String? = nil, room: String = "tea", sdp: String = Self.offer,
    from address: String = "127.0.0.1"
  ) async throws -> (HTTPStatus, Answer) {
    var fields = ["type": "offer", "sdp": sdp, "roomId": room]
    fields["userId"] = user
    return try await post("offer", fields, from: address)
  }

  func census() async -> Int { await stage.meeting.census.participants }
}

@Test func `an offer joins the room, is answered, and seen by the others`() async throws {
  let desk = Desk()
  let ana = try await desk.stage.joined("Ana")
  let (status, answer) = try await desk.join("u-1")
  #expect(status == .ok)
  #expect(answer.type == "answer" && answer.userId == "u-1" && answer.roomId == "tea")
  #expect(answer.sdp == "answer to " + Desk.offer)
  guard case .participantJoined(let user) = try ana.heard().first else {
    Issue.record("nobody came")
    return
  }
  #expect(user.id == "u-1" && user.name == "u-1" && user.media == LiveMedia(microphone: true))
  let (_, nameless) = try await desk.join()
  #expect(nameless.userId?.hasPrefix("p-") == true)
  #expect(await desk.census() == 3)
}

@Test func `a later offer of the same session is answered, another session takes its place`()
  async throws
{
  let desk = Desk()
  let ana = try await desk.stage.joined("Ana")
  _ = try await desk.join("u-1")
  let second = Desk.offer.replacingOccurrences(of: "77 1 IN", with: "77 2 IN") + "m=video\r\n"
  #expect(try await desk.join("u-1", sdp: second).0 == .ok)
  let peer = try #require(desk.stage.plane.peers.last)
  #expect(desk.stage.plane.calls.contains(.renegotiate(peer, sdp: second)))
  #expect(
    try ana.heard().map(\.type) == ["participant-joined", "participant-updated"])
  let reloaded = Desk.offer.replacingOccurrences(of: "77 1", with: "78 1")
  #expect(try await desk.join("u-1", sdp: reloaded).0 == .ok)
  #expect(try ana.heard().map(\.type) == ["participant-left", "participant-joined"])
  #expect(await desk.census() == 2)
  #expect(desk.stage.plane.connected.count == 1 && !desk.stage.plane.connected.contains(peer))
}

@Test func `candidates reach the user's own connection`() async throws {
  let desk = Desk()
  _ = try await desk.join("u-1")
  _ = try await desk.join("u-2")
  let peers = desk.stage.plane.peers
  let line = "candidate:1 1 udp 1 192.0.2.1 5 typ host"
  for body in [
    #"{"type":"ice-candidate","candidate":"\#(line)","userId":"u-2","roomId":"tea"}"#,
    #"{"candidate":{"candidate":"\#(line)","sdpMid":"0","sdpMLineIndex":0},"userId":"u-2","roomId":"tea"}"#,
  ] {
    let response = try await desk.post("ice-candidate", Array(body.utf8))
    #expect(response.status == .ok)
    #expect(desk.stage.plane.calls.last == .candidate(line, peers[1]))
  }
  for body in [
    #"{"candidate":null,"userId":"u-1","roomId":"tea"}"#, #"{"userId":"u-1","roomId":"tea"}"#,
    #"{"candidate":"","userId":"u-1","roomId":"tea"}"#,
    #"{"candidate":{},"userId":"u-1","roomId":"tea"}"#,
  ] {
    #expect(try await desk.post("ice-candidate", Array(body.utf8)).status == .ok)
    #expect(desk.stage.plane.calls.last == .candidate(nil, peers[0]))
  }
  let (status, answer) = try await desk.post(
    "ice-candidate", ["candidate": "bad", "userId": "u-1", "roomId": "tea"])
  #expect(status == .badRequest && answer.payload?.code == "bad-sdp")
}

@Test func `the server never offers, so there is nothing to answer`() async throws {
  let desk = Desk()
  _ = try await desk.join("u-1")
  let (status, answer) = try await desk.post(
    "answer", ["type": "answer", "sdp": "v=0", "userId": "u-1", "roomId": "tea"])
  #expect(status == 409 && answer.payload?.message.contains("/webrtc/offer") == true)
  #expect(
    try await desk.post("answer", ["sdp": "v=0", "userId": "u-9", "roomId": "tea"]).0 == .notFound)
}

@Test func `what is wrong is said with its status, and nothing is left behind`() async throws {
  let desk = Desk { $0.participantsPerRoom = 1 }
  let long = String(repeating: "x", count: 129)
  let table: [(String, String?, String, HTTPStatus, String)] = [
    ("offer", nil, "{}", 415, "bad-message"), ("offer", "text/plain", "{}", 415, "bad-message"),
    ("offer", "application/sdp", "v=0", 415, "bad-message"),
    ("offer", "application/json", "", 400, "bad-message"),
    ("offer", "application/json", "v=0", 400, "bad-message"),
    ("offer", "application/json", "[]", 400, "bad-message"),
    ("offer", "application/json", #"{"roomId":7}"#, 400, "bad-message"),
    ("offer", "application/json", #"{"type":"answer","roomId":"tea"}"#, 400, "bad-message"),
    ("offer", "application/json", String(repeating: "[", count: 99), 400, "bad-message"),
    ("offer", "application/json", #"{"sdp":"v=0"}"#, 400, "bad-room"),
    ("offer", "application/json", #"{"sdp":"v=0","roomId":"\#(long)"}"#, 400, "bad-room"),
    ("offer", "application/json", #"{"roomId":"tea"}"#, 400, "bad-sdp"),
    ("offer", "application/json", #"{"sdp":"","roomId":"tea"}"#, 400, "bad-sdp"),
    ("offer", "application/json", #"{"sdp":"bad","roomId":"tea"}"#, 400, "bad-sdp"),
    (
      "offer", "application/json", #"{"sdp":"v=0","roomId":"tea","userId":"\#(long)"}"#, 400,
      "bad-name"
    ),
    ("offer", "application/json", #"{"sdp":"v=0","roomId":"tea","userId":" "}"#, 400, "bad-name"),
    (
      "ice-candidate", "application/json", #"{"roomId":"tea","userId":"u-1"}"#, 404,
      "no-such-participant"
    ),
    ("ice-candidate", "application/json", #"{"roomId":"tea"}"#, 404, "no-such-participant"),
    ("ice-candidate", "application/json", #"{"userId":"u-1"}"#, 400, "bad-room"),
    ("answer", "application/json", #"{"roomId":"tea","userId":"u"}"#, 404, "no-such-participant"),
  ]
  for (path, type, body, status, code) in table {
    let response = try await desk.post(path, Array(body.utf8), type: type)
    #expect(response.status == status, "\(path) \(type ?? "") \(body)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body))
    #expect(answer.type == "error" && answer.payload?.inReplyTo == path)
    #expect(answer.payload?.code == code, "\(path) \(body)")
    #expect(answer.payload?.message.isEmpty == false)
  }
  #expect(try await desk.post("offer", [0x7B, 0xFF, 0x7D]).status == .badRequest)
  #expect(desk.stage.plane.connected.isEmpty)
  #expect(await desk.stage.meeting.census == (0, 0))
  #expect(try await desk.join("u-1").0 == .ok)
  #expect(try await desk.join("u-2").0 == .unavailable)
}

@Test func `nobody speaks for another`() async throws {
  let desk = Desk()
  let ana = try await desk.stage.joined("Ana")
  #expect(try await desk.join(ana.id).0 == 409)
  _ = try await desk.join("u-1", from: "203.0.113.7")
  #expect(try await desk.join("u-1", from: "203.0.113.8").0 == 409)
  let (status, _) = try await desk.post(
    "ice-candidate", ["candidate": "candidate:1", "userId": "u-1", "roomId": "tea"],
    from: "203.0.113.8")
  #expect(status == .notFound)
  #expect(
    try await desk.post("ice-candidate", ["userId": ana.id, "roomId": "tea"]).0 == .notFound)
  #expect(
    try await desk.post("ice-candidate", ["userId": "u-1", "roomId": "milk"]).0 == .notFound)
  #expect(await desk.census() == 2)
}

@Test func `two offers under one name at once: one of them joins`() async throws {
  let desk = Desk()
  desk.stage.plane.hold()
  async let first = desk.join("u-1")
  while !desk.stage.plane.isWaiting { await Task.yield() }
  async let second = desk.join("u-1", sdp: Desk.offer + "m=video\r\n")
  while desk.stage.plane.waitingCount < 2 { await Task.yield() }
  desk.stage.plane.release()
  let statuses = try await [first.0, second.0]
  #expect(statuses.sorted { $0.rawValue < $1.rawValue } == [.ok, 409])
  #expect(await desk.census() == 1)
  #expect(desk.stage.plane.connected.count == 1)
}

@Test func `who does not connect within 30 s, or falls silent, is gone`() async throws {
  let desk = Desk()
  let ana = try await desk.stage.joined("Ana")
  _ = try await desk.join("u-1")
  _ = try await desk.join("u-2")
  let peers = desk.stage.plane.peers
  await desk.stage.meeting.handle(.stateChanged(peers[0], .connected))
  await desk.stage.advance(.milliseconds(29_900))
  #expect(await desk.census() == 3)
  await desk.stage.advance(.milliseconds(200))
  #expect(await desk.census() == 2)
  await desk.stage.meeting.handle(.stateChanged(peers[0], .failed))
  #expect(await desk.census() == 1)
  #expect(desk.stage.plane.connected.isEmpty)
  #expect(try ana.heard().map(\.type).count { $0 == "participant-left" } == 2)
  #expect(
    try await desk.post("ice-candidate", ["userId": "u-1", "roomId": "tea"]).0 == .notFound)
}

@Test func `other methods and pages elsewhere are answered honestly`() async throws {
  let desk = Desk()
  for path in ["offer", "answer", "ice-candidate"] {
    for method in [HTTPRequest.Method.get, .put, .delete, .patch] {
      let response = try await desk.post(path, [], method: method)
      #expect(response.status == .methodNotAllowed)
      #expect(response.headers["Allow"] == "POST, OPTIONS")
    }
    #expect(
      try await desk.post(path, [], origin: "https://evil.example").status == .forbidden)
    let preflight = try await desk.post(
      path, [], method: .options, origin: "https://studio.example")
    #expect(preflight.status == .noContent)
    #expect(preflight.headers["Access-Control-Allow-Origin"] == "https://studio.example")
  }
  for path in ["/webrtc", "/webrtc/offers", "/webrtc/offer/x"] {
    #expect(await desk.routes.respond(to: HTTPRequest(method: .post, path: path)) == nil)
  }
}

@Test func `the clock's offer is answered, and what is none is refused`() async throws {
  let plane = RecordingPlane()
  let route = ClockRoute(plane: plane, origins: OriginPolicy(allowed: []))
  func ask(
    _ body: [UInt8], type: String? = "application/sdp", method: HTTPRequest.Method = .post,
    from address: String = "203.0.113.7", origin: String? = nil
  ) async throws -> HTTPResponse {
    var request = HTTPRequest(method: method, path: "/sdp", body: body)
    request.headers["Content-Type"] = type
    request.headers["Host"] = "localhost"
    request.headers["Origin"] = origin
    request.peer.address = address
    return try #require(await route.respond(to: request))
  }
  let good = try await ask(Array("v=0".utf8))
  #expect(good.status == .ok && good.headers["Content-Type"] == "application/sdp")
  #expect(String(decoding: good.body, as: UTF8.self) == "answer to v=0")
  #expect(plane.calls == [.clock("v=0", client: "203.0.113.7")])
  _ = try await ask(Array("v=0".utf8), from: "::1")
  #expect(plane.calls.last == .clock("v=0", client: nil))
  let table: [([UInt8], String?, HTTPStatus)] = [
    (Array("v=0".utf8), nil, 415), (Array("v=0".utf8), "application/json", 415),
    ([], "application/sdp", 400), ([0xFF], "application/sdp", 400),
    (Array("bad".utf8), "application/sdp", 400), (Array("busy".utf8), "application/sdp", 503),
  ]
  for (body, type, status) in table {
    let response = try await ask(body, type: type)
    #expect(response.status == status && !response.body.isEmpty)
    #expect((response.headers["Retry-After"] != nil) == (status == .unavailable))
  }
  #expect(try await ask([], method: .get).status == .methodNotAllowed)
  #expect(try await ask([], origin: "https://evil.example").status == .forbidden)
  #expect(await route.respond(to: HTTPRequest(method: .post, path: "/sdp/x")) == nil)
}
