import Net
import Signaling
import Testing
import Wire

@testable import MeetingServer

@Test(arguments: [
  ("https://meet.example.org", "https://meet.example.org/", 443),
  ("https://meet.example.org/room/x?y", "https://meet.example.org/", 443),
  ("http://meet.example.org", "http://meet.example.org/", 80),
  ("meet.example.org", "https://meet.example.org/", 443),
  ("meet.example.org:8443", "https://meet.example.org:8443/", 8443),
  ("localhost", "http://localhost:8080/", 8080), ("localhost:9000", "http://localhost:9000/", 9000),
  ("127.0.0.1:9000", "http://127.0.0.1:9000/", 9000),
  ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", 8443),
  ("https://[2001:db8::1]/", "https://[2001:db8::1]/", 443),
])
func `a server is named by its URL or its host`(text: String, url: String, port: Int) throws {
  let target = try #require(DoctorTarget(text))
  #expect(target.url == url)
  #expect(Int(target.port) == port)
}

@Test(arguments: ["", "https://", "a b", "ana@meet.example", "meet:port", "meet:0", "meet:1:2"])
func `what names no server is refused`(text: String) {
  #expect(DoctorTarget(text) == nil)
}

private let openUDP = WayTest.Result(
  way: .udp, state: .open(milliseconds: 12, address: "5.9.0.7"), hosts: ["5.9.0.7"], ports: [7880])
private let closedUDP = WayTest.Result(
  way: .udp, state: .closed, hosts: ["5.9.0.7", "10.0.0.7"], ports: [7880])
private let v4 = Examination.Visit(ip: IPAddress(5, 9, 0, 7), outcome: .reached)

private func v6(_ outcome: Examination.Visit.Outcome) throws -> Examination.Visit {
  Examination.Visit(ip: try #require(IPAddress("2001:db8::7")), outcome: outcome)
}

private func examination(
  _ text: String = "https://meet.example", _ web: Examination.Web = .works, skew: Int64? = 0,
  ways: [WayTest.Result] = [openUDP]
) throws -> Examination {
  Examination(target: try #require(DoctorTarget(text)), web: web, skew: skew, ways: ways)
}

@Test func `a server that works gets a good word for everything`() throws {
  var all = try examination()
  all.visits = [v4, try v6(.reached)]
  all.certificateLasts = 40 * 86_400
  all.webSocket = .opens
  all.throughput = .init(up: 8_000_000, down: 9_960_000, roundTrip: 20)
  let findings = all.findings
  #expect(
    findings.map(\.id) == [
      "dns", "web", "certificate", "clock", "websocket", "udp", "bandwidth", "delay",
    ])
  #expect(findings.allSatisfy { $0.level == .good && $0.rules.isEmpty })
  let sentences = findings.map(\.sentence)
  #expect(
    sentences.first == "The name meet.example leads to 5.9.0.7 (A) and 2001:db8::7 (AAAA).")
  #expect(sentences.contains("The certificate is good for meet.example and expires in 40 days."))
  #expect(sentences.contains("UDP port 7880 of 5.9.0.7 is open (12 ms)."))
  #expect(sentences.contains("The way carries 8.0 Mbit/s up and 10.0 Mbit/s down."))
}

@Test(arguments: [
  (
    Examination.Web.noName("it is not in DNS"), "dns",
    "has no address (it is not in DNS): add an A or AAAA"
  ),
  (.unreachable("refused"), "web", "TCP port 443 of meet.example is closed from here (refused)."),
  (
    .silent("odd"), "web", "TCP port 443 of meet.example is open, but no HTTPS comes from it (odd)."
  ),
  (
    .elsewhere("https://there/"), "web",
    "https://meet.example/ leads to https://there/: examine that, by jumpa doctor https://there/."
  ),
  (.stranger(502), "web", "answers with 502, and not as Jumpa"),
])
func `what keeps people from the page is said, and nothing is guessed beyond it`(
  web: Examination.Web, id: String, words: String
) throws {
  let findings = try examination("meet.example", web, skew: nil, ways: []).findings
  #expect(findings.count == 1)
  #expect(findings[0].id == id && findings[0].level == .bad)
  #expect(findings[0].sentence.contains(words), "\(findings[0].sentence)")
}

