import STUN
import Testing
import Wire

@testable import MeetingServer

private let server = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)
private let path = Path(
  local: TransportAddress(ip: IPAddress(192, 168, 1, 9), port: 7880), remote: server)

/// The transaction of a request in bytes.
private func transaction(of request: [UInt8]) throws -> STUNTransactionID {
  try STUNMessage(parsing: request.span).transactionID
}

private func answer(
  _ transaction: STUNTransactionID, _ address: TransportAddress?,
  _ messageClass: STUNClass = .success
) -> [UInt8] {
  [UInt8](capacity: 128) { output in
    output.beginSTUN(messageClass, transaction)
    if let address { output.appendSTUN(.xorMappedAddress, xor: address, transaction) }
    output.finishSTUN()
  }
}

/// A question whose first request has been sent, and its transaction.
private func asked() throws -> (BindingQuestion, STUNTransactionID, Outbox) {
  var random = RandomSource.seeded(7)
  let outbox = Outbox()
  var question = BindingQuestion(on: path, random: &random, at: .zero)
  question.advance(to: .zero, into: outbox)
  let request = try #require(outbox.datagrams.first)
  #expect(request.path == path)
  return (question, try transaction(of: outbox.bytes(of: request)), outbox)
}

@Test func `a STUN server is asked three times in a second and a half, and given up after three`()
  throws
{
  var (question, _, outbox) = try asked()
  var sentAt = [0]
  for tick in 1...40 {
    let now = Instant.zero + .milliseconds(Int64(tick) * 100)
    let before = outbox.datagrams.count
    question.advance(to: now, into: outbox)
    if outbox.datagrams.count > before { sentAt.append(tick * 100) }
    if tick < 30 { #expect(question.outcome == nil) }
  }
  #expect(sentAt == [0, 500, 1_500])
  #expect(question.outcome == .silence)
  #expect(question.deadline == nil)
}

@Test func `the address in the answer is what the server sees`() throws {
  var (question, transaction, _) = try asked()
  let seen = TransportAddress(ip: IPAddress(203, 0, 113, 7), port: 7880)
  question.receive(answer(transaction, seen).span, from: server)
  #expect(question.outcome == .seen(seen))
}

@Test func `answers of others, to other questions and without an address are not believed`() throws
{
  let seen = TransportAddress(ip: IPAddress(203, 0, 113, 7), port: 7880)
  var (question, transaction, _) = try asked()
  question.receive(
    answer(transaction, seen).span,
    from: TransportAddress(ip: IPAddress(198, 51, 100, 2), port: 3478))
  question.receive(answer(STUNTransactionID(high: 1, low: 2), seen).span, from: server)
  question.receive([UInt8](repeating: 0, count: 20).span, from: server)
  #expect(question.outcome == nil)
  question.receive(answer(transaction, nil).span, from: server)
  #expect(question.outcome == .silence)
  for useless in [
    TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 9),
    TransportAddress(ip: IPAddress(224, 0, 0, 1), port: 9),
    TransportAddress(ip: IPAddress(203, 0, 113, 7), port: 0),
  ] {
    var (question, transaction, _) = try asked()
    question.receive(answer(transaction, useless).span, from: server)
    #expect(question.outcome == .silence)
  }
}

private let home = IPAddress(192, 168, 1, 9)
private let bridge = IPAddress(172, 17, 0, 2)
private let outside = IPAddress(5, 9, 0, 7)

private func findings(
  own: [IPAddress] = [home], isContainer: Bool = false, advertised: [TransportAddress] = [],
  _ answer: AddressFindings.Answer
) -> AddressFindings {
  AddressFindings(
    own: own, isContainer: isContainer, advertised: advertised, ports: "7880-7881", answer: answer)
}

private func seen(_ ip: IPAddress = outside, port: UInt16 = 7880) -> AddressFindings.Answer {
  .seen([TransportAddress(ip: ip, port: port)], port: 7880)
}

@Test(arguments: [
  (
    findings(seen()), [outside], "behind 5.9.0.7, which keeps its ports, as the addresses of clouds"
  ),
  (findings(seen(port: 61_000)), [outside], "a router at 5.9.0.7, which changes ports"),
  (findings(own: [bridge], isContainer: true, seen(port: 61_000)), [outside], "-p 7880-7881:7880"),
  (findings(own: [outside], seen()), [], "has the public address 5.9.0.7; UDP 7880-7881 has to be"),
  (findings(.silent(servers: "stun.example")), [], "No STUN server answers (stun.example)"),
  (findings(.notAsked), [], "a private network only"),
  (findings(own: [bridge], isContainer: true, .notAsked), [], "nobody outside reaches 172.17.0.2"),
  (
    findings(advertised: [TransportAddress(ip: outside, port: 0)], seen()), [],
    "which is where a STUN server sees"
  ),
  (
    findings(advertised: [TransportAddress(ip: IPAddress(5, 9, 0, 8), port: 0)], seen()), [],
    "say --advertise 5.9.0.7"
  ),
])
func `where a machine stands is said in a sentence, and what was found is told to clients`(
  findings: AddressFindings, found: [IPAddress], words: String
) {
  #expect(findings.found == found)
  #expect(findings.sentences.first?.contains(words) == true, "\(findings.sentences)")
}

@Test func `a machine of the open Internet and one whose address was said need no words`() {
  #expect(findings(own: [home, outside], .notAsked).sentences == [])
  #expect(
    findings(advertised: [TransportAddress(ip: outside, port: 0)], .notAsked).sentences == [])
  #expect(findings(own: [], .notAsked).sentences == [])
  #expect(findings(own: [IPAddress(127, 0, 0, 1)], .notAsked).sentences == [])
}

@Test(arguments: [
  ("stun.example.org", "stun.example.org", 3478),
  ("stun.example.org:19302", "stun.example.org", 19302),
  ("198.51.100.1", "198.51.100.1", 3478), ("198.51.100.1:80", "198.51.100.1", 80),
  ("[2001:db8::1]:80", "2001:db8::1", 80), ("2001:db8::1", "2001:db8::1", 3478),
])
func `a STUN server is named by name or address, with a port or without`(
  text: String, host: String, port: Int
) throws {
  let name = try #require(STUNServerName(text))
  #expect(name.host == host)
  #expect(Int(name.port) == port)
}

@Test(arguments: [
  "", ":3478", "a b", "stun:stun.example.org:1", "x:0", "x:65536", "198.51.100.1:0",
])
func `what names no STUN server is refused`(text: String) {
  #expect(STUNServerName(text) == nil)
}
