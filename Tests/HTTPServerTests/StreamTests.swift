import Foundation
import Glibc
import Synchronization
import Testing

@testable import HTTPServer

/// Streams of a made-up kind: they begin with two bytes below 32, the second the number of bytes that follow.
@Suite struct StreamTests {
  /// Echoes, and remembers.
  final class Echo: StreamReceiver {
    struct State {
      var received: [UInt8] = []
      var streams: [ByteStream] = []
      var endedCount = 0
      var isSilent = false
    }

    let state = Mutex(State())

    func received(_ bytes: [UInt8], on stream: ByteStream) {
      let isSilent = state.withLock { state in
        state.received += bytes
        return state.isSilent
      }
      if !isSilent { stream.send(bytes) }
    }

    func ended(_ stream: ByteStream) { state.withLock { $0.endedCount += 1 } }

    func service(
      sendQueueBytes: Int = 256 * 1024, idleTimeout: Duration? = nil
    ) -> StreamService {
      StreamService(
        sendQueueBytes: sendQueueBytes, idleTimeout: idleTimeout, recognise: StreamTests.recognise
      ) { [self] stream in
        state.withLock { $0.streams.append(stream) }
        return self
      }
    }

    var routes: Routes { routes() }

    func routes(sendQueueBytes: Int = 256 * 1024, idleTimeout: Duration? = nil) -> Routes {
      var routes = Routes.testing
      routes.streams = [service(sendQueueBytes: sendQueueBytes, idleTimeout: idleTimeout)]
      return routes
    }
  }

  @Sendable static func recognise(_ beginning: ArraySlice<UInt8>) -> StreamService.Recognition {
    guard let first = beginning.first else { return .moreNeeded }
    guard first < 9 else { return .no }
    guard beginning.count > 1 else { return .moreNeeded }
    let length = Int(beginning[beginning.startIndex + 1])
    guard length < 32 else { return .no }
    return beginning.count >= 2 + length ? .yes : .moreNeeded
  }

  private static let beginning: [UInt8] = [1, 6, 1, 2, 3, 4, 5, 6]

  @Test func `a stream is told by its first bytes however they are cut, and what follows is its`()
    async throws
  {
    let echo = Echo()
    try await withServer(routes: echo.routes) { port in
      try await blocking {
        for cut in 0...Self.beginning.count {
          let client = try RawClient(port: port)
          try client.send(Array(Self.beginning[..<cut]))
          usleep(5_000)
          try client.send(Array(Self.beginning[cut...]) + [65, 66])
          #expect(try client.take(10) == Self.beginning + [65, 66], "cut at \(cut)")
          try client.send("GET / HTTP/1.1\r\n\r\n")
          #expect(try client.take(18) == Array("GET / HTTP/1.1\r\n\r\n".utf8))
        }
      }
      let streams = echo.state.withLock { $0.streams }
      #expect(streams.count == Self.beginning.count + 1)
      for stream in streams {
        #expect(stream.peer.address == "127.0.0.1" && stream.local.address == "127.0.0.1")
        #expect(stream.local.port == port && stream.peer.port != port && !stream.isSecure)
      }
    }
    #expect(echo.state.withLock { $0.endedCount } == Self.beginning.count + 1)
  }

