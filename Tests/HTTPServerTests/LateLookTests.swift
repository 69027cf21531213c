import Testing

@testable import HTTPServer

/// A process that had no processor for a while finds deadlines over and bytes unread: the bytes go first.
struct LateLookTests {
  private let start = ContinuousClock.now
  private let limits = Limits()

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private func isAborted(_ actions: [WebSocketSession.Action]) -> Bool {
    actions.contains { if case .abort = $0 { true } else { false } }
  }

  /// A socket that was pinged at 20 s, so that its time is over at 30 s.
  private func pinged() -> WebSocketSession {
    var session = WebSocketSession(limits: limits, at: start)
    var actions: [WebSocketSession.Action] = []
    session.advance(to: at(20), into: &actions)
    #expect(actions.count == 1)
    return session
  }

  @Test func `a pong that waits to be read saves a socket whose time ran out unseen`() {
    var session = pinged()
    var actions: [WebSocketSession.Action] = []
    session.advance(to: at(45), into: &actions)
    #expect(actions.isEmpty && session.isOpen)
    // A masked pong without payload.
    session.receive([0x8A, 0x80, 1, 2, 3, 4][...], at: at(45.25), into: &actions)
    session.advance(to: at(46.5), into: &actions)
    #expect(actions.isEmpty && session.isOpen)
    #expect(session.deadline == at(65.25))
  }

  @Test func `without a pong the late look only takes a second more`() {
    var session = pinged()
    var actions: [WebSocketSession.Action] = []
    session.advance(to: at(45), into: &actions)
    #expect(session.deadline == at(46))
    // However late the next look is: what there was has been read by then.
    session.advance(to: at(70), into: &actions)
    #expect(isAborted(actions) && !session.isOpen)
  }

  @Test func `in time nobody gets more time`() {
    var session = pinged()
    var actions: [WebSocketSession.Action] = []
    session.advance(to: at(30.1), into: &actions)
    #expect(isAborted(actions))
  }

  private func request() -> HTTPSession {
    HTTPSession(
      settings: SessionSettings(Configuration(), webSocketPaths: []) { "" },
      peer: .init(address: "192.0.2.1", port: 1), at: start)
  }

  private func answers(_ actions: [HTTPSession.Action]) -> Bool {
    actions.contains { if case .handle = $0 { true } else { false } }
  }

  @Test func `a header whose end waits to be read is not refused for the time it waited`() {
    var session = request()
    var actions: [HTTPSession.Action] = []
    session.receive(Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8)[...], at: at(1), into: &actions)
    session.advance(to: at(30), into: &actions)
    #expect(actions.isEmpty)
    session.receive(Array("\r\n".utf8)[...], at: at(30.01), into: &actions)
    #expect(answers(actions))
  }

  @Test func `a header that drips is refused after one late look`() {
    var session = request()
    var actions: [HTTPSession.Action] = []
    for second in stride(from: 1.0, to: 100, by: 15) where actions.isEmpty {
      session.receive(Array("A".utf8)[...], at: at(second), into: &actions)
      session.advance(to: at(second + 14), into: &actions)
    }
    #expect(!actions.isEmpty && !answers(actions))
    #expect(session.deadline == nil)
  }
}
