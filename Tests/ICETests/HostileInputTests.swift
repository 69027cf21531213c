import ICE
import RTCTesting
import STUN
import Testing
import Wire

/// Everything an agent knows, except how often it was offered rubbish.
private func fingerprint(_ agent: ICEAgent) -> String {
  var text = ""
  dump(agent, to: &text)
  return text.split(separator: "\n").filter { !$0.contains("rejectedDatagrams") }
    .joined(separator: "\n")
}

private func errorCode(_ bytes: [UInt8]) -> UInt16? {
  guard let message = try? STUNMessage(parsing: bytes.span) else { return nil }
  return (try? message.errorCode)?.rawValue
}

/// Requests that are right in all but one respect.
private func forgeries(_ peer: HandmadePeer) -> [[UInt8]] {
  let good = peer.check(nominates: true)
  var damaged = good
  damaged[damaged.count - 20] ^= 1
  var wrongPrint = good
  wrongPrint[wrongPrint.count - 1] ^= 1
  let bare = [UInt8](capacity: 200) { output in
    output.beginSTUN(.request, STUNTransactionID(high: 0, low: 9))
    output.appendSTUN(
      .username, "\(peer.agent.localCredentials.usernameFragment):\(peer.local.usernameFragment)")
    output.appendSTUN(.useCandidate)
    output.finishSTUN()
  }
  let key = Array(peer.agent.localCredentials.password.utf8)
  let nameless = [UInt8](capacity: 200) { output in
    output.beginSTUN(.request, STUNTransactionID(high: 0, low: 9))
    output.appendSTUN(.useCandidate)
    output.finishSTUN(key: key.span)
  }
  return [
    damaged, wrongPrint, bare, nameless,
    peer.check(nominates: true, password: "wrongwrongwrongwrongwrong"),
    peer.check(nominates: true, fragment: "abcd1234"),
    peer.check(nominates: true, fragment: ""),
    peer.check(nominates: true, fragment: peer.agent.localCredentials.usernameFragment + "x"),
    peer.check(
      nominates: true, fragment: String(peer.agent.localCredentials.usernameFragment.dropLast())),
    peer.check(nominates: true, fragment: String(repeating: "x", count: 600)),
    [], [0], [UInt8](repeating: 0, count: 20), [UInt8](repeating: 0xff, count: 1500),
  ]
}

@Test(arguments: [false, true])
func `forged checks change nothing and get no answer`(isConnected: Bool) {
  var peer = isConnected ? HandmadePeer.connected() : HandmadePeer()
  let stranger = TransportAddress(ip: IPAddress(203, 0, 113, 66), port: 666)
  peer.advance(to: .zero)
  peer.run(from: .zero, to: .milliseconds(500))
  let before = fingerprint(peer.agent)
  for bytes in forgeries(peer) {
    for address in [HandmadePeer.home, stranger] {
      peer.receive(bytes, from: address, at: .milliseconds(500))
      #expect(peer.sent().isEmpty)
    }
  }
  #expect(fingerprint(peer.agent) == before)
  #expect(!peer.agent.isValidated(HandmadePeer.path(stranger)))
  #expect(peer.agent.statistics.rejectedDatagrams == 28)
}

@Test func `twenty thousand strangers leave no trace`() {
  var peer = HandmadePeer.connected()
  let forged = peer.check(nominates: true, password: "wrongwrongwrongwrongwrong")
  let before = fingerprint(peer.agent)
  for index in 0..<20_000 as Range<UInt32> {
    let source = TransportAddress(ip: IPAddress(v4: 0xcb00_0000 + index), port: 1000)
    peer.receive(forged, from: source, at: .zero)
  }
  #expect(fingerprint(peer.agent) == before)
  #expect(peer.sent().isEmpty)
}

@Test func `a check at every truncation length is dropped`() {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  let check = peer.check(nominates: true)
  for count in 0..<check.count { peer.receive(Array(check[..<count]), at: .zero) }
  #expect(peer.sent().isEmpty && !peer.agent.isValidated(HandmadePeer.path()))
}

