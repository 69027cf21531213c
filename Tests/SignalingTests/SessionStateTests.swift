import Signaling
import Testing
import Wire

private let now = Instant.zero

private let messages: [ClientMessage] =
  [
    .join(JoinRequest(name: "Ana"), room: "tea"),
    .resume(ResumeRequest(resumeToken: "t", lastSeq: 0)),
    .negotiate(NegotiateRequest(sdp: "v=0")),
    .update(UpdateRequest(name: "Budi")),
    .view(ViewRequest(tiles: [])),
    .statistics(StatisticsRequest(on: true)),
    .ping(.integer(1)),
    .leave,
  ]
  + RelayedMessage.Kind.allCases.map {
    .relayed(RelayedMessage($0, payload: .object(["text": .string("hi")])))
  }

private enum Stage: CaseIterable {
  case waiting, joining, joined, relay, detached, gone

  var session: SignalingSession {
    var session = SignalingSession(self == .relay ? .relay : .meeting, at: now)
    guard self != .waiting, self != .relay else { return session }
    _ = session.receive(messages[0])
    guard self != .joining else { return session }
    session.admit()
    if self == .detached { _ = session.socketClosed(isGoingAway: false, at: now) }
    if self == .gone {
      _ = session.socketClosed(isGoingAway: false, at: now)
      _ = session.advance(to: now + .seconds(60))
    }
    return session
  }
}

private func isError(
  _ command: SignalingSession.Command, _ code: SignalingErrorCode, _ message: ClientMessage
) -> Bool {
  guard case .reply(.error(let failure)) = command else { return false }
  return failure.code == code && failure.inReplyTo == message.type && !failure.message.isEmpty
}

/// What each message is answered with in each state; everything not named here is `notJoined`.
private func expectation(
  _ stage: Stage, _ message: ClientMessage, _ command: SignalingSession.Command
) -> Bool {
  switch (stage, message) {
  case (.detached, _), (.gone, _): command == .nothing
  case (.waiting, .join(let request, _)): command == .join(room: "tea", request)
  case (.waiting, .resume(let request)): command == .resume(request)
  case (.joining, .join), (.joining, .resume), (.joined, .join), (.joined, .resume),
    (.relay, .join), (.relay, .resume):
    isError(command, .alreadyJoined, message)
  case (.waiting, _), (.joining, _): isError(command, .notJoined, message)
  case (.joined, .negotiate(let request)): command == .negotiate(request)
  case (.joined, .update(let request)): command == .update(request)
  case (.joined, .view(let request)): command == .view(request)
  case (.joined, .statistics): command == .statistics(true)
  case (.relay, .negotiate), (.relay, .update), (.relay, .view), (.relay, .statistics):
    isError(command, .unknownType, message)
  case (_, .ping(let payload)): command == .reply(.pong(payload))
  case (_, .leave): command == .leave(.left)
  case (.joined, .relayed(let relayed)) where relayed.kind == .chat: command == .chat("hi")
  case (_, .relayed(let relayed)): command == .relay(relayed)
  }
}

@Test(arguments: Stage.allCases, messages)
private func `every message has its answer in every state`(stage: Stage, message: ClientMessage) {
  var session = stage.session
  let command = session.receive(message)
  #expect(expectation(stage, message, command), "\(command)")
}

@Test(arguments: Stage.allCases)
private func `what cannot be decoded is answered where somebody listens`(stage: Stage) {
  var session = stage.session
  let failure = SignalingFailure(.badMessage, "no JSON")
  let expected: SignalingSession.Command =
    stage == .detached || stage == .gone ? .nothing : .reply(.error(failure))
  #expect(session.receive(failure) == expected)
}

@Test func `a socket that neither joins nor resumes is closed after ten seconds`() {
  var session = SignalingSession(.meeting, at: now)
  #expect(session.deadline == now + .seconds(10))
  #expect(session.advance(to: now + .milliseconds(9_999)) == .nothing)
  #expect(session.advance(to: now + .seconds(10)) == .close(.policy("no join in time")))
  #expect(session.state == .gone)
}

@Test func `a refused join may be tried again`() {
  var session = SignalingSession(.meeting, at: now)
  _ = session.receive(messages[0])
  session.refuse(at: now + .seconds(5))
  #expect(session.state == .waiting(until: now + .seconds(15)))
  #expect(session.receive(messages[0]) == .join(room: "tea", JoinRequest(name: "Ana")))
}

@Test func `a participant is kept for sixty seconds without a socket`() {
  var session = Stage.joined.session
  #expect(session.socketClosed(isGoingAway: false, at: now) == .nothing)
  #expect(session.advance(to: now + .milliseconds(59_999)) == .nothing)
  #expect(session.advance(to: now + .seconds(60)) == .lose)
  #expect(session.resume(after: 0) == nil)
}

@Test func `a page that goes away has five seconds to come back`() {
  var session = Stage.joined.session
  _ = session.socketClosed(isGoingAway: true, at: now)
  #expect(session.deadline == now + .seconds(5))
}

