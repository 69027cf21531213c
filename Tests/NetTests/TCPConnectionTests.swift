import Glibc
import Net
import Testing
import Wire

func tcpEndpoint(
  on loop: EventLoop, to address: TransportAddress, options: TCPConnection.Options = .init()
) throws -> StreamEndpoint {
  try StreamEndpoint(on: loop, connecting: { try TCPConnection(to: address, options: options) })
}

@Suite(.timeLimit(.minutes(1)))
struct TCPConnectionTests {
  @Test func `bytes make the round trip, those written before the connection is open too`()
    async throws
  {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop)
    await server.echo()
    let client = try tcpEndpoint(on: loop, to: server.address)
    let message = datagram(7, 5000)
    #expect(await client.write(message))
    let view = await client.wait { $0.received.count == 5000 }
    #expect(view.received == message && view.phase == .open && view.queuedByteCount == 0)
    let local = try #require(await client.localAddress)
    #expect(local.ip == loopback && local.port != 0)
  }

  @Test func `a connection that is refused is told in words`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let listener = try TCPListener(boundTo: TransportAddress(ip: loopback, port: 0))
    let address = listener.localAddress
    _ = consume listener
    let client = try tcpEndpoint(on: loop, to: address)
    let view = await client.wait { $0.phase?.isOver == true }
    guard case .failed(let error) = view.phase else {
      Issue.record("\(view)")
      return
    }
    #expect(error.description == "connect to \(address): Connection refused")
    #expect(await client.write([1]) == false)
  }

  @Test func `each side may end while the other goes on`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop)
    let client = try tcpEndpoint(on: loop, to: server.address)
    await client.write([1, 2, 3])
    await client.finish()
    let heard = await server.wait { $0.phase == .ended }
    #expect(heard.received == [1, 2, 3])
    #expect(await client.write([4]) == false)
    #expect(await server.write([5, 6]))
    await server.finish()
    let answered = await client.wait { $0.phase == .ended }
    #expect(answered.received == [5, 6])
  }

  @Test func `a reader that pauses makes the writer wait, and the queue has an end`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop, startsPaused: true)
    var options = TCPConnection.Options()
    options.maximumQueuedBytes = 100_000
    let client = try tcpEndpoint(on: loop, to: server.address, options: options)
    await client.wait { $0.phase == .open }
    let piece = datagram(3, 50_000)
    var taken = 0
    while await client.write(piece) { taken += 1 }
    let view = await client.view
    #expect(view.queuedByteCount > 50_000 && view.queuedByteCount <= 100_000)
    #expect(await server.view.received.isEmpty)
    await server.wait { $0.phase == .open }
    await server.setPaused(false)
    let total = taken * piece.count
    let read = await server.wait { $0.received.count >= total }
    #expect(read.received == (0..<taken).flatMap { _ in piece })
    await client.wait { $0.queuedByteCount == 0 }
    #expect(await client.write(piece))
  }

  @Test func `what is too long for the queue is refused whole`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop)
    var options = TCPConnection.Options()
    options.maximumQueuedBytes = 1000
    let client = try tcpEndpoint(on: loop, to: server.address, options: options)
    #expect(await client.write(datagram(0, 1001)) == false)
    #expect(await client.write([9]))
    #expect(await server.wait { !$0.received.isEmpty }.received == [9])
  }

  @Test func `a connection that breaks while its reader pauses costs no turns`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop, startsPaused: true)
    let client = try tcpEndpoint(on: loop, to: server.address)
    await server.wait { $0.phase == .open }
    await client.write([1])
    await client.close()
    await client.drop()
    let before = MonotonicClock.now()
    #expect(await server.write([1, 2]))
    // The second write meets the reset that the first one drew.
    while await server.write([1, 2]), MonotonicClock.now() - before < .seconds(20) {}
    #expect(await server.view.phase?.isOver == true)
  }

  @Test func `closing tells the other side and forgets the queue`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop)
    let client = try tcpEndpoint(on: loop, to: server.address)
    await client.wait { $0.phase == .open }
    await client.close()
    #expect(await client.view.phase == .closed)
    #expect(await client.write([1]) == false)
    #expect(await server.wait { $0.phase != .open && $0.phase != nil }.phase == .ended)
  }

  @Test func `IPv6 connects too, and a listener on all interfaces takes IPv4`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    guard let server = try? StreamEndpoint(on: loop, listeningAt: IPAddress(v6High: 0, low: 0))
    else { return }
    await server.echo()
    let address = TransportAddress(ip: loopback, port: server.address.port)
    let client = try tcpEndpoint(on: loop, to: address)
    await client.write([1])
    #expect(await client.wait { !$0.received.isEmpty }.received == [1])
    let other = try StreamEndpoint(on: loop, listeningAt: IPAddress(v6High: 0, low: 1))
    let second = try tcpEndpoint(on: loop, to: other.address)
    await second.write([2])
    #expect(await other.wait { !$0.received.isEmpty }.received == [2])
  }

  @Test func `without a descriptor left, a listener turns connections away and goes on`() async {
    await #expect(processExitsWith: .success) {
      let listener = try TCPListener(boundTo: TransportAddress(ip: loopback, port: 0))
      // Far more than the process has open, wherever those lie: only what is taken here uses them up.
      var limit = rlimit(rlim_cur: 512, rlim_max: 512)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var clients: [TCPConnection] = []
      var count = 0
      // Other threads of the process open and close descriptors of their own: one may have become free just now.
      for _ in 0..<20 where listener.refusedCount == 0 {
        clients.append(try TCPConnection(to: listener.localAddress))
        var taken: [UDPSocket] = []
        while let more = try? loopbackSocket() { taken.append(more) }
        listener.accept { _ in count += 1 }
        taken.removeAll()
      }
      #expect(listener.refusedCount == 1)
      for client in clients {
        client.handle([.readable, .writable, .closed]) { _ in }
        #expect(client.phase != .connecting)
      }
      count = 0
      clients.removeAll()
      let second = try TCPConnection(to: listener.localAddress)
      listener.accept { _ in count += 1 }
      #expect(count == 1)
      second.close()
    }
  }
}
