import ICE
import Peer
import STUN
import TURN
import Testing
import Wire

/// A gatherer by hand: what it sends is looked at, what servers answer is written here.
struct HandmadeGathering {
  static let laptop = TransportAddress(ip: IPAddress(192, 168, 1, 2), port: 5000)
  static let laptopV6 = TransportAddress(
    ip: IPAddress(v6High: 0x2a00_0000_0000_0000, low: 2), port: 5001)
  static let mapped = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 6000)
  static let servers = (1...3).map { index in
    CandidateGatherer.Server(
      kind: .stun,
      address: TransportAddress(ip: IPAddress(198, 51, 100, UInt8(index)), port: 3478),
      url: "stun:\(index)")
  }

  let gatherer: CandidateGatherer
  let outbox = Outbox()
  var events: [CandidateGatherer.Event] = []

  init(options: CandidateGatherer.Options = .init()) {
    gatherer = CandidateGatherer(options: options, random: .seeded(1))
  }

  mutating func start(
    _ bases: [TransportAddress] = [laptop],
    _ servers: [CandidateGatherer.Server] = Array(servers.prefix(1)), at now: Instant = .zero
  ) {
    gatherer.start(bases: bases, servers: servers, at: now, into: outbox, events: &events)
  }

  mutating func advance(to now: Instant) {
    gatherer.advance(to: now, into: outbox, events: &events)
  }

  mutating func receive(
    _ bytes: [UInt8], on path: Path, at now: Instant = .zero
  ) -> CandidateGatherer.Disposition {
    gatherer.receive(bytes.span, on: path, at: now, into: outbox, events: &events)
  }

  /// What was sent since the last time.
  func sent() -> [(path: Path, bytes: [UInt8])] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { ($0.path, outbox.bytes(of: $0)) }
  }

  var candidates: [ICECandidate] {
    events.compactMap { if case .candidate(let candidate, _) = $0 { candidate } else { nil } }
  }

  static func answer(
    to request: [UInt8], mapped: TransportAddress = mapped, error: STUNErrorCode? = nil
  ) -> [UInt8] {
    guard let message = try? STUNMessage(parsing: request.span) else { return [] }
    let id = message.transactionID
    return [UInt8](capacity: 100) { output in
      output.beginSTUN(error == nil ? .success : .error, id)
      if let error {
        output.appendSTUN(error)
      } else {
        output.appendSTUN(.xorMappedAddress, xor: mapped, id)
      }
      output.finishSTUN()
    }
  }
}