@Test func `a participant of the simple relay is gone with its socket`() {
  var session = Stage.relay.session
  #expect(session.socketClosed(isGoingAway: false, at: now) == .leave(.left))
  #expect(session.state == .gone)
  #expect(session.resume(after: 0) == nil)
}

@Test func `a socket that closes while its join is carried out leaves nothing`() {
  var session = Stage.joining.session
  #expect(session.socketClosed(isGoingAway: false, at: now) == .nothing)
  session.admit()
  #expect(session.state == .gone)
}

@Test(arguments: [nil, "", String(repeating: "r", count: 129), "a\u{0}b", "a\nb"] as [String?])
func `a bad room is refused`(room: String?) {
  var session = SignalingSession(.meeting, at: now)
  let message = ClientMessage.join(JoinRequest(name: "Ana"), room: room)
  #expect(isError(session.receive(message), .badRoom, message))
  #expect(session.state == .waiting(until: now + .seconds(10)))
}

@Test(arguments: [
  "", "  \t", String(repeating: "n", count: 65), "a\u{0}", "\u{202e}evil", "\u{200b}", "a\u{2028}b",
  "e" + String(repeating: "\u{301}", count: 64),
])
func `a bad name is refused`(name: String) {
  var session = SignalingSession(.meeting, at: now)
  let message = ClientMessage.join(JoinRequest(name: name), room: "tea")
  #expect(isError(session.receive(message), .badName, message))
  var joined = Stage.joined.session
  let update = ClientMessage.update(UpdateRequest(name: name))
  #expect(isError(joined.receive(update), .badName, update))
}

@Test(arguments: [
  String(repeating: "n", count: 64), "Nyoman Ayu", "👩‍👩‍👧‍👦", "محمد", "李",
  String(repeating: "👍", count: 64),
])
func `a good name is taken`(name: String) {
  var session = SignalingSession(.meeting, at: now)
  let command = session.receive(.join(JoinRequest(name: " \(name)\n"), room: "tea"))
  #expect(command == .join(room: "tea", JoinRequest(name: name)))
}

@Test(arguments: [
  ("", false), ("hi", true), (String(repeating: "x", count: 4_096), true),
  (String(repeating: "x", count: 4_097), false), (String(repeating: "é", count: 2_049), false),
  ("a\u{0}b", false),
])
func `chat has one to 4096 bytes`(text: String, isTaken: Bool) {
  var session = Stage.joined.session
  let message = ClientMessage.relayed(
    RelayedMessage(.chat, payload: .object(["text": .string(text)])))
  let command = session.receive(message)
  #expect(isTaken ? command == .chat(text) : isError(command, .badPayload, message))
}

@Test(
  arguments: [.null, .string("hi"), .object([:]), .object(["text": .integer(1)])] as [JSONValue])
func `chat without text is refused in a meeting and relayed by the simple relay`(
  payload: JSONValue
) {
  let relayed = RelayedMessage(.chat, payload: payload)
  var meeting = Stage.joined.session
  #expect(isError(meeting.receive(.relayed(relayed)), .badPayload, .relayed(relayed)))
  var relay = Stage.relay.session
  #expect(relay.receive(.relayed(relayed)) == .relay(relayed))
}

@Test func `chat for one is never said to everybody`() {
  var session = Stage.joined.session
  let message = ClientMessage.relayed(
    RelayedMessage(.chat, to: "p-1", payload: .object(["text": .string("hi")])))
  #expect(isError(session.receive(message), .badPayload, message))
}

@Test func `sources and tiles have limits`() {
  var session = Stage.joined.session
  let twice = [
    SourceAssignment(mid: "0", source: .camera), SourceAssignment(mid: "0", source: .screen),
  ]
  let many = (0...256).map { SourceAssignment(mid: "\($0)", source: .camera) }
  for sources in [twice, many] {
    let negotiate = ClientMessage.negotiate(NegotiateRequest(sdp: "v=0", sources: sources))
    #expect(isError(session.receive(negotiate), .badPayload, negotiate))
    var waiting = Stage.waiting.session
    let join = ClientMessage.join(JoinRequest(name: "Ana", sources: sources), room: "tea")
    #expect(isError(waiting.receive(join), .badPayload, join))
  }
  func tile(_ width: Int, _ height: Int) -> ViewRequest.Tile {
    ViewRequest.Tile(userId: "p", source: .camera, width: width, height: height)
  }
  let tiles = [
    [tile(-1, 1)], [tile(1, .min)], [tile(.max, 1)], [tile(1, 16_385)],
  ]
  for tiles in tiles {
    let view = ClientMessage.view(ViewRequest(tiles: tiles))
    #expect(isError(session.receive(view), .badPayload, view))
  }
  let crowd = (1...257).map { tile($0, 1) }
  let shown = session.receive(.view(ViewRequest(tiles: crowd)))
  #expect(shown == .view(ViewRequest(tiles: Array(crowd.prefix(256)))))
}