@Test func `an unknown comprehension-required attribute is answered with 420`() throws {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  let unknown = [STUNAttributeType(rawValue: 0x7f01), STUNAttributeType(rawValue: 0x0003)]
  let request = peer.check(nominates: true, extra: unknown)
  peer.receive(request, at: .zero)
  let answers = peer.sent()
  let bytes = try #require(answers.first?.bytes)
  #expect(answers.count == 1 && errorCode(bytes) == 420)
  let message = try STUNMessage(parsing: bytes.span)
  let listed = try message.unknownAttributes
  #expect(listed == unknown)
  #expect(!peer.agent.isValidated(HandmadePeer.path()))
  #expect(2 * bytes.count <= 3 * request.count)
}

@Test func `a malformed priority is answered with 400`() throws {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  let username =
    "\(peer.agent.localCredentials.usernameFragment):\(peer.local.usernameFragment)"
  let key = Array(peer.agent.localCredentials.password.utf8)
  let request = [UInt8](capacity: 200) { output in
    output.beginSTUN(.request, STUNTransactionID(high: 0, low: 9))
    output.appendSTUN(.username, username)
    output.appendSTUN(.priority, "abc")
    output.finishSTUN(key: key.span)
  }
  peer.receive(request, at: .zero)
  #expect(peer.sent().map { errorCode($0.bytes) } == [400])
  #expect(!peer.agent.isValidated(HandmadePeer.path()))
}

@Test func `no answer is larger than one and a half times its request`() {
  for unknownCount in 0...40 {
    var peer = HandmadePeer()
    let v6 = TransportAddress(ip: IPAddress(v6High: 0x2001_0db8_0000_0000, low: 1), port: 5)
    let username =
      "\(peer.agent.localCredentials.usernameFragment):\(peer.local.usernameFragment)"
    let key = Array(peer.agent.localCredentials.password.utf8)
    // The shortest request that is answered at all.
    let request = [UInt8](capacity: 400) { output in
      output.beginSTUN(.request, STUNTransactionID(high: 0, low: 9))
      output.appendSTUN(.username, username)
      for index in 0..<unknownCount {
        output.appendSTUN(STUNAttributeType(rawValue: 0x7000 + UInt16(index)))
      }
      output.finishSTUN(key: key.span, fingerprint: false)
    }
    peer.receive(request, from: v6, at: .zero)
    let answer = peer.sent().first?.bytes ?? []
    #expect(!answer.isEmpty && 2 * answer.count <= 3 * request.count)
  }
}

@Test func `ten thousand candidates are cut to the limits`() {
  var peer = HandmadePeer(role: .controlling)
  var taken = 0
  for index in 0..<10_000 as Range<UInt32> {
    let address = TransportAddress(ip: IPAddress(v4: 0xc612_0000 + index), port: 4000)
    if peer.agent.addRemoteCandidate(ICECandidate(address: address)) { taken += 1 }
  }
  #expect(taken == 32)
  var targets: Set<TransportAddress> = []
  var now = Instant.zero
  while let deadline = peer.agent.deadline, deadline < .seconds(29) {
    now = max(now, deadline)
    peer.advance(to: now)
    targets.formUnion(peer.sent().map(\.path.remote))
  }
  #expect(targets.count == 32)
}

