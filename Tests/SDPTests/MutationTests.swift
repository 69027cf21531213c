import SDP
import Testing
import Wire

/// Seeded damage to recorded offers: nothing traps, and what is read prints to what is read again.
struct MutationTests {
  @Test(arguments: 0..<8)
  func `a damaged offer never traps`(seed: UInt64) throws {
    var random = RandomSource.seeded(seed)
    let small = Recording.all.filter { $0.text.utf8.count < 8192 }.map { Array($0.text.utf8) }
    #expect(!small.isEmpty)
    for _ in 0..<200 {
      var bytes = small[Int(random.next() % UInt64(small.count))]
      for _ in 0...(random.next() % 6) { damage(&bytes, &random) }
      try check(bytes)
    }
  }

  private func check(_ bytes: [UInt8]) throws {
    guard let parsed = try? SessionDescription(parsing: bytes.span) else { return }
    #expect(try SessionDescription(parsing: parsed.description) == parsed)
    let builder = AnswerBuilder(local: testTransport, sessionID: 1)
    guard let result = try? builder.answer(to: parsed, plan: sendingPlan(for: parsed)) else {
      return
    }
    #expect(try SessionDescription(parsing: result.answer.description) == result.answer)
    _ = try? builder.answer(to: parsed, after: result.negotiated)
    _ = result.negotiated.isICERestarted(by: parsed)
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout RandomSource) {
    guard !bytes.isEmpty else { return }
    let place = Int(random.next() % UInt64(bytes.count))
    switch random.next() % 6 {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes.remove(at: place)
    case 2: bytes.insert(contentsOf: Self.morsels[Int(random.next() % 12)], at: place)
    case 3: bytes.removeLast(bytes.count - place)
    case 4:
      let end = min(bytes.count, place + Int(random.next() % 200))
      bytes.append(contentsOf: bytes[place..<end])
    default:
      let lines = bytes.split(separator: 10).map { Array($0) + [10] }
      let (one, other) = (random.next(), random.next())
      var shuffled = lines
      shuffled.swapAt(
        Int(one % UInt64(lines.count)), Int(other % UInt64(lines.count)))
      bytes = Array(shuffled.joined())
    }
  }

  private static let morsels: [[UInt8]] = [
    "99999999999999999999", "-1", "+", "\r\n", "a=mid:0\r\n", ";", ",", "/", " ", ":", "=",
    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n",
  ].map { Array($0.utf8) }
}