@Test(arguments: [
  (CertificateFault.expired, "refuse the certificate of meet.example: it has expired. Renew it"),
  (.wrongName, "it is for another name. Give one for meet.example"),
  (.unknownAuthority, "has signed it (words). Give --tls-cert all between"),
  (.notYetValid, "not valid yet"), (.other, "meet.example: words. Give another"),
])
func `a certificate that is refused is a fault, and the rest is told as examined without trust`(
  fault: CertificateFault, words: String
) throws {
  var distrusted = try examination("meet.example")
  distrusted.certificateLasts = 40 * 86_400
  distrusted.distrust = .init(fault: fault, words: "words")
  let findings = distrusted.findings
  #expect(findings.map(\.id) == ["web", "certificate", "trust", "clock", "udp"])
  #expect(findings[1].level == .bad && findings[1].sentence.contains(words), "\(findings[1])")
  #expect(findings[2].level == .none && findings[2].sentence.contains("without trust"))
  // Where nothing more is found out, nothing was examined.
  distrusted.web = .stranger(502)
  #expect(distrusted.findings.map(\.id) == ["certificate", "web"])
}

@Test func `who has an authority of its own is told how people come to trust it`() throws {
  var own = try examination("meet.example:8443")
  own.distrust = .init(fault: .unknownAuthority, words: "self-signed", hasOwnAuthority: true)
  let finding = try #require(own.findings.first { $0.id == "certificate" })
  #expect(finding.level == .bad)
  for words in ["warn of", "https://meet.example:8443/ca.crt", "--ca FILE", "--domain"] {
    #expect(finding.sentence.contains(words), "\(finding.sentence)")
  }
}

@Test func `an AAAA record that leads nowhere is told where the A record does not`() throws {
  var half = try examination()
  half.visits = [v4, try v6(.closed)]
  let finding = try #require(half.findings.first)
  #expect(finding.id == "dns" && finding.level == .warning)
  #expect(finding.sentence.contains("AAAA record of meet.example (2001:db8::7) leads nowhere"))
  #expect(finding.rules.first?.text == "sudo ufw allow 443/tcp")
  // A network without IPv6 says nothing about it.
  half.visits = [v4, try v6(.untried)]
  #expect(half.findings.prefix(3).map(\.level) == [.good, .none, .good])
  half.visits = [try v6(.reached), Examination.Visit(ip: v4.ip, outcome: .closed)]
  #expect(
    half.findings[0].sentence.contains("The A record of meet.example (5.9.0.7) leads nowhere"))
}

@Test(arguments: [
  (Int64(14 * 86_400), DoctorFinding.Level.good, "expires in 14 days."),
  (14 * 86_400 - 1, .warning, "it expires in 13 days: renew it"),
  (86_400, .warning, "it expires in 1 day: renew it"), (-5, .warning, "it expires in 0 days"),
])
func `a certificate that should have been renewed is told two weeks ahead`(
  seconds: Int64, level: DoctorFinding.Level, words: String
) throws {
  var aging = try examination()
  aging.certificateLasts = seconds
  let finding = try #require(aging.findings.first { $0.id == "certificate" })
  #expect(finding.level == level && finding.sentence.contains(words), "\(finding.sentence)")
}

@Test(arguments: [
  (Examination.WebSocket.refused(400), "(400): a proxy before the server has to pass on Upgrade"),
  (.refused(403), "or https://meet.example has to be named by --allow-origin"),
  (.silent("nothing came"), "(nothing came): a proxy before"),
])
func `a WebSocket that a proxy stops is bad`(
  webSocket: Examination.WebSocket, words: String
) throws {
  var stopped = try examination()
  stopped.webSocket = webSocket
  let finding = try #require(stopped.findings.first { $0.id == "websocket" })
  #expect(finding.level == .bad && finding.sentence.contains(words), "\(finding.sentence)")
}

@Test func `a closed UDP port comes with the rule for each kind of firewall`() throws {
  let finding = try #require(try examination(ways: [closedUDP]).findings.last)
  #expect(finding.level == .bad)
  #expect(finding.sentence == "UDP port 7880 of 5.9.0.7, 10.0.0.7 is closed from here.")
  #expect(
    finding.rules.map(\.text) == [
      "sudo ufw allow 7880/udp", "sudo nft add rule inet filter input udp dport 7880 accept",
      "let in UDP 7880 from 0.0.0.0/0 and ::/0",
      "forward UDP 7880 to UDP 7880 of the server in its network",
    ])
}

