import RTP
import Testing
import Wire

@Suite struct NACKGeneratorTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func `packets in order are never asked for`() {
    var generator = NACKGenerator()
    for index in 65_000..<66_000 as Range<Int64> { generator.receive(index, at: at(index)) }
    #expect(generator.deadline == nil)
    #expect(generator.due(at: at(100_000)) == [])
  }

  @Test func `a gap is asked for after a moment, unless it closes`() {
    var generator = NACKGenerator()
    generator.receive(65_534, at: at(0))
    generator.receive(65_538, at: at(0))
    #expect(generator.due(at: at(4)) == [])
    generator.receive(65_536, at: at(4))
    #expect(generator.deadline == at(5))
    #expect(generator.due(at: at(5)) == [65_535, 1])
    #expect(generator.recover(65_535) == true)
    #expect(generator.recover(65_535) == false)
    #expect(generator.missingCount == 1)
  }

  @Test func `requests are repeated by the round trip and given up`() {
    var generator = NACKGenerator()
    generator.roundTrip = .milliseconds(80)
    generator.receive(1, at: at(0))
    generator.receive(3, at: at(0))
    var times: [Int64] = []
    var now = at(0)
    while let deadline = generator.deadline {
      now = deadline
      if generator.due(at: now) == [2] { times.append((now - .zero).milliseconds) }
    }
    #expect(times == [5, 85, 205, 365, 565, 805, 1085, 1405])
    #expect(times.count == NACKGenerator.requestLimit)
    #expect(generator.missingCount == 0)
  }

  @Test func `an outage is not asked for`() {
    var generator = NACKGenerator()
    generator.receive(1, at: at(0))
    generator.receive(3, at: at(0))
    generator.receive(5000, at: at(0))
    #expect(generator.missingCount == 0)
  }

  @Test func `what is remembered and asked for at once is bounded`() {
    var generator = NACKGenerator()
    for index in 0..<10_000 as Range<Int64> { generator.receive(index * 2, at: at(0)) }
    #expect(generator.missingCount == NACKGenerator.missingLimit)
    let first = generator.due(at: at(10))
    #expect(first.count == NACKGenerator.requestSize)
    let second = generator.due(at: at(10))
    #expect(second.count == NACKGenerator.requestSize)
    #expect(Set(first).isDisjoint(with: second))
    generator.receive(20_900, at: at(10))
    #expect(generator.missingCount == NACKGenerator.missingLimit)
  }

  @Test func `a key frame makes older gaps pointless`() {
    var generator = NACKGenerator()
    for index in [1, 3, 5, 7] as [Int64] { generator.receive(index, at: at(0)) }
    generator.forget(before: 5)
    #expect(generator.due(at: at(10)) == [6])
  }

  @Test func `any index is taken`() {
    var generator = NACKGenerator()
    for index in [Int64.min, 0, .max, .min, -1, 1] {
      generator.receive(index, at: Instant(nanoseconds: .max))
      _ = generator.due(at: Instant(nanoseconds: .max))
    }
  }
}
