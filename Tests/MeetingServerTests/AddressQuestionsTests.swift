import STUN
import Testing
import Wire

@testable import MeetingServer

private let first = TransportAddress(ip: IPAddress(5, 9, 0, 1), port: 3478)
private let second = TransportAddress(ip: IPAddress(5, 9, 0, 2), port: 3478)
private let third = TransportAddress(ip: IPAddress(v6High: 0x2a0c << 48, low: 3), port: 3478)
private let outside = TransportAddress(ip: IPAddress(5, 9, 0, 7), port: 7880)
private let outsideSix = TransportAddress(ip: IPAddress(v6High: 0x2a0c << 48, low: 7), port: 7880)

/// A round of asking, and what it has sent.
private struct Round {
  var questions: AddressQuestions
  let outbox = Outbox()
  var now = Instant.zero

  init(_ servers: [TransportAddress]) {
    var random = RandomSource.seeded(7)
    questions = AddressQuestions(to: servers, random: &random, at: .zero)
    questions.advance(to: .zero, into: outbox)
  }

  var asked: [TransportAddress] { outbox.datagrams.map(\.path.remote) }

  mutating func answer(
    _ server: TransportAddress, _ seen: TransportAddress?, from sender: TransportAddress? = nil
  ) throws {
    let request = try #require(outbox.datagrams.first { $0.path.remote == server })
    let bytes = outbox.bytes(of: request)
    let transaction = try STUNMessage(parsing: bytes.span).transactionID
    let answer = [UInt8](capacity: 128) { output in
      output.beginSTUN(.success, transaction)
      if let seen { output.appendSTUN(.xorMappedAddress, xor: seen, transaction) }
      output.finishSTUN()
    }
    questions.receive(answer.span, from: sender ?? server)
  }

  /// Until nothing is waited for; how long that took.
  mutating func finish() -> Int {
    for tick in 1...100 where !questions.isOver {
      now = .zero + .milliseconds(Int64(tick) * 100)
      questions.advance(to: now, into: outbox)
    }
    return Int((now - .zero).milliseconds)
  }
}

@Suite struct AddressQuestionsTests {
  @Test func `all are asked at the same time, and in each family the first who answers counts`()
    throws
  {
    var round = Round([first, second, third])
    #expect(round.asked == [first, second, third])
    try round.answer(second, outside)
    #expect(round.questions.seen == [outside] && !round.questions.isOver)
    try round.answer(first, TransportAddress(ip: IPAddress(9, 9, 9, 9), port: 1))
    #expect(round.questions.seen == [outside], "somebody was quicker")
    try round.answer(third, outsideSix)
    #expect(round.questions.seen == [outside, outsideSix] && round.questions.isOver)
    #expect(round.questions.deadline == nil)
  }

  @Test
  func `who does not answer, or without an address, is waited for no longer than three seconds`()
    throws
  {
    var round = Round([first, second, third])
    try round.answer(first, nil)
    try round.answer(third, outsideSix)
    #expect(!round.questions.isOver)
    #expect(round.finish() == 3000)
    #expect(round.questions.seen == [outsideSix])
    #expect(round.asked.filter { $0 == second }.count == 3)
    #expect(round.asked.filter { $0 == first }.count == 1)
  }

  @Test func `others cannot answer, nor can an answer tell of the other family`() throws {
    var round = Round([first])
    try round.answer(first, outside, from: second)
    #expect(round.questions.seen == [] && !round.questions.isOver)
    try round.answer(first, outsideSix)
    #expect(round.questions.seen == [] && round.questions.isOver)
  }

  @Test func `a round asks sixteen at most`() {
    let many = (0..<40).map { TransportAddress(ip: IPAddress(5, 9, 1, $0), port: 3478) }
    #expect(Round(many).asked == Array(many.prefix(16)))
    #expect(Round([]).questions.isOver)
  }

  @Test func `it is asked again every five minutes, sooner after silence, and soon after a change`()
  {
    let home = [IPAddress(10, 0, 0, 2)]
    func wait(isAnswered: Bool, own: [IPAddress]) -> Int64? {
      let rounds = AddressRounds(own: home, isAnswered: isAnswered, at: .zero)
      return (0...400).first { rounds.isDue(own: own, at: .zero + .seconds($0)) }
    }
    #expect(wait(isAnswered: true, own: home) == 300)
    #expect(wait(isAnswered: false, own: home) == 60)
    #expect(wait(isAnswered: true, own: home + [IPAddress(10, 0, 0, 3)]) == 10)
    #expect(wait(isAnswered: true, own: []) == 10)
  }
}