@Test(arguments: [
  (DoctorWay.tcp, "TCP port 443 of 5.9.0.7 is closed for media from here.", "443/tcp"),
  (.relayUDP, "The relay cannot be used over UDP port 443 from here.", "443/udp"),
  (.relayTCP, "The relay cannot be used over TCP port 443 from here.", "443/tcp"),
  (.relayTLS, "The relay cannot be used over TLS on TCP port 443 from here.", "443/tcp"),
])
func `a closed detour is a weakness where another way is open, and bad where none is`(
  way: DoctorWay, sentence: String, rule: String
) throws {
  let closed = WayTest.Result(way: way, state: .closed, hosts: ["5.9.0.7"], ports: [443])
  let weak = try #require(try examination(ways: [openUDP, closed]).findings.last)
  #expect(weak.level == .warning && weak.sentence == sentence)
  #expect(weak.rules.first?.text == "sudo ufw allow \(rule)")
  #expect(
    try examination(ways: [closedUDP, closed]).findings.suffix(2).allSatisfy { $0.level == .bad })
}

@Test func `a way that is open, not offered or refused is told as that`() throws {
  func finding(_ way: DoctorWay, _ state: WayTest.Result.State) throws -> DoctorFinding {
    let result = WayTest.Result(way: way, state: state, ports: [443])
    return try #require(try examination(ways: [result]).findings.last)
  }
  let open = try finding(.relayTLS, .open(milliseconds: 40, address: nil))
  #expect(open.level == .good)
  #expect(open.sentence == "The relay over TLS works: TCP port 443 is open (40 ms).")
  #expect(try finding(.tcp, .absent).level == .none)
  #expect(
    try finding(.relayUDP, .absent).sentence == "The server does not offer the relay over UDP.")
  #expect(try finding(.udp, .absent).level == .bad)
  let stranded = try finding(.relayTCP, .stranded)
  #expect(stranded.sentence.hasPrefix("The relay over TCP answers, but does not reach"))
  #expect(stranded.rules.first?.text == "sudo ufw allow in on lo")
  let refused = try finding(.relayTCP, .refused("401 Unauthorized"))
  #expect(refused.sentence == "The relay over TCP could not be tried: 401 Unauthorized.")
  #expect(refused.rules.isEmpty)
}

@Test(arguments: [
  (399_999, DoctorFinding.Level.bad, "0.4 Mbit/s up and 50.0 Mbit/s down: voices will do"),
  (1_499_999, .warning, "1.5 Mbit/s up and 50.0 Mbit/s down: enough for voices and a few"),
  (1_500_000, .good, "1.5 Mbit/s up and 50.0 Mbit/s down."),
])
func `the weaker direction says what the way is good for`(
  up: Int, level: DoctorFinding.Level, words: String
) throws {
  var measured = try examination()
  measured.throughput = .init(up: up, down: 50_000_000, roundTrip: 301)
  let findings = measured.findings.suffix(2)
  #expect(findings.first?.level == level)
  #expect(findings.first?.sentence.contains(words) == true, "\(findings)")
  #expect(findings.last?.level == .warning)
  measured.throughput = .init()
  #expect(measured.findings.last?.level == DoctorFinding.Level.none)
  measured.throughput = .init(isLater: true)
  let later = measured.findings.last
  #expect(later?.level == DoctorFinding.Level.none)
  #expect(
    later?.sentence.hasSuffix("others measure theirs at the moment. Come again in a minute.")
      == true)
}

@Test(arguments: [
  (Int64(60_000), DoctorFinding.Level.good, "agree"), (61_000, .warning, "61 s ahead of"),
  (-3_600_000, .warning, "3600 s behind"),
])
func `clocks that differ by more than a minute are told apart`(
  skew: Int64, level: DoctorFinding.Level, words: String
) throws {
  let clock = try #require(try examination(skew: skew).findings.first { $0.id == "clock" })
  #expect(clock.level == level && clock.sentence.contains(words))
}

