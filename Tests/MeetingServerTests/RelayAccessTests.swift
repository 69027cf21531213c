import Signaling
import Synchronization
import Testing
import Wire

@testable import MeetingServer

/// A relay that remembers whom it was asked for.
final class RecordingRelay: RelayAccess {
  private let record = Mutex((asked: [String](), revoked: [String](), lifetimes: [Duration]()))

  var asked: [String] { record.withLock { $0.asked } }
  var revoked: [String] { record.withLock { $0.revoked } }
  var lifetimes: [Duration] { record.withLock { $0.lifetimes } }

  func servers(
    for name: String, reachedAt host: String?, lasting lifetime: Duration
  ) -> ICEServerDescription {
    let count = record.withLock {
      $0.asked.append(name)
      $0.lifetimes.append(lifetime)
      return $0.asked.count
    }
    return ICEServerDescription(
      urls: ["turn:\(host ?? "nowhere"):7880"], username: "\(count):\(name)", credential: "c")
  }

  /// What it tells of every address.
  let transport: Path.Transport?
  let udpPort: UInt16

  init(lendsTo transport: Path.Transport? = nil, udpPort: UInt16 = 7880) {
    self.transport = transport
    self.udpPort = udpPort
  }

  func transports(
    relayingAt addresses: [TransportAddress]
  ) async -> [TransportAddress: Path.Transport] {
    Dictionary(
      uniqueKeysWithValues: addresses.compactMap { address in transport.map { (address, $0) } })
  }

  func revoke(_ username: String) async { record.withLock { $0.revoked.append(username) } }

  var metrics: [MetricFamily] { [] }
}

struct RelayAccessTests {
  @Test func `everybody who joins may use the relay by a name of their own until they leave`()
    async throws
  {
    let relay = RecordingRelay()
    let stage = Stage(relay: relay)
    let ana = try await stage.joined("Ana", sdp: "a")
    let budi = try await stage.joined("Budi", room: "coffee")
    let servers = [ana, budi].compactMap { $0.joined?.iceServers.first }
    #expect(servers.map(\.urls) == [["turn:nowhere:7880"], ["turn:nowhere:7880"]])
    #expect(relay.lifetimes == [.seconds(86_400), .seconds(86_400)])
    #expect(relay.asked.count == 2 && Set(relay.asked).count == 2)
    #expect(relay.asked.first?.hasPrefix("\(ana.id).") == true)
    #expect(relay.revoked == [])
    await ana.say(.leave)
    #expect(relay.revoked == [servers.first?.username])
  }

  @Test
  func
    `new credentials come when half the time of the last is over, and all end with the participant`()
    async throws
  {
    let relay = RecordingRelay()
    let stage = Stage(relay: relay) { $0.relayCredentialLifetime = .seconds(3_600) }
    let ana = try await stage.joined("Ana", sdp: "a")
    var told = ana.joined?.iceServers ?? []
    await stage.advance(.milliseconds(1_799_999))
    #expect(try ana.heard() == [])
    for _ in 0..<3 {
      await stage.advance(.milliseconds(1))
      let heard = try ana.heard()
      guard case .iceServers(let servers) = heard.first, heard.count == 1 else {
        Issue.record("heard \(heard)")
        return
      }
      told += servers
      await stage.advance(.milliseconds(1_799_999))
    }
    #expect(Set(told.map(\.username)).count == 4 && Set(relay.asked).count == 1)
    await ana.say(.leave)
    #expect(relay.revoked == told.suffix(2).map(\.username))
  }

