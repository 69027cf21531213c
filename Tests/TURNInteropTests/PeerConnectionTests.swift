import Net
import TURN
import Testing
import Wire

@testable import Relay

/// Connections with peers (RFC 6062) whose ends come at the wrong moment.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PeerConnectionTests {
  private func withConnection(
    _ body: (TestRelay, ConnectionClient, StreamProbe, ListeningPeer) async throws -> Void
  ) async throws {
    let loop = try EventLoop(name: "test")
    let relay = try await TestRelay { $0.turn.relaysTCP = true }
    do {
      let peer = try ListeningPeer(on: loop, at: Coturn.loopback)
      let client = try await ConnectionClient(
        on: loop, of: try #require(relay.address(.tcp, .v4)))
      let data = try await client.connect(to: peer.address)
      try await eventually { await peer.isConnected }
      try await body(relay, client, data, peer)
    } catch {
      await relay.stop()
      loop.stop()
      throw error
    }
    await relay.stop()
    loop.stop()
  }

  /// Has the client send until something waits for the peer, which hears nothing; gives how much it has sent.
  private func fill(_ relay: TestRelay, by data: StreamProbe) async throws -> Int {
    var sent = 0
    while await relay.server.queuedForPeers == 0 {
      await data.write([UInt8](repeating: UInt8(truncatingIfNeeded: sent >> 12), count: 4096))
      sent += 4096
      try await eventually { await relay.server.figures.turn.connectionBytesSent >= sent }
    }
    return sent
  }

  @Test func `what a client has sent before it went is the peer's`() async throws {
    try await withConnection { relay, _, data, peer in
      let sent = try await fill(relay, by: data)
      await data.close()
      try await eventually { await relay.server.figures.streamCount <= 1 }
      #expect(await relay.server.finishingCount == 1)
      let heard = await peer.hear(sent)
      #expect(heard.count == sent)
      #expect(heard.indices.allSatisfy { heard[$0] == UInt8(truncatingIfNeeded: $0 >> 12) })
    }
  }

  @Test func `a peer that hears nothing is waited for ten seconds and no longer`() async throws {
    try await withConnection { relay, client, data, _ in
      _ = try await fill(relay, by: data)
      await client.close()
      try await eventually { await relay.server.finishingCount != 0 }
      let now = MonotonicClock.now()
      await relay.server.endFinishing(now + .seconds(5))
      #expect(await relay.server.finishingCount == 1)
      await relay.server.endFinishing(now + .seconds(11))
      #expect(await relay.server.finishingCount == 0)
      #expect(await relay.server.figures.turn.connections == 1)
    }
  }

  /// Joined with a peer by a stream that somebody else reads and writes.
  private func withHandedConnection(
    _ body: (TestRelay, RecordingStream, ListeningPeer) async throws -> Void
  ) async throws {
    try await withConnection { relay, client, _, _ in
      let peer = try ListeningPeer(on: client.loop, at: Coturn.loopback)
      let stream = RecordingStream(port: 5000, takesAll: false)
      relay.server.opened(stream)
      try await client.connect(
        to: peer.address, by: HandedProbe(stream: stream, server: relay.server))
      try await eventually { await peer.isConnected }
      stream.drain()
      try await body(relay, stream, peer)
    }
  }

  @Test func `a peer waits for a client that reads slowly, be it read by others`() async throws {
    try await withHandedConnection { _, stream, peer in
      let before = stream.sent.count
      let said = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 >> 10) }
      await peer.say(said)
      try await eventually {
        // It takes what waits now and then.
        let queued = stream.queuedByteCount
        #expect(queued <= 64 << 10)
        if queued > 32 << 10 { stream.drain() }
        return stream.isClosed
      }
      #expect(Array(stream.sent.dropFirst(before)) == said)
    }
  }

  @Test func `a client that is read by others waits for a peer that hears slowly`() async throws {
    try await withHandedConnection { relay, stream, peer in
      var said: [UInt8] = []
      while stream.isRead {
        let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: said.count >> 14), count: 16 << 10)
        said += piece
        relay.server.received(piece, on: stream)
        let count = said.count
        try await eventually {
          await relay.server.figures.turn.connectionBytesSent >= count
        }
      }
      // Some had been read when it was told to stop.
      for _ in 0..<10 {
        let piece = [UInt8](repeating: 9, count: 16 << 10)
        said += piece
        relay.server.received(piece, on: stream)
      }
      #expect(await peer.hear(said.count) == said)
      try await eventually { stream.isRead }
      #expect(!stream.isClosed)
    }
  }

  @Test func `what a peer has said before it went is the client's`() async throws {
    try await withConnection { _, _, data, peer in
      let before = await data.wait(for: 0).count
      await peer.say([UInt8](repeating: 7, count: 100_000))
      await data.waitForEnd()
      #expect(await data.wait(for: 0).count == before + 100_000)
    }
  }
}

extension RelayServer {
  /// Bytes that peers have not taken yet.
  fileprivate var queuedForPeers: Int {
    links.values.reduce(0) { $0 + $1.connection.queuedByteCount }
  }

  fileprivate var finishingCount: Int { finishing.count }
}