private func trial(
  _ way: DoctorWay, _ family: IPAddress.Family, _ outcome: FamilyTrial.Outcome
) throws -> FamilyTrial {
  FamilyTrial(
    way: way, family: family, outcome: outcome,
    addresses: [family == .v4 ? v4.ip : try #require(IPAddress("2001:db8::7"))], ports: [7880])
}

@Test(arguments: [
  (DoctorWay.udp, "UDP port 7880 of 2001:db8::7 is closed over IPv6 and open over IPv4: who has"),
  (.tcp, "TCP port 7880 of 2001:db8::7 for media is closed over IPv6 and open over IPv4"),
  (.relayUDP, "The relay at UDP port 7880 of 2001:db8::7 is closed over IPv6 and open over IPv4"),
  (.relayTCP, "The relay at TCP port 7880 of 2001:db8::7 is closed over IPv6"),
  (.relayTLS, "The relay by TLS at TCP port 7880 of 2001:db8::7 is closed over IPv6"),
])
func `a way that works over one family and not over the other gets its line`(
  way: DoctorWay, words: String
) throws {
  let open = WayTest.Result(
    way: way, state: .open(milliseconds: 12, address: nil), hosts: [], ports: [7880])
  var half = try examination(ways: [open])
  half.trials = [try trial(way, .v4, .open), try trial(way, .v6, .closed)]
  let findings = half.findings.suffix(2)
  #expect(findings.map(\.id) == [way.rawValue, "\(way.rawValue)-ipv6"])
  let line = try #require(findings.last)
  #expect(line.level == .warning && line.sentence.hasPrefix(words), "\(line.sentence)")
  #expect(
    line.rules.map(\.text).suffix(2) == [
      "let in \(way.transport.uppercased()) 7880 from ::/0",
      "let \(way.transport.uppercased()) 7880 in to 2001:db8::7: nothing is forwarded over IPv6",
    ])
  half.trials = [try trial(way, .v4, .closed), try trial(way, .v6, .open)]
  let other = try #require(half.findings.last)
  #expect(other.id == "\(way.rawValue)-ipv4")
  #expect(other.sentence.contains("of 5.9.0.7"))
  #expect(other.sentence.contains("is closed over IPv4 and open over IPv6"))
  #expect(other.rules.last?.text.hasPrefix("forward") == true)
}

@Test func `a way that works over both families is told as that, one that was not tried once`()
  throws
{
  var both = try examination(ways: [openUDP])
  both.trials = [try trial(.udp, .v4, .open), try trial(.udp, .v6, .open)]
  #expect(
    both.findings.last?.sentence == "UDP port 7880 of 5.9.0.7 is open over IPv4 and IPv6 (12 ms).")
  both.trials = try [DoctorWay.udp, .tcp].flatMap {
    [try trial($0, .v4, .open), try trial($0, .v6, .untried)]
  }
  #expect(both.findings.suffix(2).map(\.id) == ["udp", "ipv6"])
  #expect(both.findings.last?.level == DoctorFinding.Level.none)
  // What closes meanwhile is no matter of families.
  both.trials = [try trial(.udp, .v4, .closed), try trial(.udp, .v6, .closed)]
  #expect(both.findings.last?.id == "udp")
  both.trials = [try trial(.udp, .v4, .open), try trial(.udp, .v6, .refused("busy"))]
  #expect(
    both.findings.last?.sentence
      == "UDP port 7880 of 2001:db8::7 could not be tried over IPv6: busy.")
}

@Test(arguments: [
  (["5.9.0.7", "2a01:4f8::7"], ["5.9.0.7", "2a01:4f8::7"]),
  (["5.9.0.7", "10.0.0.7", "2a01:4f8::7"], ["5.9.0.7", "2a01:4f8::7"]),
  (["10.0.0.7", "fd00::7"], ["10.0.0.7", "fd00::7"]), (["5.9.0.7", "fd00::7"], ["5.9.0.7"]),
  (["5.9.0.7", "fe80::7"], ["5.9.0.7"]), (["5.9.0.7"], ["5.9.0.7"]),
])
func `families count by addresses that people elsewhere come by`(
  all: [String], expected: [String]
) throws {
  let ips = all.compactMap { IPAddress($0) }
  let chosen = FamilyTrial.addresses(of: ips, visits: [v4])
  #expect(Set(chosen.values.joined()) == Set(expected.compactMap { IPAddress($0) }))
  // Unless they come to the page over that family.
  let visited = FamilyTrial.addresses(of: ips, visits: [try v6(.reached)])
  #expect(
    visited.keys.contains(.v6) == all.contains { $0.hasPrefix("fd00") || $0.hasPrefix("2a01") })
}

