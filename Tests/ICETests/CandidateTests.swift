import ICE
import Testing
import Wire

@Test(arguments: [
  "candidate:1 1 udp 2130706431 203.0.113.141 8998 typ host",
  "candidate:2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998",
  "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.7 rport 46154",
  "candidate:4 1 tcp 1518214911 10.0.0.7 9 typ host tcptype active",
  "candidate:5 2 udp 5 2001:db8::1 1 typ relay raddr 192.0.2.1 rport 9 ufrag abcd",
])
func `candidates are printed as they were read`(line: String) throws {
  let candidate = try #require(ICECandidate(parsing: line))
  #expect(candidate.description == line)
  #expect(ICECandidate(parsing: "a=" + line) == candidate)
  #expect(ICECandidate(parsing: line.dropFirst("candidate:".count)) == candidate)
}

@Test func `what browsers add is read over`() throws {
  let line =
    "candidate:3933411 1 UDP 2122260223 192.168.1.5 54321 typ host generation 0 ufrag EsAw "
    + "network-id 1 network-cost 10"
  let candidate = try #require(ICECandidate(parsing: line))
  #expect(candidate.kind == .host && candidate.transport == .udp)
  #expect(candidate.address.description == "192.168.1.5:54321")
  #expect(candidate.usernameFragment == "EsAw")
  #expect(candidate.relatedAddress == nil)
}

@Test(arguments: [
  "candidate:1 1 udp 2113937151 3f2b1c8e-1111-2222-3333-abcdef012345.local 51472 typ host",
  "candidate:1 1 udp 2113937151 turn.example.org 51472 typ relay raddr 0.0.0.0 rport 0",
])
func `a name is no error and no candidate`(line: String) throws {
  guard case .unresolvable = try ICECandidate.parse(line) else {
    Issue.record("not a name: \(line)")
    return
  }
  #expect(ICECandidate(parsing: line) == nil)
}

@Test(arguments: [
  ("candidate:1 1 udp 1 0.0.0.0 5 typ host", ICECandidateError.unusableAddress),
  ("candidate:1 1 udp 1 224.0.0.5 5 typ host", .unusableAddress),
  ("candidate:1 1 udp 1 192.0.2.1 0 typ host", .unusableAddress),
  ("candidate:1 1 udp 1 ff02::1 5 typ host", .unusableAddress),
  ("candidate:1 1 ssltcp 1 192.0.2.1 5 typ host", .unsupportedTransport),
  ("candidate:1 1 sctp 1 192.0.2.1 5 typ host", .unsupportedTransport),
  ("", .malformed), ("candidate:", .malformed), ("candidate:1 1 udp 1", .malformed),
  ("candidate:1 0 udp 1 192.0.2.1 5 typ host", .malformed),
  ("candidate:1 257 udp 1 192.0.2.1 5 typ host", .malformed),
  ("candidate:1 -1 udp 1 192.0.2.1 5 typ host", .malformed),
  ("candidate:1 1 udp 4294967296 192.0.2.1 5 typ host", .malformed),
  ("candidate:1 1 udp -1 192.0.2.1 5 typ host", .malformed),
  ("candidate:1 1 udp 1 192.0.2.1 65536 typ host", .malformed),
  ("candidate:1 1 udp 1 192.0.2.256 5 typ host", .malformed),
  ("candidate:1 1 udp 1 1.2.3 5 typ host", .malformed),
  ("candidate:1 1 udp 1 a/b 5 typ host", .malformed),
  ("candidate:1 1 udp 1 192.0.2.1 5 typ unknown", .malformed),
  ("candidate:1 1 udp 1 192.0.2.1 5 type host", .malformed),
  ("candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 5 typ host", .malformed),
])
func `what is wrong with a candidate is told`(line: String, error: ICECandidateError) {
  #expect(throws: error) { _ = try ICECandidate.parse(line) }
}

@Test func `a candidate cut at any length and one of a megabyte do not trap`() {
  let line = "candidate:2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998"
  for count in 0..<line.count { _ = try? ICECandidate.parse(line.prefix(count)) }
  let bomb = line + String(repeating: " a b", count: 250_000)
  #expect(throws: ICECandidateError.malformed) { _ = try ICECandidate.parse(bomb) }
}

@Test func `an address hidden in IPv6 is what it is`() throws {
  let line = "candidate:1 1 udp 1 ::ffff:192.0.2.1 5 typ host"
  #expect(ICECandidate(parsing: line)?.address.ip == IPAddress(192, 0, 2, 1))
}

@Test func `priorities follow the recommended formula`() {
  // 2²⁴·126 + 2⁸·65535 + 255 is what every browser gives its first host candidate.
  #expect(
    ICECandidate.priority(kind: .host, localPreference: 65_535, component: 1) == 2_130_706_431)
  #expect(
    ICECandidate.priority(kind: .serverReflexive, localPreference: 65_535, component: 2)
      == 1_694_498_814)
  #expect(ICECandidate.priority(kind: .relayed, localPreference: 0, component: -5) == 255)
  #expect(ICECandidate.priority(kind: .relayed, localPreference: 0, component: .max) == 0)
}

@Test func `credentials have the right lengths and characters`() {
  var random = RandomSource.seeded(1)
  let credentials = ICECredentials.random(using: &random)
  #expect(credentials.usernameFragment.utf8.count == 8)
  #expect(credentials.password.utf8.count == 24)
  #expect(credentials != .random(using: &random))
  let password = String(repeating: "p", count: 22)
  #expect(ICECredentials(usernameFragment: "abcd", password: password) != nil)
  for (fragment, password) in [
    ("abc", password), ("abcd", "short"), ("ab:d", password), ("abc\u{e9}", password),
    (String(repeating: "x", count: 257), password),
    ("abcd", String(repeating: "x", count: 257)), ("ab d", password), ("ab\r\n", password),
  ] {
    #expect(ICECredentials(usernameFragment: fragment, password: password) == nil)
  }
}
