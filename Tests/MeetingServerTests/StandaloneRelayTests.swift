import TURN
import Testing
import Wire

@testable import MeetingServer

private func settings(_ values: [(Setting, String)]) throws -> ServerConfiguration {
  var layer = SettingLayer()
  for (setting, text) in values { layer.add(text, for: setting, origin: setting.flag) }
  return try ServerConfiguration(layers: [layer], isRelay: true)
}

struct StandaloneRelayTests {
  @Test func `a relay alone tells its health and its numbers by HTTP`() async throws {
    let configuration = try settings([
      (.host, "127.0.0.1"), (.turnPort, "0"), (.httpPort, "1"), (.turnUser, "ana:secret"),
    ])
    // A free one, which no flag can ask for.
    var free = configuration
    free.plainPort = 0
    let relay = try await StandaloneRelay(free) { _ in }
    let port = try #require(relay.httpPort)
    for path in ["/livez", "/readyz", "/healthz"] {
      let answer = try await blocking { try LoopbackClient.request("GET", path, port: port) }
      #expect(answer.status == 200, "\(path)")
    }
    let metrics = try await blocking { try LoopbackClient.request("GET", "/metrics", port: port) }
    #expect(metrics.status == 200 && metrics.body.hasSuffix("# EOF\n"))
    for name in [
      "jumpa_relay_allocations 0", "jumpa_relay_packets_total{direction=\"to-peer\"} 0",
      "jumpa_relay_evicted_allocations_total 0", "jumpa_stun_answers_total 0",
      "jumpa_http_requests_total{status=\"2xx\"} 3",
    ] {
      #expect(metrics.body.contains("\n\(name)\n"), "\(name)")
    }
    #expect(metrics.body.contains("\njumpa_process_resident_memory_bytes "))
    let other = try await blocking { try LoopbackClient.request("GET", "/", port: port) }
    #expect(other.status == 404)
    await relay.stop()
  }

  @Test func `without a port there is no HTTP, and with one in use the relay does not start`()
    async throws
  {
    let plain: [(Setting, String)] = [(.host, "127.0.0.1"), (.turnPort, "0")]
    let first = try await StandaloneRelay(try settings(plain)) { _ in }
    #expect(first.httpPort == nil)
    let taken = try #require(first.tcp.first?.port)
    let busy = try settings(plain + [(.httpPort, "\(taken)")])
    let fault = await #expect(throws: ServerFault.self) { try await StandaloneRelay(busy) { _ in } }
    #expect(fault.map { "\($0)".contains("--http-port") } == true, "\(String(describing: fault))")
    await first.stop()
  }

  @Test func `the port of plain HTTP needs no HTTPS beside a relay alone, and does elsewhere`()
    throws
  {
    #expect(try settings([(.httpPort, "9090")]).plainPort == 9090)
    #expect(try settings([(.httpPort, "0")]).plainPort == nil)
    var layer = SettingLayer()
    layer.add("9090", for: .httpPort, origin: "--http-port")
    #expect(throws: SettingError.self) { try ServerConfiguration(layers: [layer]) }
  }

  @Test func `clients have connections to peers where that is said, and not otherwise`() throws {
    var turn = TURNServer.Configuration()
    for (text, expected) in [("yes", true), ("no", false)] {
      try settings([(.relayTCP, text)]).relay.configure(&turn)
      #expect(turn.relaysTCP == expected)
    }
    try settings([]).relay.configure(&turn)
    #expect(!turn.relaysTCP)
    let error = #expect(throws: SettingError.self) { try settings([(.relayTCP, "on")]) }
    #expect(error?.description == #"--relay-tcp is "on": not yes or no"#)
  }
}
