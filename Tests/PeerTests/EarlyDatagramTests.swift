import DTLS
import ICE
import Peer
import RTCTesting
import Testing
import Wire

/// Datagrams before, beside and after the handshake.
struct EarlyDatagramTests {
  private let stranger = TransportAddress(ip: IPAddress(192, 0, 2, 66), port: 6666)

  /// The first flight of a client that nobody asked for.
  private func clientHello() throws -> [UInt8] {
    let engine = try DTLSEngine(
      context: try DTLSContext(identity: Connection.identity(2)), role: .client)
    let outbox = Outbox()
    var events: [DTLSEngine.Event] = []
    engine.start(
      on: Path(local: stranger, remote: Connection.serverAddress), at: .zero, into: outbox,
      events: &events)
    return outbox.bytes(of: try #require(outbox.datagrams.first))
  }

  @Test func `row 16: a stranger's handshake every millisecond stops nobody from joining`() throws {
    let hello = try clientHello()
    let count = _isDebugAssertConfiguration() ? 100 : 1000
    var joins = 0
    for seed in 1...UInt64(count) {
      let connection = try Connection(
        seed: seed, conditions: LinkConditions(delay: .milliseconds(3)))
      var answers = 0
      connection.network.drops = { path, _ in
        if path.remote == stranger { answers += 1 }
        return false
      }
      for _ in 0..<200 where !connection.nodes.allSatisfy(\.remote.isConnected) {
        connection.network.inject(hello, from: stranger, to: Connection.serverAddress)
        connection.network.run(for: .milliseconds(1))
      }
      if connection.nodes.allSatisfy(\.remote.isConnected) { joins += 1 }
      #expect(answers == 0 && connection.server.rejectedCount > 0)
    }
    #expect(joins == count)
  }

  @Test func `row 17: a handshake before its address is validated is never answered`() throws {
    let connection = try Connection(clientKnowsServer: false)
    let hello = try clientHello()
    var answers = 0
    connection.network.drops = { path, bytes in
      if path.local == Connection.serverAddress { answers += 1 }
      return false
    }
    for _ in 0..<100 {
      for source in [stranger, Connection.clientAddress] {
        connection.network.inject(hello, from: source, to: Connection.serverAddress)
      }
      connection.network.run(for: .milliseconds(10))
    }
    #expect(answers == 0)
    #expect(connection.server.rejectedCount == 200)
    #expect(connection.server.events.isEmpty)
  }

  @Test func `row 19: forged records from the peer's own address do not end the association`()
    throws
  {
    let connection = try Connection()
    #expect(connection.connect())
    let hello = try clientHello()
    let forged: [[UInt8]] = [
      // Plaintext alerts, fatal and close_notify; application data and ChangeCipherSpec in epoch 0.
      [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40],
      [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 10, 0, 2, 1, 0],
      [23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 11, 0, 1, 7],
      [20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 12, 0, 1, 1],
      [21, 254, 253, 0, 1, 0, 0, 0, 0, 0, 13, 0, 26] + [UInt8](repeating: 7, count: 26),
      [22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 14, 0, 1, 1], hello,
    ]
    for round in 0..<20 {
      for bytes in forged {
        connection.network.inject(
          bytes, from: Connection.clientAddress, to: Connection.serverAddress)
        connection.network.inject(
          bytes, from: Connection.serverAddress, to: Connection.clientAddress)
      }
      connection.network.run(for: .milliseconds(round < 10 ? 10 : 1000))
    }
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 48 && flow.toServer > 48)
    #expect(connection.nodes.allSatisfy { $0.count(.failed) == 0 && $0.count(.connected) == 1 })
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `rows 2 and 15: any first byte and length is taken without harm`() throws {
    let connection = try Connection()
    #expect(connection.connect())
    var random = RandomSource.seeded(9)
    let noise = random.bytes(2048)
    let path = Path(local: Connection.serverAddress, remote: Connection.clientAddress)
    let events = connection.server.events.count
    let outbox = Outbox()
    for first in 0...255 as ClosedRange<UInt8> {
      for length in Array(0...40) + [61, 128, 1200, 1500, 1501, 2048] {
        var bytes = Array(noise.prefix(length))
        if length > 0 { bytes[0] = first }
        connection.server.receive(&bytes, on: path, at: connection.network.now, into: outbox)
      }
    }
    #expect(outbox.isEmpty)
    #expect(connection.server.events.count == events)
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 48 && flow.toServer > 48)
  }
}
