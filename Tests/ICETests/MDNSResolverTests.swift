import ICE
import Testing
import Wire

struct MDNSResolverTests {
  @Test func `a name is asked for again and again, and then given up`() throws {
    var resolver = MDNSResolver(paths: [MDNSFixture.groupPath])
    let outbox = Outbox()
    var events: [MDNSResolver.Event] = []
    let isTaken = resolver.resolve(try MDNSFixture.name(), at: .zero, into: outbox)
    #expect(isTaken)
    var times: [Instant] = [.zero]
    var now = Instant.zero
    let first = MDNSFixture.sent(outbox)
    #expect(first.map(\.path) == [MDNSFixture.groupPath])
    let asked = first[0].bytes
    let query = try MDNSMessage(parsing: asked.span)
    #expect(query.questions.map(\.families) == [[.v4], [.v6]])
    while let deadline = resolver.deadline {
      now = deadline
      resolver.advance(to: now, into: outbox, events: &events)
      times += MDNSFixture.sent(outbox).map { _ in now }
    }
    #expect(times == [.zero, .milliseconds(500), .milliseconds(1500), .milliseconds(3500)])
    #expect(events == [.failed(try MDNSFixture.name())] && now == .milliseconds(5500))
  }

  @Test func `an answer is taken from who may give it, for what was asked`() throws {
    var resolver = MDNSResolver(paths: [MDNSFixture.groupPath])
    let outbox = Outbox()
    var events: [MDNSResolver.Event] = []
    _ = resolver.resolve(try MDNSFixture.name(), at: .zero, into: outbox)
    let wanted = try MDNSFixture.name()
    let other = try MDNSFixture.name("other.local")
    func answer(
      _ name: MDNSName, _ address: IPAddress = IPAddress(192, 168, 1, 9), timeToLive: UInt32 = 120,
      isResponse: Bool = true
    ) -> [UInt8] {
      let record = MDNSMessage.Record(name: name, address: address, timeToLive: timeToLive)
      return MDNSFixture.encoded(MDNSMessage(isResponse: isResponse, records: [record]))
    }
    var elsewhere = MDNSFixture.answerPath
    elsewhere.remote.port = 5354
    let refused: [(Path, [UInt8])] = [
      (elsewhere, answer(wanted)), (MDNSFixture.answerPath, answer(other)),
      (MDNSFixture.answerPath, answer(wanted, timeToLive: 0)),
      (MDNSFixture.answerPath, answer(wanted, isResponse: false)),
      (MDNSFixture.answerPath, answer(wanted, IPAddress(224, 0, 0, 1))),
      (MDNSFixture.answerPath, answer(wanted, IPAddress(0, 0, 0, 0))),
      (MDNSFixture.answerPath, []),
      (MDNSFixture.answerPath, [UInt8](repeating: 0xc0, count: 100)),
    ]
    for (path, datagram) in refused {
      resolver.receive(datagram.span, on: path, at: .zero, events: &events)
    }
    #expect(events.isEmpty && resolver.rejectedCount == 8)
    let good = answer(wanted)
    resolver.receive(good.span, on: MDNSFixture.answerPath, at: .zero, events: &events)
    #expect(events == [.resolved(try MDNSFixture.name(), IPAddress(192, 168, 1, 9))])
    #expect(resolver.deadline == nil)
  }

  @Test func `so many names are asked for at once and no more`() throws {
    var resolver = MDNSResolver(paths: [MDNSFixture.groupPath])
    let outbox = Outbox()
    var taken = 0
    for index in 0..<100 {
      let isTaken = resolver.resolve(
        try MDNSFixture.name("n\(index).local"), at: .zero, into: outbox)
      if isTaken { taken += 1 }
      let again = resolver.resolve(try MDNSFixture.name("n0.local"), at: .zero, into: outbox)
      #expect(again)
    }
    #expect(taken == 32 && outbox.datagrams.count == 32)
    resolver.cancel(try MDNSFixture.name("n1.local"))
    let isTaken = resolver.resolve(try MDNSFixture.name("n99.local"), at: .zero, into: outbox)
    #expect(isTaken)
    var silent = MDNSResolver(paths: [])
    let cannot = silent.resolve(try MDNSFixture.name(), at: .zero, into: outbox)
    #expect(!cannot)
  }

}