struct GatheringTests {
  @Test func `each base makes a host candidate, IPv6 and IPv4 in turn, each with its own priority`()
  {
    var hand = HandmadeGathering()
    let second = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5002)
    hand.start([HandmadeGathering.laptop, second, HandmadeGathering.laptopV6], [])
    #expect(
      hand.candidates.map(\.address)
        == [HandmadeGathering.laptopV6, HandmadeGathering.laptop, second])
    #expect(hand.candidates.allSatisfy { $0.kind == .host && $0.relatedAddress == nil })
    #expect(Set(hand.candidates.map(\.priority)).count == 3)
    #expect(Set(hand.candidates.map(\.foundation)).count == 3)
    #expect(hand.candidates.map(\.priority) == hand.candidates.map(\.priority).sorted(by: >))
    #expect(hand.candidates[0].priority == 126 << 24 | 65_535 << 8 | 255)
    #expect(hand.events.last == .finished)
    #expect(hand.gatherer.deadline == nil)
  }

  @Test func `loopback counts only where it is wanted or all there is, link-local IPv6 never`() {
    let loopback = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 5000)
    let linkLocal = TransportAddress(
      ip: IPAddress(v6High: 0xfe80_0000_0000_0000, low: 1), port: 5000)
    var mixed = HandmadeGathering()
    mixed.start([loopback, HandmadeGathering.laptop, linkLocal], [])
    #expect(mixed.candidates.map(\.address) == [HandmadeGathering.laptop])
    var alone = HandmadeGathering()
    alone.start([loopback, linkLocal], [])
    #expect(alone.candidates.map(\.address) == [loopback])
    var options = CandidateGatherer.Options()
    options.includesLoopback = true
    var wanted = HandmadeGathering(options: options)
    wanted.start([loopback, HandmadeGathering.laptop], [])
    #expect(wanted.candidates.count == 2)
  }

  @Test func `a server's answer makes a server-reflexive candidate`() throws {
    var hand = HandmadeGathering()
    hand.start()
    #expect(!hand.events.contains(.finished))
    let request = try #require(hand.sent().first)
    #expect(
      request.path
        == Path(local: HandmadeGathering.laptop, remote: HandmadeGathering.servers[0].address))
    let answer = HandmadeGathering.answer(to: request.bytes)
    #expect(hand.receive(answer, on: request.path, at: .zero + .milliseconds(30)) == .consumed)
    let candidate = try #require(hand.candidates.last)
    #expect(candidate.kind == .serverReflexive && candidate.address == HandmadeGathering.mapped)
    #expect(candidate.relatedAddress == HandmadeGathering.laptop)
    #expect(hand.events.last == .finished && hand.gatherer.deadline == nil)
    #expect(hand.events.contains(.candidate(candidate, base: HandmadeGathering.laptop)))
    // A second copy is still the server's, and changes nothing.
    let before = hand.events
    #expect(hand.receive(answer, on: request.path) == .consumed)
    #expect(hand.events == before)
  }

  @Test func `what no server of ours sent is not ours`() throws {
    var hand = HandmadeGathering()
    hand.start()
    let request = try #require(hand.sent().first)
    let answer = HandmadeGathering.answer(to: request.bytes)
    var elsewhere = request.path
    elsewhere.remote.port = 9
    #expect(hand.receive(answer, on: elsewhere) == .notMine)
    var foreign = answer
    foreign[19] ^= 1
    #expect(hand.receive(foreign, on: request.path) == .notMine)
    #expect(hand.receive([0x80, 1, 2, 3], on: request.path) == .notMine)
    #expect(hand.receive([], on: request.path) == .notMine)
    for count in 0..<answer.count {
      #expect(hand.receive(Array(answer.prefix(count)), on: request.path) == .notMine)
    }
    #expect(hand.candidates.count == 1)
  }

  @Test func `the same address from two servers is one candidate, and our own is none`() {
    var hand = HandmadeGathering()
    hand.start([HandmadeGathering.laptop], HandmadeGathering.servers)
    let mapped = [HandmadeGathering.mapped, HandmadeGathering.mapped, HandmadeGathering.laptop]
    var now = Instant.zero
    for address in mapped {
      for request in hand.sent() {
        let answer = HandmadeGathering.answer(to: request.bytes, mapped: address)
        #expect(hand.receive(answer, on: request.path, at: now) == .consumed)
      }
      now = now + .milliseconds(50)
      hand.advance(to: now)
    }
    #expect(hand.candidates.map(\.kind) == [.host, .serverReflexive])
    #expect(hand.events.last == .finished)
  }

  @Test func `first requests leave 50 ms apart`() {
    var hand = HandmadeGathering()
    hand.start([HandmadeGathering.laptop], HandmadeGathering.servers)
    var times: [Instant] = []
    var now = Instant.zero
    while times.count < 3 {
      times += hand.sent().map { _ in now }
      now = max(now, hand.gatherer.deadline ?? now)
      hand.advance(to: now)
    }
    #expect(times == [0, 50, 100].map { .zero + .milliseconds($0) })
  }

  @Test func `a silent server is asked five times and reported after five seconds`() {
    var hand = HandmadeGathering()
    hand.start()
    var times = hand.sent().map { _ in Instant.zero }
    while let deadline = hand.gatherer.deadline {
      hand.advance(to: deadline)
      times += hand.sent().map { _ in deadline }
      if hand.events.last == .finished { #expect(deadline == .zero + .seconds(5)) }
    }
    #expect(times == [0, 500, 1500, 2500, 3500].map { .zero + .milliseconds($0) })
    let server = HandmadeGathering.servers[0]
    #expect(
      hand.events.contains(
        .serverFailed(server, code: 701, reason: "no answer from the server")))
    #expect(hand.events.count == 3 && hand.events.last == .finished)
  }

  @Test func `a server's refusal is reported with its code`() throws {
    var hand = HandmadeGathering()
    hand.start()
    let request = try #require(hand.sent().first)
    let refusal = HandmadeGathering.answer(
      to: request.bytes, error: STUNErrorCode(rawValue: 500, reason: "broken"))
    #expect(hand.receive(refusal, on: request.path) == .consumed)
    let server = HandmadeGathering.servers[0]
    #expect(
      hand.events.dropFirst() == [.serverFailed(server, code: 500, reason: "broken"), .finished])
  }

  @Test func `starting again adds only what is new`() {
    var hand = HandmadeGathering()
    hand.start([HandmadeGathering.laptop], [])
    hand.start([HandmadeGathering.laptop], [])
    #expect(hand.candidates.count == 1)
    #expect(hand.events.count { $0 == .finished } == 2)
    let second = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5002)
    hand.start([HandmadeGathering.laptop, second], HandmadeGathering.servers)
    #expect(hand.candidates.count == 2 && hand.gatherer.candidates.count == 2)
    var requests = hand.sent().count
    for slot in 1...5 as ClosedRange<Int64> {
      hand.advance(to: .zero + .milliseconds(50 * slot))
      requests += hand.sent().count
    }
    #expect(requests == 6)
  }

  @Test func `a server is asked again by the next gathering, for the address may be another`()
    throws
  {
    var hand = HandmadeGathering()
    hand.start()
    let seen = [
      HandmadeGathering.mapped, TransportAddress(ip: IPAddress(203, 0, 113, 77), port: 6001),
    ]
    for (round, address) in seen.enumerated() {
      let now = Instant.zero + .seconds(Int64(round))
      if round > 0 { hand.start(at: now) }
      let request = try #require(hand.sent().first)
      #expect(
        hand.receive(HandmadeGathering.answer(to: request.bytes, mapped: address), on: request.path)
          == .consumed)
      let reflexive = hand.gatherer.candidates.filter { $0.candidate.kind == .serverReflexive }
      #expect(reflexive.map(\.candidate.address) == [address])
      #expect(hand.events.last == .finished)
    }
  }

  @Test func `with relays only, neither host nor server-reflexive candidates are looked for`() {
    var options = CandidateGatherer.Options()
    options.usesRelaysOnly = true
    var hand = HandmadeGathering(options: options)
    hand.start()
    #expect(hand.events == [.finished] && hand.sent().isEmpty)
  }
}
