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

  @Test func `nothing that was sent into an outage or before it is asked for`() {
    var generator = NACKGenerator()
    for index in [1, 3] as [Int64] { generator.receive(index, at: at(0)) }
    generator.receive(90, isAfterOutage: true, at: at(9000))
    generator.receive(92, at: at(9001))
    #expect(generator.due(at: at(9100)) == [91])
    #expect(generator.missedCount == 88)
    let isMissed = generator.receive(50, at: at(9101))
    #expect(!isMissed)
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
    #expect(times == [5, 85, 165, 245, 365, 525, 725, 965])
    #expect(times.count == NACKGenerator.requestLimit)
    #expect(generator.missingCount == 0)
  }

  @Test func `where much is lost each request is made twice within a round trip`() {
    var generator = NACKGenerator()
    generator.roundTrip = .milliseconds(80)
    for index in 0..<200 as Range<Int64> where index % 10 != 5 {
      generator.receive(index, at: at(index))
      _ = generator.recover(index - 1)
    }
    generator.receive(201, at: at(200))
    var times: [Int64] = []
    while let deadline = generator.deadline {
      if generator.due(at: deadline) == [200] { times.append((deadline - at(200)).milliseconds) }
    }
    #expect(times.prefix(6) == [5, 45, 85, 125, 165, 205])
    #expect(times.count == 2 * NACKGenerator.requestLimit)
    #expect(times.last ?? 0 < 1_200)
  }

  @Test func `where requests are lost the first is said twice, and the others keep their times`() {
    var generator = NACKGenerator()
    generator.roundTrip = .milliseconds(80)
    generator.echo = .milliseconds(20)
    generator.receive(1, at: at(0))
    generator.receive(3, at: at(0))
    var times: [Int64] = []
    while let deadline = generator.deadline, times.count < 5 {
      if generator.due(at: deadline) == [2] { times.append((deadline - .zero).milliseconds) }
    }
    #expect(times == [5, 25, 85, 165, 245])
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

  @Test func `what was not missing is not awaited`() {
    var generator = NACKGenerator()
    let awaited = [5, 8, 6, 6, 8, 4, 9].map { (index: Int64) in
      generator.receive(index, at: .zero)
    }
    #expect(awaited == [true, true, true, false, false, false, true])
    #expect(generator.missingCount == 1)
  }

  /// Packets in order, one each millisecond, and then a gap before `first`.
  private func generator(missing gap: Int64, before first: Int64) -> NACKGenerator {
    var generator = NACKGenerator()
    for index in first - gap - 100..<first - gap { generator.receive(index, at: at(index)) }
    generator.receive(first, at: at(first - gap))
    return generator
  }

  @Test func `no more is asked for at a time than came of late, and the rest in its turn`() {
    var generator = generator(missing: 300, before: 1000)
    generator.isModest = true
    let first = generator.due(at: at(705))
    #expect(first.count == 100)
    #expect(first.first == 700)
    #expect(generator.due(at: at(720)) == [])
    // What came again makes room for as many.
    for index in 700..<740 as Range<Int64> { _ = generator.recover(index) }
    #expect(generator.deadline == at(725))
    #expect(generator.due(at: at(725)).count == 80)
  }

  @Test func `where more is overdue than comes all is given up, once in a while`() {
    var generator = generator(missing: 60, before: 1000)
    var gaveUp: [Int64] = []
    var index: Int64 = 1000
    for time in stride(from: 950, to: 6000, by: 10) as StrideTo<Int64> {
      // One of eight comes.
      if time % 20 == 0 {
        index += 8
        generator.receive(index, at: at(time))
      }
      _ = generator.due(at: at(time))
      if generator.giveUpOverdue(at: at(time)) { gaveUp.append(time) }
    }
    #expect(gaveUp.count == 3)
    #expect(gaveUp.first ?? .max < 1500)
    #expect(zip(gaveUp, gaveUp.dropFirst()).allSatisfy { $1 - $0 >= 2000 })
  }

  @Test(arguments: [100, 400] as [Int64], [0.1, 0.3])
  func `what is lost at random is asked for as ever and never given up`(
    roundTrip: Int64, loss: Double
  ) {
    var random = RandomSource.seeded(7)
    func isLost() -> Bool { Double.random(in: 0..<1, using: &random) < loss }
    var generator = NACKGenerator()
    generator.isModest = true
    generator.roundTrip = .milliseconds(roundTrip)
    var repeated: [(time: Int64, index: UInt16)] = []
    var gaveUpCount = 0
    for time in 0..<20_000 as Range<Int64> {
      if time % 7 == 0, !isLost() { generator.receive(time / 7, at: at(time)) }
      for one in repeated where one.time == time { _ = generator.recover(Int64(one.index)) }
      repeated.removeAll { $0.time <= time }
      let numbers = generator.due(at: at(time))
      for number in numbers where !isLost() && !isLost() {
        repeated.append((time + roundTrip, number))
      }
      if generator.giveUpOverdue(at: at(time)) { gaveUpCount += 1 }
    }
    #expect(Double(generator.recoveredCount) >= 0.99 * Double(generator.missedCount - 100))
    #expect(gaveUpCount == 0)
  }
}
