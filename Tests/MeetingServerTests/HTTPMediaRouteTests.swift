import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

private struct Door {
  let stage: Stage
  let media: HTTPMediaRoutes
  let health: HealthRoutes

  init(_ adjust: (inout MeetingLimits) -> Void = { _ in }) {
    stage = Stage(adjust)
    media = HTTPMediaRoutes(
      meeting: stage.meeting, limits: SignalingLimits(),
      origins: OriginPolicy(allowed: ["https://studio.example"]))
    health = HealthRoutes(meeting: stage.meeting)
  }

  func ask(
    _ method: HTTPRequest.Method, _ path: String, type: String? = "application/sdp",
    body: String = "v=0\r\nm=audio\r\n", name: String? = nil, fields: [String: String] = [:],
    from address: String = "127.0.0.1"
  ) async throws -> HTTPResponse {
    var request = HTTPRequest(method: method, path: path, body: Array(body.utf8))
    request.headers["Host"] = "localhost"
    request.peer.address = address
    request.headers["Content-Type"] = type
    for (field, value) in fields { request.headers[field] = value }
    if let name { request.query = Query([.init(name: "name", value: name)]) }
    return try #require(await media.respond(to: request))
  }
}

@Test func `a publisher is answered, shown, and gone when it deletes`() async throws {
  let door = Door()
  let ana = try await door.stage.joined("Ana")
  let created = try await door.ask(.post, "/whip/tea", name: "Studio 1")
  #expect(created.status == .created)
  #expect(created.headers["Content-Type"] == "application/sdp")
  #expect(created.headers["ETag"]?.count == 34)
  #expect(String(decoding: created.body, as: UTF8.self) == "answer to v=0\r\nm=audio\r\n")
  let location = try #require(created.headers["Location"])
  #expect(location.hasPrefix("/whip/tea/"))
  guard case .participantJoined(let studio) = try ana.heard().first else {
    Issue.record("nobody came")
    return
  }
  #expect(studio.name == "Studio 1")
  #expect(studio.media == LiveMedia(microphone: true))
  #expect(!location.contains(studio.id.dropFirst(2)))
  #expect(try await door.ask(.delete, "/whep" + location.dropFirst(5)).status == .notFound)
  #expect(try await door.ask(.delete, "/whip/coffee/" + location.dropFirst(10)).status == .notFound)
  #expect(try await door.ask(.delete, location).status == .ok)
  #expect(try ana.heard() == [.participantLeft(id: studio.id, .left)])
  #expect(try await door.ask(.delete, location).status == .notFound)
  #expect(door.stage.plane.connected.isEmpty)
}

@Test func `a player is answered and not shown, and shares the room`() async throws {
  let door = Door()
  let ana = try await door.stage.joined("Ana", sdp: "a")
  let created = try await door.ask(.post, "/whep/tea")
  #expect(created.status == .created)
  #expect(try ana.heard() == [])
  guard case .connect(_, let room, _, _) = door.stage.plane.calls.first,
    case .connect(_, room, _, _) = door.stage.plane.calls.last
  else {
    Issue.record("not the same room")
    return
  }
  let location = try #require(created.headers["Location"])
  #expect(try await door.ask(.delete, location).status == .ok)
  #expect(door.stage.plane.connected.count == 1)
}

@Test func `a player may wait in an empty room for its publisher`() async throws {
  let door = Door()
  _ = try await door.ask(.post, "/whep/tea")
  _ = try await door.ask(.post, "/whip/tea")
  let rooms = Set(
    door.stage.plane.calls.compactMap {
      if case .connect(_, let room, _, _) = $0 { room } else { nil }
    })
  #expect(rooms.count == 1)
}

