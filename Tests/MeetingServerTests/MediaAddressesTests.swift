import Testing
import Wire

@testable import MeetingServer

private let home = IPAddress(10, 0, 0, 2)
private let outside = IPAddress(5, 9, 0, 7)
private let other = IPAddress(5, 9, 0, 8)
private let six = IPAddress(v6High: 0x2a0c << 48, low: 7)

private func findings(
  own: [IPAddress] = [home], advertised: [IPAddress] = [], seen: [IPAddress] = [],
  named: [IPAddress] = [], witnessed: [IPAddress] = []
) -> AddressFindings {
  AddressFindings(
    own: own, isContainer: false,
    advertised: advertised.map { TransportAddress(ip: $0, port: 0) }, ports: "7880",
    answer: seen.isEmpty
      ? .notAsked : .seen(seen.map { TransportAddress(ip: $0, port: 7880) }, port: 7880),
    named: named, witnessed: witnessed)
}

@Suite struct MediaAddressesTests {
  @Test(arguments: [
    (findings(witnessed: [outside]), [outside], "nothing else is known"),
    (findings(named: [outside], witnessed: [outside]), [outside], "two say the same"),
    (findings(seen: [other], witnessed: [outside]), [], "a STUN server knows better"),
    (findings(advertised: [other], witnessed: [outside]), [], "somebody has said it"),
    (findings(own: [other], named: [outside], witnessed: [outside]), [], "the machine has one"),
    (findings(own: [other, home], witnessed: [six]), [six], "of the other family"),
    (findings(seen: [six], named: [six, outside]), [outside], "each family by itself"),
    (findings(named: [home]), [], "a name that leads into the private network"),
  ])
  func `what people and names say is told only where nothing better is known`(
    findings: AddressFindings, likely: [IPAddress], why: String
  ) {
    #expect(findings.likely == likely, "\(why)")
    if let ip = likely.first {
      #expect(!findings.found.contains(ip))
    }
  }

  @Test
  func `a server that falls silent leaves what it has said, and one that answers replaces it`() {
    var known = findings()
    known.take([], servers: "a, b", port: 7880)
    #expect(known.answer == .silent(servers: "a, b"))
    known.take([TransportAddress(ip: outside, port: 7880)], servers: "a, b", port: 7880)
    known.take([TransportAddress(ip: six, port: 7880)], servers: "a, b", port: 7880)
    #expect(known.found == [outside, six])
    known.take([], servers: "a, b", port: 7880)
    #expect(known.found == [outside, six])
    known.take([TransportAddress(ip: other, port: 7880)], servers: "a, b", port: 7880)
    #expect(known.found == [other, six])
  }

  @Test func `a change is said with what is new, what is gone, and what follows`() {
    let before = findings(seen: [outside])
    let change = findings(seen: [other]).change(since: before)
    #expect(
      change?.contains(
        "5.9.0.8 is new (a STUN server sees this machine there), 5.9.0.7 is gone. Who joins from "
          + "now on is told 5.9.0.8, 10.0.0.2") == true, "\(change ?? "")")
    #expect(before.change(since: before) == nil)
    let seen = findings(witnessed: [outside]).change(since: findings())
    #expect(seen?.contains("--advertise 5.9.0.7") == true, "\(seen ?? "")")
    // What is known already by a better source is no news.
    #expect(
      findings(own: [outside], witnessed: [other]).change(since: findings(own: [outside])) == nil)
  }

  @Test func `the best comes first, and a relay goes by what this machine vouches for alone`()
    throws
  {
    var addresses = try MediaAddresses(MediaConfiguration(host: home))
    addresses.found = [outside]
    addresses.likely = [other]
    #expect(addresses.all(port: 7).map(\.ip) == [outside, home, other])
    #expect(addresses.vouched(port: 7).map(\.ip) == [outside, home])
    #expect(addresses.all(port: 7).allSatisfy { $0.port == 7 })
    addresses.own = (0..<40).map { IPAddress(10, 0, 1, $0) }
    #expect(addresses.all(port: 7).count == MediaAddresses.limit)
    let said = try MediaAddresses(
      MediaConfiguration(host: home, advertised: [TransportAddress(ip: outside, port: 9)]))
    #expect(said.all(port: 7) == [TransportAddress(ip: outside, port: 9)])
  }

  @Test
  func
    `clients reach the relay where it was said, else where it was found, else by the page's name`()
    throws
  {
    var configuration = ServerConfiguration()
    var addresses = try MediaAddresses(MediaConfiguration(host: home))
    addresses.likely = [other]
    #expect(configuration.relayPlace(addresses) == nil)
    configuration.udpHost = home
    #expect(configuration.relayPlace(addresses)?.ip == home)
    addresses.found = [outside]
    let place = RelayPlace(configuration.relayPlace(addresses))
    #expect(place.address == TransportAddress(ip: outside, port: 0))
    configuration.advertised = [TransportAddress(ip: six, port: 9)]
    place.address = configuration.relayPlace(addresses)
    #expect(place.address == TransportAddress(ip: six, port: 9))
  }

  @Test(arguments: [
    ("5.9.0.7", outside, nil), ("5.9.0.7:8080", outside, 8080), ("[2a0c::7]", six, nil),
    ("[2a0c::7]:443", six, 443),
  ])
  func `a Host field with an address says by which the client came`(
    host: String, ip: IPAddress, port: UInt16?
  ) throws {
    let reached = try #require(ReachedAddress(host: host))
    #expect(reached.ip == ip && reached.port == port)
  }

  @Test(arguments: [
    "", "localhost", "meet.example.org", "meet.example.org:80", "5.9.0.7:0", "5.9.0.7:65536",
    "5.9.0", "2a0c::7", "[5.9.0.7]", "[2a0c::7", "[]", "[", "5.9.0.7\r\na=candidate:1", " 5.9.0.7",
  ])
  func `a Host field with a name or with nonsense says nothing`(host: String) {
    #expect(ReachedAddress(host: host) == nil)
  }
}

