import Foundation
import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

/// A server on a free loopback port, with a recording media plane, for as long as `body` runs. It is patient: a test that has
/// no processor for half a minute is no client that fell silent.
private func withServer(
  _ adjust: (inout ServerConfiguration) -> Void = { _ in },
  _ body: (Server, UInt16, RecordingPlane) async throws -> Void
) async throws {
  var configuration = ServerConfiguration()
  configuration.host = IPAddress(127, 0, 0, 1)
  configuration.port = 0
  adjust(&configuration)
  let plane = RecordingPlane()
  var limits = MeetingLimits()
  limits.signaling.timeToJoin = .seconds(600)
  var web = Limits()
  web.headTimeout = .seconds(600)
  web.pongTimeout = .seconds(600)
  let server = try Server(
    configuration, limits: limits, web: web, plane: plane, stopPlane: { plane.feed.finish() })
  try await server.start()
  do {
    try await body(server, server.port ?? 0, plane)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

extension LoopbackClient {
  fileprivate func say(_ message: ClientMessage) throws {
    try say(String(decoding: try JSONEncoder().encode(message), as: UTF8.self))
  }

  /// The next message of the server.
  fileprivate func envelope() throws -> ServerEnvelope {
    guard case .text(let text) = try hear() else { throw Failure(what: "no text") }
    return try JSONDecoder().decode(ServerEnvelope.self, from: Data(text.utf8))
  }

  /// Reads on until a message of that type comes.
  fileprivate func envelope(_ type: String) throws -> ServerEnvelope {
    while true {
      let envelope = try envelope()
      if envelope.message.type == type { return envelope }
    }
  }

  fileprivate func joins(_ room: String, as name: String, port: UInt16) throws -> ServerEnvelope {
    try upgrade("/ws", port: port)
    try say(.join(JoinRequest(name: name, sdp: "v=0"), room: room))
    return try envelope("joined")
  }
}

@Test func `two people meet over real sockets, one loses the socket and comes back`() async throws {
  try await withServer { _, port, plane in
    try await blocking {
      let ana = try LoopbackClient(port: port)
      let joined = try ana.joins("tea", as: "Ana", port: port)
      let budi = try LoopbackClient(port: port)
      _ = try budi.joins("tea", as: "Budi", port: port)
      #expect(try ana.envelope().message.type == "participant-joined")
      try budi.say(.chat("hi"))
      let chat = try ana.envelope()
      guard case .joined(let state) = joined.message, case .chat(let message) = chat.message else {
        Issue.record("no chat")
        return
      }
      #expect(message.text == "hi")
      #expect(message.at > 1_700_000_000_000)
      let back = try LoopbackClient(port: port)
      try back.upgrade("/ws", port: port)
      try back.say(.resume(ResumeRequest(resumeToken: state.resumeToken, lastSeq: 2)))
      #expect(try back.envelope().message == .chat(message))
      #expect(try back.envelope().message.type == "resumed")
      #expect(try ana.hear() == .close(4001))
      try back.say(.leave)
      #expect(try back.hear() == .close(1000))
      #expect(try budi.envelope("participant-left").userId == joined.userId)
    }
    #expect(plane.connected.count == 1)
  }
}

@Test func `the simple relay works over real sockets`() async throws {
  try await withServer { _, port, _ in
    try await blocking {
      let ana = try LoopbackClient(port: port)
      try ana.upgrade("/ws?roomId=te%20a&userId=ana", port: port)
      let budi = try LoopbackClient(port: port)
      try budi.upgrade("/ws?roomId=te%20a&userId=budi", port: port)
      #expect(try budi.envelope().userId == "ana")
      #expect(try ana.envelope().userId == "budi")
      try ana.say(
        #"{"type":"offer","roomId":"te a","userId":"liar","to":"budi","payload":{"sdp":"x"}}"#)
      let offer = try budi.envelope()
      #expect(offer.userId == "ana")
      #expect(
        offer.message
          == .relayed(RelayedMessage(.offer, to: "budi", payload: .object(["sdp": .string("x")]))))
      try ana.sayClose(1000)
      #expect(try budi.envelope().message == .participantLeft(id: "ana", .left))
      let nobody = try LoopbackClient(port: port)
      try nobody.upgrade("/ws?roomId=tea&userId=", port: port)
      #expect(try nobody.envelope().message.type == "error")
      #expect(try nobody.hear() == .close(1008))
    }
  }
}

@Test func `bad input is answered and hurts nobody else`() async throws {
  try await withServer { _, port, _ in
    try await blocking {
      let witness = try LoopbackClient(port: port)
      _ = try witness.joins("tea", as: "Witness", port: port)
      let client = try LoopbackClient(port: port)
      try client.upgrade("/ws", port: port)
      let bad = [
        "", "x", "[]", "1e999", String(repeating: "[", count: 100_000), "{\"type\":1}",
        #"{"type":"\ud800"}"#,
      ]
      for text in bad {
        try client.say(text)
        guard case .error(let failure) = try client.envelope().message else { return }
        #expect(failure.code == .badMessage)
      }
      try client.say("{}", opcode: 2)
      guard case .error(let failure) = try client.envelope().message else { return }
      #expect(failure.code == .badMessage)
      _ = try client.joinsAfterErrors(port: port)
      try client.say(String(repeating: " ", count: 262_145))
      #expect(try client.closeCode() == 1009)
      #expect(try witness.envelope("participant-joined").message.type == "participant-joined")
      try witness.say(.ping(.integer(1)))
      #expect(try witness.envelope().message == .pong(.integer(1)))
    }
  }
}

extension LoopbackClient {
  fileprivate func joinsAfterErrors(port: UInt16) throws -> ServerEnvelope {
    try say(.join(JoinRequest(name: "Late"), room: "tea"))
    return try envelope("joined")
  }

  fileprivate func closeCode() throws -> Int {
    while true {
      if case .close(let code) = try hear() { return code }
    }
  }
}

@Test func `a flood closes its own socket only`() async throws {
  try await withServer { _, port, _ in
    try await blocking {
      let witness = try LoopbackClient(port: port)
      _ = try witness.joins("tea", as: "Witness", port: port)
      let flooder = try LoopbackClient(port: port)
      _ = try flooder.joins("tea", as: "Flood", port: port)
      for _ in 0..<400 { try? flooder.say(.ping(.null)) }
      #expect(try flooder.closeCode() == 1008)
      _ = try witness.envelope("participant-joined")
      try witness.say(.ping(.integer(2)))
      #expect(try witness.envelope().message == .pong(.integer(2)))
    }
  }
}

@Test func `pages of other hosts get no WebSocket`() async throws {
  try await withServer({ $0.allowedOrigins = ["https://meet.example"] }) { _, port, _ in
    try await blocking {
      for (origin, status) in [
        ("https://evil.example", 403), ("null", 403), ("https://meet.example.evil", 403),
        ("https://meet.example", 101), ("http://127.0.0.1:\(port)", 101),
      ] {
        let client = try LoopbackClient(port: port)
        #expect(try client.upgrade("/ws", port: port, fields: ["Origin: \(origin)"]) == status)
      }
    }
  }
}

@Test func `the web client, its rooms, health and WHIP are served`() async throws {
  let web = FileManager.default.temporaryDirectory.appending(path: "web-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: web, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: web) }
  try Data("<title>Jumpa</title>".utf8).write(to: web.appending(path: "index.html"))
  try await withServer({ $0.webDirectory = web.path }) { _, port, plane in
    try await blocking {
      for path in ["/", "/room/tea", "/room/te%20a"] {
        let page = try LoopbackClient.request("GET", path, port: port)
        #expect(page.status == 200)
        #expect(page.body == "<title>Jumpa</title>")
      }
      #expect(try LoopbackClient.request("GET", "/nothing", port: port).status == 404)
      let ready = try LoopbackClient.request("GET", "/readyz", port: port)
      #expect(ready.body == "{\"status\":\"ready\",\"reasons\":[]}\n")
      #expect(try LoopbackClient.request("GET", "/livez", port: port).status == 200)
      let created = try LoopbackClient.request(
        "POST", "/whip/tea", port: port, fields: ["Content-Type: application/sdp"], body: "v=0")
      #expect(created.status == 201)
      #expect(created.body == "answer to v=0")
      let location = created.head.split(separator: "\r\n").first { $0.hasPrefix("Location: ") }
      let path = String(location?.dropFirst(10) ?? "")
      #expect(try LoopbackClient.request("DELETE", path, port: port).status == 200)
      #expect(try LoopbackClient.request("DELETE", path, port: port).status == 404)
      let long = try LoopbackClient.request(
        "POST", "/whip/tea", port: port, fields: ["Content-Type: application/sdp"],
        body: String(repeating: "x", count: 262_145))
      #expect(long.status == 413)
    }
    #expect(plane.connected.isEmpty)
  }
}

@Test func `stopping tells clients and waits for none of them`() async throws {
  try await withServer { server, port, _ in
    async let heard = blocking {
      let client = try LoopbackClient(port: port)
      _ = try client.joins("tea", as: "Ana", port: port)
      return try (client.envelope("closing").message, client.hear())
    }
    while await server.meeting.census.participants == 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    let start = ContinuousClock.now
    await server.stop()
    // No deadline of a client's is that near.
    #expect(ContinuousClock.now - start < .seconds(8))
    let (closing, close) = try await heard
    #expect(closing == .closing(reason: "restart", retryAfter: 500))
    #expect(close == .close(1001))
  }
}

@Test func `what keeps a server from starting is said`() async throws {
  func fault(_ adjust: (inout ServerConfiguration) -> Void) async -> String {
    do {
      try await withServer(adjust) { _, _, _ in }
      return "nothing"
    } catch {
      return "\(error)"
    }
  }
  try await withServer { _, port, _ in
    let busy = await fault { $0.port = port }
    #expect(
      busy == "TCP port \(port) on 127.0.0.1 is in use by another program; stop it or choose "
        + "another port with --port")
  }
  let data = await fault { $0.dataDirectory = "/proc/nothing" }
  #expect(data.hasPrefix("cannot write to the data directory /proc/nothing: "))
  #expect(data.hasSuffix("or choose another with --data"))
  let web = await fault { $0.webDirectory = "/nowhere" }
  #expect(
    web == "the web client's directory /nowhere cannot be read; give the right one with --web")
  let tls = await fault { $0.tls = .init(certificate: "/nowhere/c.pem", key: "/nowhere/k.pem") }
  #expect(tls.hasPrefix("the TLS certificate or key /nowhere/"))
}
