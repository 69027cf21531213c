import DTLS
import OpenSSLTime
import RTCTesting
import Testing
import Wire

@testable import Peer

/// A peer whose path is found before anyone knows whose certificate to expect.
struct LateKeyTests {
  /// Handshake datagrams that left the server so far.
  private func countingAnswers(of connection: Connection, _ count: @escaping () -> Void) {
    connection.network.drops = { path, bytes in
      if path.local == Connection.serverAddress, (20...63).contains(bytes[0]) { count() }
      return false
    }
  }

  @Test(arguments: [DTLSEngine.Role.client, .server])
  func `row 17: a handshake before the answer is held, never answered, and goes on then`(
    clientRole: DTLSEngine.Role
  ) throws {
    let connection = try Connection(clientRole: clientRole, securesServer: false)
    var answers = 0
    countingAnswers(of: connection) { answers += 1 }
    connection.network.run(for: .seconds(8))
    #expect(answers == 0)
    #expect(connection.server.remote.selectedPath != nil)
    #expect(connection.server.remote.securityState == .new)
    #expect(connection.client.remote.securityState == .connecting)
    #expect(connection.nodes.allSatisfy { !$0.remote.isConnected })
    let start = connection.network.now
    try connection.secureServer()
    #expect(connection.connect())
    // Without what was held, a client's next repetition would be seconds away by now.
    #expect(connection.network.now - start < .milliseconds(200))
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 45 && flow.toServer > 45)
    #expect(connection.nodes.allSatisfy { $0.remote.securityState == .connected })
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `what is held is bounded, and the newest is what counts`() throws {
    let connection = try Connection(securesServer: false)
    connection.network.run(for: .seconds(1))
    let rejected = connection.server.rejectedCount
    let path = Path(local: Connection.serverAddress, remote: Connection.clientAddress)
    for length in [13, 1200, 2048, 2049] {
      var bytes = [UInt8](repeating: 22, count: length)
      for _ in 0..<100 {
        connection.server.receive(&bytes, on: path, at: connection.network.now, into: Outbox())
      }
    }
    #expect(connection.server.rejectedCount == rejected + 100)
    #expect(connection.server.remote.heldDatagramCount == 4)
    // The client's hello was pushed out by the noise; its repetition brings the connection.
    try connection.secureServer()
    #expect(connection.connect())
    #expect(connection.server.remote.heldDatagramCount == 0)
  }

  @Test func `no path, nothing held: a stranger's handshake is not kept`() throws {
    let connection = try Connection(securesServer: false)
    connection.network.run(for: .seconds(1))
    let stranger = TransportAddress(ip: IPAddress(192, 0, 2, 66), port: 6666)
    let rejected = connection.server.rejectedCount
    connection.network.inject([22, 254, 253], from: stranger, to: Connection.serverAddress)
    connection.network.run(for: .milliseconds(100))
    #expect(connection.server.rejectedCount == rejected + 1)
    #expect(connection.server.events.allSatisfy { $0.event != .failed })
  }

  @Test func `patience for keys begins when it is known whose`() throws {
    let connection = try Connection(clientKnowsServer: false, securesServer: false)
    connection.network.run(for: .seconds(20))
    try connection.secureServer()
    let start = connection.network.now
    // The agent gives up by itself after 30 s; a restart of it must not extend the wait for ever.
    connection.network.run(for: .seconds(100))
    let failure = try #require(connection.server.time(of: .failed))
    #expect(failure - start <= RemotePeer.connectionTimeout)
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `only the first terms count, and none after the end`() throws {
    let connection = try Connection(securesServer: false)
    try connection.secureServer()
    try connection.server.remote.secure(
      Connection.security(identity: 1, expects: 2, as: .server))
    #expect(connection.connect())
    connection.network.act(as: connection.server) { outbox, now in
      inVirtualTime(now) { connection.server.remote.close(into: outbox) }
    }
    try connection.server.remote.secure(
      Connection.security(identity: 1, expects: 0, as: .server))
    #expect(connection.server.remote.securityState == .closed)
    #expect(connection.server.remote.deadline == nil)
    connection.network.run(for: .seconds(1))
    #expect(connection.client.remote.securityState == .closed)
  }
}

struct EarlyRecordsTests {
  @Test func `many paths share sixteen places, and a path's own are four`() {
    var early = EarlyRecords()
    let paths = (1...20 as ClosedRange<UInt16>).map {
      Path(
        local: Connection.serverAddress,
        remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: $0))
    }
    for round in 0..<6 as Range<UInt8> {
      for path in paths.prefix(3) { _ = early.hold([22, round].span, on: path) }
    }
    #expect(early.count == 12)
    for path in paths { _ = early.hold([22, 9].span, on: path) }
    #expect(early.count == 16)
    early.forget([paths[19]])
    #expect(early.count == 15)
    let all = early.takeAll()
    #expect(all.last?.path == paths[18] && all.last?.bytes == [22, 9])
    #expect(early.count == 0)
  }
}