@Suite struct WorkerAddressTests {
  private static let offer =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    + "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    + "a=fingerprint:sha-256 \(Array(repeating: "AB", count: 32).joined(separator: ":"))\r\n"
    + "a=setup:actpass\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=sendonly\r\n"

  private func withPlane(
    workers: Int = 1, _ body: (WorkerMediaPlane) async throws -> Void
  ) async throws {
    let plane = try await WorkerMediaPlane(
      MediaConfiguration(host: IPAddress(127, 0, 0, 1), port: 0, workerCount: workers))
    do { try await body(plane) } catch {
      await plane.stop()
      throw error
    }
    await plane.stop()
  }

  /// Addresses and ports of an answer's candidates: `udp 5.9.0.7:7880`.
  private func join(
    _ plane: WorkerMediaPlane, as number: UInt64, host: String? = nil
  ) async throws -> [String] {
    let answer = try await plane.connect(
      MediaPeerID(rawValue: number), in: MediaRoomID(rawValue: 1),
      offer: MediaOffer(sdp: Self.offer, reached: host.flatMap(ReachedAddress.init(host:))))
    return answer.split(separator: "\r\n").filter { $0.hasPrefix("a=candidate:") }.map {
      let words = $0.split(separator: " ")
      return "\(words[2]) \(words[4]):\(words[5])"
    }
  }

  @Test func `who joins after a change is told of it, at the port of media and of the web server`()
    async throws
  {
    try await withPlane { plane in
      await plane.offerStreams(port: 80) { $0 == home }
      var addresses = await plane.mediaAddresses
      addresses.own = [home]
      await plane.setAddresses(addresses)
      let before = try await join(plane, as: 1)
      #expect(before == ["udp \(home):\(plane.port)", "tcp \(home):80"])
      addresses.found = [outside]
      addresses.likely = [six]
      await plane.setAddresses(addresses)
      // What stands for the machine leads to where it listens: not over IPv6.
      let after = try await join(plane, as: 2)
      #expect(
        after == [
          "udp \(outside):\(plane.port)", "udp \(home):\(plane.port)", "udp \(six):\(plane.port)",
          "tcp \(outside):80", "tcp \(home):80",
        ])
      #expect(await plane.addresses.map(\.ip) == [outside, home, six])
    }
  }

  @Test func `an address by which a client came is told to that client alone`() async throws {
    try await withPlane { plane in
      await plane.offerStreams(port: 80) { _ in true }
      var addresses = await plane.mediaAddresses
      addresses.own = [home]
      await plane.setAddresses(addresses)
      let usual = ["udp \(home):\(plane.port)", "tcp \(home):80"]
      let extra = ["udp \(outside):\(plane.port)", "tcp \(outside):8080"]
      let itself = try await join(plane, as: 1, host: "5.9.0.7:8080")
      #expect(itself == usual + extra)
      let others = try await join(plane, as: 2)
      #expect(others == usual)
      for useless in ["10.0.0.2:80", "127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.0.1"] {
        let told = try await join(plane, as: 3, host: useless)
        #expect(told == usual, "\(useless)")
        await plane.disconnect(MediaPeerID(rawValue: 3))
      }
      addresses.advertised = [TransportAddress(ip: other, port: 0)]
      await plane.setAddresses(addresses)
      let told = try await join(plane, as: 4, host: "5.9.0.7")
      #expect(!told.contains { $0.contains("5.9.0.7:") })
    }
  }

  @Test func `media for this machine alone is told to nobody by another address`() async throws {
    try await withPlane { plane in
      let told = try await join(plane, as: 1, host: "5.9.0.7")
      #expect(told == ["udp 127.0.0.1:\(plane.port)"])
    }
  }

  @Test func `STUN servers are asked by the port of media, whichever worker reads the answer`()
    async throws
  {
    try await withPlane(workers: 3) { plane in
      for _ in 0..<6 {
        var configuration = ServerConfiguration()
        configuration.host = IPAddress(127, 0, 0, 1)
        configuration.relay.port = 0
        let stun = try await StandaloneRelay(configuration) { _ in }
        var seen = await plane.ask(stun.udp)
        // An answer is waited for three seconds, in which a busy machine may do something else.
        for _ in 0..<3 where seen.isEmpty { seen = await plane.ask(stun.udp) }
        await stun.stop()
        #expect(seen == [TransportAddress(ip: IPAddress(127, 0, 0, 1), port: plane.port)])
      }
    }
  }

  @Test func `a plane that ends keeps nobody waiting for an answer`() async throws {
    try await withPlane { plane in
      // Nobody answers at the discard port.
      async let seen = plane.ask([TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 9)])
      let again = await plane.ask([])
      plane.stopAsking()
      #expect(await seen == [] && again == [])
    }
  }
}
