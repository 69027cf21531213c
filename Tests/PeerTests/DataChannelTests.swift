import DTLS
import OpenSSLTime
import Peer
import RTCTesting
import SCTP
import Testing
import Wire

/// Data channels between two peers with a real handshake, beside media and without.
struct DataChannelTests {
  @Test(arguments: [DTLSEngine.Role.client, .server], [0.0, 0.2])
  func `channels opened before anything is connected carry messages both ways`(
    clientRole: DTLSEngine.Role, loss: Double
  ) throws {
    let connection = try Connection(
      conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(loss)),
      clientRole: clientRole)
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    let near = try connection.open(connection.client, DataChannelOptions(label: "chat"))
    let theirs = try connection.open(connection.server, DataChannelOptions(isOrdered: false))
    #expect(connection.connect())
    connection.network.run(for: .seconds(10))
    let parity = clientRole == .client ? 0 : 1
    #expect(connection.client.remote.dataChannels?.stream(of: near) == UInt16(parity))
    #expect(connection.server.remote.dataChannels?.stream(of: theirs) == UInt16(1 - parity))
    let far = try #require(connection.server.incoming.first)
    #expect(connection.server.remote.dataChannels?.options(of: far)?.label == "chat")
    let messages: [DataChannelMessage] = [
      .text("halo"), .binary([]), .binary([UInt8](repeating: 9, count: 100_000)),
    ]
    for message in messages { try connection.send(message, on: near, by: connection.client) }
    try connection.send(.text("back"), on: far, by: connection.server)
    connection.network.run(for: .seconds(20))
    #expect(connection.server.heard(on: far) == messages)
    #expect(connection.client.heard(on: near) == [.text("back")])
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `nothing of it is longer than a datagram may be`() throws {
    let connection = try Connection()
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    let near = try connection.open(connection.client)
    #expect(connection.connect())
    connection.network.run(for: .seconds(1))
    var longest = 0
    connection.network.drops = { _, bytes in
      longest = max(longest, bytes.count)
      return false
    }
    try connection.send(
      .binary([UInt8](repeating: 1, count: 100_000)), on: near, by: connection.client)
    connection.network.run(for: .seconds(5))
    #expect(longest > 1190 && longest <= 1200)
  }

  @Test func `media and data share a connection, and data that fails leaves media alone`() throws {
    let connection = try Connection()
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    let near = try connection.open(connection.client)
    #expect(connection.connect())
    connection.network.run(for: .seconds(1))
    connection.client.remote.setMaximumMessageSize(0)
    // Longer than the server takes: it ends the association.
    try connection.send(
      .binary([UInt8](repeating: 1, count: 300_000)), on: near, by: connection.client)
    connection.network.run(for: .seconds(5))
    #expect(connection.server.count(.dataChannel(.failed(.messageTooLong))) == 1)
    #expect(connection.client.count(.dataChannel(.closed(near))) == 1)
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 45 && flow.toServer > 45)
    #expect(connection.nodes.allSatisfy { $0.count(.failed) == 0 && $0.remote.isConnected })
  }

  @Test func `channels may be enabled when media has long been flowing`() throws {
    let connection = try Connection()
    #expect(connection.connect())
    connection.network.run(for: .seconds(2))
    for node in connection.nodes {
      connection.network.act(as: node) { _, _ in
        node.remote.enableDataChannels(random: .seeded(7))
      }
      connection.network.run(for: .seconds(1))
    }
    let near = try connection.open(connection.client)
    connection.network.run(for: .seconds(5))
    #expect(connection.server.incoming.count == 1)
    #expect(connection.client.remote.dataChannels?.state(of: near) == .open)
  }

  @Test func `an ICE restart and a rebinding NAT lose no message`() throws {
    let connection = try Connection(nat: .portRestricted)
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    let near = try connection.open(connection.client)
    #expect(connection.connect())
    connection.network.run(for: .seconds(1))
    let far = try #require(connection.server.incoming.first)
    for number in 0..<200 {
      try connection.send(.text("\(number)"), on: near, by: connection.client)
      connection.network.run(for: .milliseconds(50))
      if number == 50 { connection.restartICE() }
      if number == 120 { connection.network.rebind(try #require(connection.nat)) }
    }
    connection.network.run(for: .seconds(15))
    #expect(connection.server.heard(on: far).map(\.string) == (0..<200).map { "\($0)" })
  }

  @Test func `closing ends the channels on both sides`() throws {
    let connection = try Connection()
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    _ = try connection.open(connection.client)
    #expect(connection.connect())
    connection.network.run(for: .seconds(1))
    let far = try #require(connection.server.incoming.first)
    connection.network.act(as: connection.client) { outbox, now in
      inVirtualTime(now) { connection.client.remote.close(into: outbox) }
    }
    connection.network.run(for: .seconds(1))
    #expect(connection.server.count(.dataChannel(.closed(far))) == 1)
    #expect(connection.server.count(.failed) == 1)
    #expect(connection.nodes.allSatisfy { $0.remote.deadline == nil })
    #expect(connection.nodes.allSatisfy { $0.remote.dataChannels == nil })
    #expect(throws: DataChannelError.ended) { try connection.open(connection.server) }
  }

  @Test func `without channels of ours, the other side's packets are nobody's`() throws {
    let connection = try Connection()
    connection.client.remote.enableDataChannels(random: .seeded(7))
    _ = try connection.open(connection.client)
    #expect(connection.connect())
    connection.network.run(for: .seconds(120))
    #expect(connection.client.count(.dataChannel(.failed(.handshakeTimedOut))) == 1)
    #expect(connection.server.count(.failed) == 0)
    let flow = connection.flow(for: .seconds(1))
    #expect(flow.toClient > 45 && flow.toServer > 45)
    #expect(throws: DataChannelError.ended) { try connection.open(connection.server) }
  }

  @Test func `what is low is told, and a closed channel too`() throws {
    let connection = try Connection(
      conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 2_000_000))
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    let near = try connection.open(connection.client)
    connection.client.remote.setBufferedAmountLowThreshold(10_000, of: near)
    #expect(connection.connect())
    connection.network.run(for: .seconds(1))
    try connection.send(
      .binary([UInt8](repeating: 1, count: 200_000)), on: near, by: connection.client)
    connection.network.run(for: .seconds(5))
    #expect(connection.client.count(.dataChannel(.bufferedAmountLow(near))) == 1)
    connection.network.act(as: connection.client) { outbox, now in
      inVirtualTime(now) {
        connection.client.call(at: now) {
          $0.closeDataChannel(near, at: now, into: outbox, events: &$1)
        }
      }
    }
    connection.network.run(for: .seconds(1))
    let far = try #require(connection.server.incoming.first)
    #expect(connection.client.count(.dataChannel(.closed(near))) == 1)
    #expect(connection.server.count(.dataChannel(.closed(far))) == 1)
  }
}
