import RTP
import Testing
import Wire

struct TransportSequencerTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private func feedback(
    base: UInt16, count: UInt16, reference: UInt32 = 100, _ arrivals: [(UInt16, Int16)]
  ) -> TransportFeedback {
    TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: base, statusCount: count,
      referenceTime: reference, feedbackCount: 0,
      arrivals: arrivals.map { .init(offset: $0.0, delta: $0.1) })
  }

  @Test func `feedback tells what arrived when, and what did not`() {
    var sequencer = TransportSequencer()
    for number in 0..<5 as Range<UInt16> {
      #expect(
        sequencer.next(byteCount: 100 + Int(number), ssrc: 9, at: at(Int64(number))) == number)
    }
    let results = sequencer.receive(feedback(base: 1, count: 4, [(0, 4), (2, -8)]))
    let start = Instant.zero + .milliseconds(6400)
    #expect(results.map(\.index) == [1, 2, 3, 4])
    #expect(
      results.map(\.arrivedAt) == [
        start + .milliseconds(1), nil, start - .milliseconds(1), nil,
      ])
    #expect(results.map(\.byteCount) == [101, 102, 103, 104])
    #expect(results[2].sentAt == at(3) && results[2].ssrc == 9)
  }

  @Test func `each packet is told once, and once more if it came after all`() {
    var sequencer = TransportSequencer()
    for _ in 0..<3 { _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(0)) }
    #expect(sequencer.receive(feedback(base: 0, count: 3, [(0, 0), (2, 0)])).count == 3)
    #expect(sequencer.receive(feedback(base: 0, count: 3, [(0, 0), (2, 0)])) == [])
    let late = sequencer.receive(feedback(base: 1, count: 1, [(0, 0)]))
    #expect(late.map(\.index) == [1] && late.first?.arrivedAt != nil)
  }

  @Test func `numbers and the reference time wrap`() {
    var sequencer = TransportSequencer()
    for step in 0..<65_535 { _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(Int64(step))) }
    #expect(sequencer.next(byteCount: 1, ssrc: 9, at: at(65_535)) == 65_535)
    #expect(sequencer.next(byteCount: 1, ssrc: 9, at: at(65_536)) == 0)
    let before = sequencer.receive(
      feedback(base: 65_534, count: 2, reference: 0xff_ffff, [(0, 0), (1, 0)]))
    let after = sequencer.receive(feedback(base: 0, count: 1, reference: 0, [(0, 0)]))
    #expect(before.map(\.index) == [65_534, 65_535] && after.map(\.index) == [65_536])
    guard let first = before.last?.arrivedAt, let last = after.last?.arrivedAt else {
      Issue.record("no arrival")
      return
    }
    #expect(last - first == .milliseconds(64))
  }

  @Test func `what is remembered is bounded in number and time`() {
    var sequencer = TransportSequencer()
    for step in 0..<100_000 { _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(Int64(step) / 100)) }
    #expect(sequencer.historyCount == TransportSequencer.historyLimit)
    _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(60_000))
    #expect(sequencer.historyCount == 1)
    #expect(sequencer.receive(feedback(base: 30_000, count: 30_000, [])).count == 1)
  }

  @Test func `feedback of packets never sent tells nothing`() {
    var sequencer = TransportSequencer()
    #expect(sequencer.receive(feedback(base: 7, count: 65_535, [(3, 5)])) == [])
    _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(0))
    #expect(sequencer.receive(feedback(base: 1, count: 100, [(0, 1)])) == [])
    #expect(sequencer.receive(feedback(base: 65_000, count: 500, [(0, .min)])) == [])
  }

  @Test func `memory grows with what is sent, and no further than the limit`() {
    var sequencer = TransportSequencer()
    for step in 0..<100 { _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(Int64(step))) }
    #expect(sequencer.byteCapacity <= 4096)
    #expect(sequencer.historyCount == 100)
    for _ in 0..<100_000 { _ = sequencer.next(byteCount: 1, ssrc: 9, at: at(100)) }
    #expect(sequencer.byteCapacity <= 160 << 10)
    #expect(sequencer.historyCount == TransportSequencer.historyLimit)
    // 100,100 were sent, the newest as number 34,563.
    let results = sequencer.receive(feedback(base: 34_500, count: 100, [(0, 0), (63, 0)]))
    #expect(results.map(\.index) == (100_036...100_099).map(Int64.init))
  }
}
