import Foundation
import Net
import Relay
import TURN
import Testing
import Wire

/// coturn's test programs against our server, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CoturnClientTests {
  private static let alice = ["-u", "alice", "-w", "secret"]

  /// What `turnutils_uclient` printed.
  private static func run(
    _ relay: TestRelay, _ transport: Path.Transport = .udp, _ family: IPAddress.Family = .v4,
    to peer: TransportAddress? = nil, usesPairs: Bool = false, saying arguments: [String]
  ) async throws -> String {
    let server = try #require(relay.address(transport, family))
    let peer = try peer ?? #require(relay.peer(.v4))
    let way =
      switch transport {
      case .udp: [String]()
      case .tcp: ["-t"]
      case .tls: ["-t", "-S"]
      }
    // Without -c it wants the next port as well, for RTCP.
    return try await output(
      of: "turnutils_uclient",
      (usesPairs ? [] : ["-c"]) + way
        + ["-p", "\(server.port)", "-e", "\(peer.ip)", "-r", "\(peer.port)", "-n", "20", "-z", "5"]
        + arguments + ["\(server.ip)"])
  }

  private func withRelay(
    _ adjust: (inout RelayServer.Configuration) -> Void = { _ in },
    _ body: (TestRelay) async throws -> Void
  ) async throws {
    let relay = try await TestRelay(adjust)
    do { try await body(relay) } catch {
      await relay.stop()
      throw error
    }
    await relay.stop()
  }

  /// To coturn's own peer. By indications: it binds channels of RFC 5766, beyond those of RFC 8656. A length that needs padding.
  @Test(
    arguments: [Path.Transport.udp, .tcp, .tls],
    [IPAddress.Family.v4, .v6])
  func `nothing is lost`(transport: Path.Transport, family: IPAddress.Family) async throws {
    let peer = try CoturnPeer(at: family == .v4 ? Coturn.loopback : TestRelay.v6)
    try await withRelay { relay in
      let printed = try await Self.run(
        relay, transport, family, to: peer.address,
        saying: Self.alice + ["-s", "-l", "171"] + (family == .v6 ? ["-x"] : []))
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
      let figures = await relay.server.figures
      #expect(figures.turn.sent.datagrams >= 20 && figures.turn.received.datagrams >= 20)
      #expect(figures.turn.malformedDatagrams == 0)
      let kind = TURNServer.RelayKind(client: transport, relay: .udp, family: family)
      #expect(figures.turn.relaysMade[kind, default: 0] > 0)
    }
  }

  @Test func `from client to client nothing is lost`() async throws {
    try await withRelay { relay in
      let printed = try await Self.run(relay, saying: Self.alice + ["-s", "-y", "-m", "2"])
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
    }
  }

  /// Its RTCP goes to another client's, by the ports that were kept.
  @Test func `pairs of ports are allocated, and nothing is lost`() async throws {
    try await withRelay { relay in
      let printed = try await Self.run(
        relay, usesPairs: true, saying: Self.alice + ["-s", "-y", "-m", "2"])
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
      let turn = await relay.server.figures.turn
      #expect(turn.allocations >= 4 && turn.refusals[508] == nil, "\(turn)")
    }
  }

  @Test func `datagrams that nobody may fragment leave alone`() async throws {
    try await withRelay { relay in
      let printed = try await Self.run(relay, saying: Self.alice + ["-s", "-y", "-m", "2", "-g"])
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
      #expect(await relay.server.figures.unfragmentedDatagrams > 0)
    }
  }

  /// With connections that the peer begins coturn's client loses half even of coturn's server.
  @Test func `connections between two relays carry everything`() async throws {
    try await withRelay({ $0.turn.relaysTCP = true }) { relay in
      let printed = try await Self.run(relay, .tcp, saying: Self.alice + ["-T"])
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
      let turn = await relay.server.figures.turn
      #expect(turn.connections >= 2)
      #expect(turn.connectionBytesSent >= 2000 && turn.connectionBytesReceived >= 2000)
    }
  }

  @Test func `credentials of a shared secret are taken`() async throws {
    try await withRelay { relay in
      let printed = try await Self.run(relay, saying: ["-s", "-u", "bob", "-W", "between us"])
      #expect(printed.contains("Total lost packets 0 "), "\(printed)")
    }
  }

  @Test func `a wrong password and a forbidden peer get nothing`() async throws {
    try await withRelay { relay in
      let refused = try await Self.run(relay, saying: ["-u", "alice", "-w", "wrong"])
      #expect(!refused.contains("Total lost packets 0 "), "\(refused)")
      #expect(await relay.server.figures.turn.allocations == 0)
    }
    try await withRelay({ $0.turn.peers = .only([]) }) { strict in
      let forbidden = try await Self.run(strict, saying: Self.alice + ["-s"])
      #expect(forbidden.contains("403"), "\(forbidden)")
      let turn = await strict.server.figures.turn
      #expect(turn.sent.datagrams == 0 && turn.refusals[403, default: 0] > 0)
    }
  }

  @Test(arguments: [IPAddress.Family.v4, .v6])
  func `STUN tells the own address`(family: IPAddress.Family) async throws {
    try await withRelay { relay in
      let server = try #require(relay.address(.udp, family))
      let printed = try await output(
        of: "turnutils_stunclient", ["-p", "\(server.port)", "\(server.ip)"])
      #expect(printed.contains("UDP reflexive addr: "), "\(printed)")
      #expect(printed.contains(family == .v4 ? "127.0.0.1:" : "::1"), "\(printed)")
    }
  }
}