@Test func `plain HTTP elsewhere is bad, on this machine it is not`() throws {
  #expect(
    try examination("http://meet.example").findings.contains {
      $0.id == "certificate" && $0.level == .bad
    })
  #expect(try !examination("localhost").findings.contains { $0.id == "certificate" })
}

@Test func `relays and candidates are cut down to one way`() {
  let server = ICEServerDescription(
    urls: [
      "turn:h:7880?transport=udp", "turn:h", "turn:h:80?transport=tcp",
      "turns:[2001:db8::1]:443?transport=tcp",
    ], username: "u", credential: "p")
  #expect(DoctorWay.relayUDP.relays(among: [server]).flatMap(\.urls).count == 2)
  #expect(DoctorWay.relayTCP.relays(among: [server]).flatMap(\.urls) == ["turn:h:80?transport=tcp"])
  let secured = DoctorWay.relayTLS.relays(among: [server])
  #expect(secured.first?.username == "u" && secured.first?.urls.count == 1)
  #expect(DoctorWay.udp.relays(among: [server]).isEmpty)
  #expect(server.urls.map(DoctorWay.port) == [7880, 3478, 80, 443])
  #expect(DoctorWay.port(of: "turns:h") == 5349 && DoctorWay.port(of: "turn:[::1]") == 3478)

  let sdp =
    "v=0\r\na=candidate:1 1 UDP 1 192.0.2.1 7880 typ host\r\n"
    + "a=candidate:2 1 tcp 1 192.0.2.1 443 typ host tcptype passive\r\na=candidate:odd\r\na=end\r\n"
  let udp = DoctorCandidates(sdp, of: "udp")
  #expect(udp.sdp == "v=0\r\na=candidate:1 1 UDP 1 192.0.2.1 7880 typ host\r\na=end\r\n")
  #expect(udp.addresses.map(\.port) == [7880])
  #expect(DoctorCandidates(sdp, of: "tcp").addresses.map(\.port) == [443])
  #expect(DoctorCandidates(sdp, of: nil).sdp == "v=0\r\na=end\r\n")
  #expect(DoctorCandidates(sdp, of: "udp", in: .v4).addresses.map(\.port) == [7880])
  #expect(DoctorCandidates(sdp, of: "udp", in: .v6).addresses.isEmpty)
  #expect(server.urls.map(DoctorWay.host) == ["h", "h", "h", "2001:db8::1"])
}

@Test func `a rate counts from when the beginning is over`() {
  let start = Instant.zero + .seconds(100)
  var tally = Tally(at: start, warmUp: .seconds(1))
  #expect(tally.rate == nil)
  tally.note(100_000, at: start + .milliseconds(500))
  #expect(tally.rate == 1_600_000)
  tally.note(200_000, at: start + .seconds(1))
  tally.note(1_200_000, at: start + .seconds(2))
  #expect(tally.rate == 8_000_000)
  // What is told falls back for nobody.
  tally.note(-1, at: start + .seconds(3))
  #expect(tally.rate == 4_000_000 && tally.elapsed == .seconds(3))
  var hostile = Tally(at: start, warmUp: .zero)
  hostile.note(.max, at: start + .seconds(1))
  #expect(hostile.rate == nil)
}

@Test func `nothing that a server says steers the terminal of who examines it`() {
  let finding = DoctorFinding(
    "udp", .bad,
    "of \u{1B}[2J\u{9B}1m192.0.2.1\r\n[+] all is well" + String(repeating: "x", count: 5_000))
  #expect(finding.sentence.hasPrefix("of  [2J 1m192.0.2.1  [+] all is well"))
  #expect(finding.sentence.unicodeScalars.count == 1_000)
}
