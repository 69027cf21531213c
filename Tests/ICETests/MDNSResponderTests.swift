import ICE
import Testing
import Wire

struct MDNSResponderTests {
  @Test func `a responder announces, answers and takes back`() throws {
    var random = RandomSource.seeded(9)
    var responder = MDNSResponder(paths: [MDNSFixture.groupPath])
    let outbox = Outbox()
    let address = IPAddress(192, 168, 1, 9)
    let owned = try #require(responder.name(for: address, at: .zero, random: &random))
    #expect(responder.name(for: address, at: .zero, random: &random) == owned)
    var times: [Instant] = []
    while let deadline = responder.deadline {
      responder.advance(to: max(deadline, times.last ?? .zero), into: outbox)
      times += MDNSFixture.sent(outbox).map { _ in deadline }
    }
    #expect(times == [.zero, .seconds(1)])

    let query = MDNSFixture.encoded(
      MDNSMessage(id: 5, isResponse: false, questions: [.init(name: owned, families: [.v4, .v6])]))
    func ask(_ datagram: [UInt8], at now: Instant, on path: Path = MDNSFixture.answerPath) throws
      -> (path: Path, message: MDNSMessage)?
    {
      responder.receive(datagram.span, on: path, at: now, into: outbox)
      return try MDNSFixture.sent(outbox).first.map {
        ($0.path, try MDNSMessage(parsing: $0.bytes.span))
      }
    }
    #expect(try ask(query, at: .milliseconds(1500)) == nil)
    let answer = try #require(try ask(query, at: .seconds(3)))
    #expect(answer.path == MDNSFixture.groupPath && answer.message.id == 0)
    #expect(answer.message.records == [.init(name: owned, address: address)])
    // A simple resolver on another port.
    var simple = MDNSFixture.answerPath
    simple.remote.port = 40_000
    let direct = try #require(try ask(query, at: .seconds(3), on: simple))
    #expect(direct.path == simple && direct.message.id == 5)
    #expect(direct.message.records.map(\.timeToLive) == [10] && direct.message.questions.count == 1)
    let v6 = MDNSFixture.encoded(
      MDNSMessage(isResponse: false, questions: [.init(name: owned, families: [.v6])]))
    #expect(try ask(v6, at: .seconds(9)) == nil)

    responder.remove(owned, into: outbox)
    let last = try #require(MDNSFixture.sent(outbox).first).bytes
    let farewell = try MDNSMessage(parsing: last.span)
    #expect(farewell.records.map(\.timeToLive) == [0])
    #expect(try ask(query, at: .seconds(20)) == nil)
  }

  @Test func `a resolver finds what a responder hides, over a link that loses much`() throws {
    var found = 0
    for seed in 1...200 as ClosedRange<UInt64> {
      var random = RandomSource.seeded(seed)
      var responder = MDNSResponder(paths: [MDNSFixture.groupPath])
      var resolver = MDNSResolver(paths: [MDNSFixture.groupPath])
      let outbox = Outbox()
      var events: [MDNSResolver.Event] = []
      let address = IPAddress(192, 168, 1, 9)
      let hidden = try #require(responder.name(for: address, at: .zero, random: &random))
      _ = resolver.resolve(hidden, at: .seconds(5), into: outbox)
      var now = Instant.seconds(5)
      while events.isEmpty, let deadline = resolver.deadline {
        for datagram in MDNSFixture.sent(outbox) where random.next() % 10 >= 3 {
          responder.receive(datagram.bytes.span, on: MDNSFixture.answerPath, at: now, into: outbox)
          for answer in MDNSFixture.sent(outbox) where random.next() % 10 >= 3 {
            resolver.receive(
              answer.bytes.span, on: MDNSFixture.answerPath, at: now, events: &events)
          }
        }
        guard events.isEmpty else { break }
        now = max(now, deadline)
        resolver.advance(to: now, into: outbox, events: &events)
      }
      if events == [.resolved(hidden, address)] { found += 1 }
    }
    // Each of four attempts crosses two ways that lose 30 %.
    #expect(found > 170)
  }

}