  @Test func `who is away when credentials are due, or missed them, hears of new ones on return`()
    async throws
  {
    let relay = RecordingRelay()
    let stage = Stage(relay: relay) { limits in
      limits.relayCredentialLifetime = .seconds(60)
      limits.signaling.repeatedMessages = 1
    }
    let ana = try await stage.joined("Ana", sdp: "a")
    await ana.close()
    await stage.advance(.seconds(31))
    #expect(relay.asked.count == 1)
    let back = await stage.client()
    await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 1)))
    _ = try back.heard()
    await stage.advance(.milliseconds(1))
    #expect(try back.heard().map(\.type) == ["ice-servers"])
    // As if it had been lost on the way, and others after it.
    for name in ["Budi", "Citra"] { _ = try await stage.joined(name) }
    await back.close()
    let again = await stage.client()
    await again.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 1)))
    _ = try again.heard()
    await stage.advance(.milliseconds(1))
    #expect(try again.heard().map(\.type) == ["ice-servers"])
  }

  @Test func `without a relay there are no servers`() async throws {
    let ana = try await Stage().joined("Ana", sdp: "a")
    #expect(ana.joined?.iceServers == [])
  }

  @Test(arguments: [
    ("meet.example.org", "meet.example.org"), ("meet.example.org:8443", "meet.example.org"),
    ("127.0.0.1:8080", "127.0.0.1"), ("[2001:db8::7]:8080", "[2001:db8::7]"), ("[::1]", "[::1]"),
    ("", nil), ("a b", nil), ("x?transport=tcp", nil), ("turn@evil", nil), ("[::1", nil),
    ("[evil]:1", nil), ("2001:db8::7", nil), (String(repeating: "a", count: 254), nil),
  ])
  func `a relay is named as the web server was, if that is a name`(host: String, name: String?) {
    #expect(MeetingRelay.name(inHost: host) == name)
  }

  @Test(arguments: [
    ("meet.example.org", "turns:meet.example.org:443", "turn:meet.example.org:80"),
    ("meet.example.org:8443", "turns:meet.example.org:8443", "turn:meet.example.org:8443"),
    ("[2001:DB8:0::7]:99", "turns:[2001:db8::7]:99", "turn:[2001:db8::7]:99"),
    ("[::1]", "turns:[::1]:443", "turn:[::1]:80"), ("x:", nil, nil), ("x:99999", nil, nil),
    ("x?y:1", nil, nil),
  ])
  func `a relay is reached by the port of the page`(host: String, tls: String?, plain: String?) {
    for (isSecure, expected) in [(true, tls), (false, plain)] {
      let port = MeetingRelay.WebPort(isSecure: isSecure)
      #expect(port.url(reachedAs: host) == expected.map { $0 + "?transport=tcp" })
    }
    let other = MeetingRelay.WebPort(isSecure: true, number: 7)
    #expect(other.url(reachedAs: "x:8443") == "turns:x:7?transport=tcp")
  }

  @Test func `over TCP clients are told of where the web server listens, or of what was set`() {
    var configuration = ServerConfiguration()
    #expect(configuration.offeredStreamPort(listening: 80) == 80)
    #expect(configuration.relayWebPort == .init(isSecure: false))
    let (four, six) = (IPAddress(192, 0, 2, 1), IPAddress(v6High: 1 << 61, low: 1))
    #expect(configuration.offersStreams(at: four) && !configuration.offersStreams(at: six))
    configuration.host = IPAddress(v6High: 0, low: 0)
    #expect(configuration.offersStreams(at: four) && configuration.offersStreams(at: six))
    configuration.host = IPAddress(127, 0, 0, 1)
    configuration.advertised = [TransportAddress(ip: four, port: 0)]
    #expect(!configuration.offersStreams(at: four) && configuration.relayWebPort == nil)
    configuration.tcpPort = 443
    #expect(configuration.offersStreams(at: four) && configuration.offersStreams(at: six))
    #expect(configuration.offeredStreamPort(listening: 80) == 443)
    #expect(configuration.relayWebPort == .init(isSecure: false, number: 443))
    configuration.tcpPort = 0
    #expect(configuration.offeredStreamPort(listening: 80) == nil)
    #expect(configuration.relayWebPort == nil)
    configuration.tcpPort = nil
    configuration.host = IPAddress(10, 0, 0, 1)
    #expect(configuration.offersStreams(at: four) && !configuration.offersStreams(at: six))
  }
}