@Test func `addresses that must not be sent to are refused`() throws {
  var peer = HandmadePeer()
  let addresses = [
    "0.0.0.0:5", "224.0.0.1:5", "239.255.255.250:1900", "255.255.255.255:5", "192.0.2.1:0",
    "169.254.169.254:80", "[::]:5", "[ff02::1]:5", "[fe80::1]:5", "[fd00:ec2::254]:80",
    "[::ffff:0.0.0.0]:5", "[::ffff:224.0.0.1]:5",
  ]
  for text in addresses {
    let candidate = ICECandidate(address: try #require(TransportAddress(text)))
    let isTaken = peer.agent.addRemoteCandidate(candidate)
    #expect(!isTaken, "\(text)")
  }
  var strict = ICEAgent.Configuration()
  strict.acceptsLoopback = false
  var server = HandmadePeer(configuration: strict)
  let loopback = ICECandidate(address: try #require(TransportAddress("127.0.0.1:22")))
  let isTaken = server.agent.addRemoteCandidate(loopback)
  let isTakenByDefault = peer.agent.addRemoteCandidate(loopback)
  #expect(!isTaken && isTakenByDefault)
}

@Test func `a peer that comes from a thousand addresses costs a hundred pairs`() {
  var peer = HandmadePeer.connected()
  var sent = 0
  for index in 0..<1000 as Range<UInt32> {
    let source = TransportAddress(ip: IPAddress(v4: 0xc612_0000 + index), port: 4000)
    let now = Instant.milliseconds(Int64(index))
    peer.receive(peer.check(id: UInt64(index)), from: source, at: now)
    sent += peer.sent().count
  }
  let validated = (0..<1000 as Range<UInt32>).count { index in
    let source = TransportAddress(ip: IPAddress(v4: 0xc612_0000 + index), port: 4000)
    return peer.agent.isValidated(HandmadePeer.path(source))
  }
  #expect(validated <= 100)
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  // One answer each, and checks of our own no faster than pacing allows.
  #expect(sent <= 1000 + 1000 / 50 + 2)
}

@Test func `checks before the peer's credentials are known are answered and used later`() {
  var random = RandomSource.seeded(5)
  let remote = ICECredentials.random(using: &random)
  var agent = ICEAgent(
    role: .controlled, credentials: .random(using: &random), random: .seeded(6))
  var peer = HandmadePeer()
  swap(&agent, &peer.agent)
  peer.receive(peer.check(nominates: true), at: .zero)
  #expect(peer.sent().map { messageClass($0.bytes) } == [.success])
  peer.agent.setRemoteCredentials(remote)
  peer.advance(to: .milliseconds(100))
  let sent = peer.sent()
  #expect(sent.map { messageClass($0.bytes) } == [.request])
  #expect(sent.first?.path == HandmadePeer.path())
}

/// The fuzz target's script, with random bytes and with real traffic cut and changed.
@Test func `scripts of calls, times and damaged datagrams do not trap`() {
  var random = RandomSource.seeded(99)
  for _ in 0..<300 {
    var peer = HandmadePeer(role: random.next() % 2 == 0 ? .controlling : .controlled)
    var now = Instant.zero
    for _ in 0..<60 {
      let source = TransportAddress(
        ip: IPAddress(192, 0, 2, UInt8(random.next() % 4)), port: 7000)
      switch random.next() % 9 {
      case 0: now = now + .milliseconds(Int64(random.next() % 3000))
      case 1: peer.advance(to: now)
      case 2: peer.receive(random.bytes(Int(random.next() % 100)), from: source, at: now)
      case 3:
        peer.receive(
          peer.check(
            id: random.next(), nominates: random.next() % 2 == 0,
            priority: UInt32(truncatingIfNeeded: random.next()), tieBreaker: random.next(),
            role: random.next() % 2 == 0 ? .iceControlled : .iceControlling),
          from: source, at: now)
      case 4:
        for datagram in peer.sent() {
          let error = random.next() % 8 == 0 ? STUNErrorCode.roleConflict : nil
          if let bytes = peer.answer(to: datagram.bytes, error: error) {
            peer.receive(bytes, from: datagram.path.remote, at: now)
          }
        }
      case 5: peer.agent.addRemoteCandidate(ICECandidate(address: source))
      case 6: if random.next() % 8 == 0 { peer.agent.setRemoteCandidatesComplete() }
      case 7:
        if random.next() % 8 == 0 { peer.agent.restart(credentials: .random(using: &random)) }
      default:
        var bytes = peer.check(nominates: true)
        bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(truncatingIfNeeded: random.next())
        peer.receive(bytes, from: source, at: now)
      }
      if let deadline = peer.agent.deadline, deadline > now, random.next() % 4 == 0 {
        now = deadline
      }
    }
  }
}

@Test(arguments: [Int64.min, -1, 0, Int64.max - 1, Int64.max])
func `any clock reading is survived`(nanoseconds: Int64) {
  var peer = HandmadePeer()
  for instant in [Instant(nanoseconds: nanoseconds), .zero, Instant(nanoseconds: nanoseconds)] {
    peer.advance(to: instant)
    peer.receive(peer.check(nominates: true), at: instant)
    peer.answerAll(at: instant)
    peer.advance(to: instant)
    peer.agent.restart(credentials: peer.agent.localCredentials)
    peer.agent.setRemoteCredentials(peer.local)
  }
}