@Test(arguments: ["/whip/tea", "/whep/tea"])
func `what is wrong is said with its status`(path: String) async throws {
  let door = Door { $0.playersPerRoom = 1 }
  let table: [(String?, String, HTTPStatus)] = [
    (nil, "v=0", .unsupportedMediaType), ("text/plain", "v=0", .unsupportedMediaType),
    ("application/json", "v=0", .unsupportedMediaType), ("application/sdp", "", .badRequest),
    ("application/sdp", "bad", .badRequest),
    ("Application/SDP ; charset=utf-8", "v=0", .created),
  ]
  for (type, body, status) in table {
    let response = try await door.ask(.post, path, type: type, body: body)
    #expect(response.status == status, "\(type ?? "") \(body)")
    #expect(status == .created || !response.body.isEmpty)
    #expect(response.headers["Retry-After"] == (status == .unavailable ? "5" : nil))
  }
  #expect(door.stage.plane.connected.count == 1)
  #expect(
    try await door.ask(.post, path + String(repeating: "x", count: 128)).status == .badRequest)
  var request = HTTPRequest(method: .post, path: path, body: [0xFF, 0xFE])
  request.headers["Content-Type"] = "application/sdp"
  #expect(await door.media.respond(to: request)?.status == .badRequest)
}

@Test func `a full room is full for publishers and players too`() async throws {
  let door = Door {
    $0.participantsPerRoom = 1
    $0.playersPerRoom = 1
  }
  for kind in ["whip", "whep"] {
    #expect(try await door.ask(.post, "/\(kind)/tea").status == .created)
    #expect(try await door.ask(.post, "/\(kind)/tea").status == .unavailable)
  }
}

@Test func `other methods are answered honestly`() async throws {
  let door = Door()
  let session = try #require(try await door.ask(.post, "/whip/tea").headers["Location"])
  for method in [HTTPRequest.Method.get, .head, .put, .patch, .delete] {
    let response = try await door.ask(method, "/whip/tea")
    #expect(response.status == .methodNotAllowed)
    #expect(response.headers["Allow"] == "POST, OPTIONS")
  }
  for method in [HTTPRequest.Method.get, .head, .put, .patch, .post] {
    let response = try await door.ask(method, session)
    #expect(response.status == .methodNotAllowed)
    #expect(response.headers["Allow"] == "DELETE, OPTIONS")
    #expect(try await door.ask(method, "/whip/tea/unknown").status == .notFound)
  }
  for path in ["/whip", "/whip/a/b/c", "/whep"] {
    #expect(try await door.ask(.post, path).status == .notFound)
  }
  #expect(await door.media.respond(to: HTTPRequest(path: "/whippet/tea")) == nil)
}

@Test func `pages elsewhere are kept out unless they are allowed`() async throws {
  let door = Door()
  for origin in [
    "https://evil.example", "null", "https://studio.example.evil", "http://localhost:1",
  ] {
    for method in [HTTPRequest.Method.post, .options, .delete] {
      let response = try await door.ask(method, "/whip/tea", fields: ["Origin": origin])
      #expect(response.status == .forbidden)
      #expect(response.headers["Access-Control-Allow-Origin"] == nil)
    }
  }
  #expect(door.stage.plane.calls.isEmpty)
  for origin in ["https://studio.example", "http://localhost"] {
    let preflight = try await door.ask(.options, "/whip/tea", fields: ["Origin": origin])
    #expect(preflight.status == .noContent)
    #expect(preflight.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS")
    #expect(preflight.headers["Accept-Post"] == "application/sdp")
    let created = try await door.ask(.post, "/whip/tea", fields: ["Origin": origin])
    #expect(created.headers["Access-Control-Allow-Origin"] == origin)
    #expect(created.headers["Access-Control-Expose-Headers"]?.contains("Location") == true)
  }
}

@Test func `a location is a path whatever the room is called`() async throws {
  let door = Door()
  let created = try await door.ask(.post, "/whip/te%a é\"")
  #expect(created.headers["Location"]?.hasPrefix("/whip/te%25a%20%C3%A9%22/") == true)
}