  @Test func `requests, sockets and nonsense are served as without streams`() async throws {
    try await withServer(routes: Echo().routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        for byte in Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8) { try client.send([byte]) }
        #expect(try client.response().status == 200)
        let socket = try RawClient(port: port)
        #expect(try socket.upgrade().status == 101)
        for nonsense: [UInt8] in [[0, 99], [0x16, 3, 1, 0, 0], [10], [1, 32]] {
          let client = try RawClient(port: port)
          try client.send(nonsense)
          #expect(try client.response().status == 400)
          #expect(try client.isClosed())
        }
      }
    }
  }

  @Test func `a connection that does not say what it is in time is closed`() async throws {
    let configuration = LimitTests.limits { $0.headTimeout = .seconds(1) }
    let echo = Echo()
    try await withServer(configuration: configuration, routes: echo.routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send(Array(Self.beginning.dropLast()))
        #expect(try client.isClosed())
      }
    }
    #expect(echo.state.withLock { $0.streams.isEmpty })
  }

  @Test func `a silent stream is closed, and its owner told once`() async throws {
    let echo = Echo()
    try await withServer(routes: echo.routes(idleTimeout: .milliseconds(300))) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send(Self.beginning)
        #expect(try client.take(8) == Self.beginning)
        #expect(try client.isClosed())
      }
    }
    #expect(echo.state.withLock { $0.endedCount } == 1)
    #expect(echo.state.withLock { $0.streams[0].send([1]) } == false)
  }

  @Test func `what a client does not take is refused, not queued without bound`() async throws {
    let echo = Echo()
    echo.state.withLock { $0.isSilent = true }
    let limit = 64 * 1024
    try await withServer(routes: echo.routes(sendQueueBytes: limit)) { port in
      try await blocking {
        let client = try RawClient(port: port, receiveBuffer: 4096)
        try client.send(Self.beginning)
        try LimitTests.eventually { echo.state.withLock { !$0.streams.isEmpty } }
        let stream = echo.state.withLock { $0.streams[0] }
        var sent = 0
        var refusedCount = 0
        let piece = [UInt8](repeating: 7, count: 1000)
        while refusedCount < 50 {
          if stream.send(piece) {
            sent += piece.count
          } else {
            refusedCount += 1
            usleep(2_000)
          }
          #expect(stream.bufferedByteCount <= limit)
        }
        // What comes from a client that is choked is read all the same.
        try client.send([UInt8](repeating: 9, count: 500))
        try LimitTests.eventually { echo.state.withLock { $0.received.count } == 508 }
        #expect(try client.take(sent).allSatisfy { $0 == 7 })
        try LimitTests.eventually { stream.send(piece) }
        stream.close()
        #expect(stream.send(piece) == false)
        #expect(try client.rest().count == piece.count)
      }
    }
    #expect(echo.state.withLock { $0.endedCount } == 1)
  }

  @Test func `a stream whose owner does not read slows its client down`() async throws {
    let echo = Echo()
    echo.state.withLock { $0.isSilent = true }
    try await withServer(routes: echo.routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send(Self.beginning)
        try LimitTests.eventually { echo.state.withLock { !$0.streams.isEmpty } }
        let stream = echo.state.withLock { $0.streams[0] }
        stream.setReading(false)
        let piece = [UInt8](repeating: 5, count: 65_536)
        var sent = 0
        while client.canSend(within: 500) { sent += client.sendSome(piece[...]) }
        let taken = echo.state.withLock { $0.received.count }
        #expect(taken < 8 + sent)
        stream.setReading(true)
        try LimitTests.eventually { echo.state.withLock { $0.received.count } == 8 + sent }
      }
    }
  }

  @Test func `streams count as connections of their address`() async throws {
    let configuration = LimitTests.limits {
      $0.connectionsPerAddress = 3
      $0.countsLoopback = true
    }
    try await withServer(configuration: configuration, routes: Echo().routes) { port in
      try await blocking {
        let clients = try (0..<3).map { _ in try RawClient(port: port) }
        for client in clients {
          try client.send(Self.beginning)
          _ = try client.take(8)
        }
        #expect(try RawClient(port: port).isClosed())
        try clients[0].send([1])
        #expect(try clients[0].take(1) == [1])
      }
    }
  }

  @Test func `the choice waits only where it can still become something`() {
    let services = [Echo().service()]
    for count in 0..<Self.beginning.count {
      guard case .moreNeeded = services.choose(Self.beginning[..<count]) else {
        Issue.record("decided after \(count) bytes")
        continue
      }
    }
    guard case .service = services.choose(Self.beginning[...]) else {
      Issue.record("not recognised")
      return
    }
    let endless = StreamService(recognise: { _ in .moreNeeded }) { _ in Echo() }
    let long = [UInt8](repeating: 0, count: StreamService.longestBeginning)
    guard case .http = [endless].choose(long[...]) else {
      Issue.record("waits for ever")
      return
    }
    guard case .http = [StreamService]().choose([]) else {
      Issue.record("waits for nothing")
      return
    }
  }
}