@Test func `whoever does not connect, or fails, is not kept`() async throws {
  let door = Door()
  let ana = try await door.stage.joined("Ana")
  let sessions = try await [
    door.ask(.post, "/whip/tea"), door.ask(.post, "/whip/tea"), door.ask(.post, "/whep/tea"),
    door.ask(.post, "/whep/tea"),
  ].compactMap { $0.headers["Location"] }
  let peers = door.stage.plane.peers
  await door.stage.meeting.handle(.stateChanged(peers[0], .connected))
  await door.stage.meeting.handle(.stateChanged(peers[2], .connected))
  await door.stage.advance(.seconds(30))
  #expect(door.stage.plane.connected == [peers[0], peers[2]])
  #expect(try ana.heard().map(\.type).count { $0 == "participant-left" } == 1)
  await door.stage.advance(.seconds(3_600))
  #expect(door.stage.plane.connected == [peers[0], peers[2]])
  await door.stage.meeting.handle(.stateChanged(peers[0], .failed))
  await door.stage.meeting.handle(.stateChanged(peers[2], .failed))
  #expect(door.stage.plane.connected.isEmpty)
  for session in sessions { #expect(try await door.ask(.delete, session).status == .notFound) }
}

@Test func `health says what is wrong`() async throws {
  let door = Door { $0.participants = 1 }
  func ready() async throws -> (HTTPStatus, String) {
    let response = try #require(await door.health.respond(to: HTTPRequest(path: "/readyz")))
    return (response.status, String(decoding: response.body, as: UTF8.self))
  }
  #expect(try await ready() == (.ok, "{\"status\":\"ready\",\"reasons\":[]}\n"))
  _ = try await door.stage.joined("Ana")
  #expect(
    try await ready() == (.unavailable, "{\"status\":\"not-ready\",\"reasons\":[\"full\"]}\n"))
  door.stage.plane.feed.finish()
  await door.stage.meeting.followMedia()
  await door.stage.meeting.stop()
  let (status, text) = try await ready()
  #expect(status == .unavailable)
  #expect(text.contains("[\"stopping\",\"media\",\"full\"]"))
  #expect(await door.health.respond(to: HTTPRequest(path: "/livez"))?.status == .ok)
  #expect(
    await door.health.respond(to: HTTPRequest(method: .post, path: "/livez"))?.status
      == .methodNotAllowed)
  #expect(await door.health.respond(to: HTTPRequest(path: "/other")) == nil)
}

@Test func `offers and content types that are costly to compare cost nothing`() async throws {
  let marks =
    String(repeating: "\u{300}", count: 60_000) + String(repeating: "\u{316}", count: 60_000)
  let door = Door()
  let start = processorTime()
  #expect(
    try await door.ask(.post, "/whip/tea", type: "a" + marks).status == .unsupportedMediaType)
  #expect(try await door.ask(.post, "/whip/tea", body: "m" + marks).status == .created)
  // Comparing it once takes longer than this, even where nothing else runs.
  #expect(processorTime() - start < .seconds(2))
}

@Test(arguments: ["whip", "whep"])
func `one address may wait for so many connections`(kind: String) async throws {
  let door = Door()
  func post(_ address: String) async throws -> HTTPResponse {
    try await door.ask(.post, "/\(kind)/tea", from: address)
  }
  for _ in 0..<32 { #expect(try await post("203.0.113.7").status == .created) }
  let refused = try await post("203.0.113.7")
  #expect(refused.status == .unavailable)
  #expect(refused.headers["Retry-After"] == "5")
  #expect(try await post("203.0.113.8").status == .created)
  await door.stage.meeting.handle(.stateChanged(door.stage.plane.peers[0], .connected))
  #expect(try await post("203.0.113.7").status == .created)
  #expect(try await post("203.0.113.7").status == .unavailable)
  await door.stage.advance(.seconds(30))
  #expect(try await post("203.0.113.7").status == .created)
}

@Test func `neighbours in an IPv6 network share its places, a proxy on this machine has no limit`()
  async throws
{
  let door = Door { $0.unconnectedPerAddress = 1 }
  #expect(try await door.ask(.post, "/whep/tea", from: "2001:db8::1").status == .created)
  #expect(try await door.ask(.post, "/whip/tea", from: "2001:db8::2").status == .unavailable)
  #expect(try await door.ask(.post, "/whep/tea", from: "2001:db8:0:1::1").status == .created)
  for address in ["127.0.0.1", "127.0.0.1", "::1", "::1"] {
    #expect(try await door.ask(.post, "/whep/tea", from: address).status == .created)
  }
}
