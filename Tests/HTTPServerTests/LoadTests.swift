import Foundation
import Testing

@testable import HTTPServer

@Suite(.serialized) struct LoadTests {
  static func descriptorCount() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
  }

  @Test func `two thousand connections one after the other leave nothing behind`() async throws {
    var limits = Limits()
    limits.connectionsPerAddress = 16
    try await withServer(configuration: Configuration(limits: limits)) { port in
      try await blocking {
        let before = Self.descriptorCount()
        for number in 0..<2000 {
          try LimitTests.eventually {
            let client = try RawClient(port: port)
            if number % 2 == 0 { return try client.upgrade().status == 101 }
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return try client.response().status == 200
          }
        }
        try LimitTests.eventually { Self.descriptorCount() <= before + 20 }
      }
    }
  }

  @Test func `five hundred WebSockets echo at once`() async throws {
    var limits = Limits()
    limits.connectionsPerAddress = 1000
    try await withServer(configuration: Configuration(limits: limits)) { port in
      try await blocking {
        let clients = try (0..<500).map { _ in try RawClient(port: port) }
        for client in clients { #expect(try client.upgrade().status == 101) }
        for round in 0..<5 {
          for (number, client) in clients.enumerated() {
            try client.send(RawClient.text("\(round) of \(number)"))
          }
          for (number, client) in clients.enumerated() {
            #expect(try client.frame().payload == Array("\(round) of \(number)".utf8))
          }
        }
      }
    }
  }

  @Test func `a slow client is closed at the limit and the others do not notice`() async throws {
    let (reports, report) = AsyncStream<(Int, WebSocketClosure?)>.makeStream()
    let routes = Routes(webSockets: [
      "/echo": Routes.echo,
      "/flood": { socket in
        let text = String(repeating: "x", count: 10_000)
        var most = 0
        while socket.send(text) {
          most = max(most, socket.bufferedByteCount)
          await Task.yield()
        }
        for await _ in socket.incoming {}
        report.yield((most, socket.closure))
      },
    ])
    try await withServer(routes: routes) { port in
      let slow = try await blocking {
        let slow = try RawClient(port: port, receiveBuffer: 4096)
        try slow.upgrade("/flood")
        let other = try RawClient(port: port)
        try other.upgrade()
        for number in 0..<100 {
          try other.send(RawClient.text("\(number)"))
          #expect(try other.frame().payload == Array("\(number)".utf8))
        }
        return slow
      }
      var iterator = reports.makeAsyncIterator()
      let (most, closure) = try #require(await iterator.next())
      #expect(most <= 1024 * 1024)
      #expect(most > 512 * 1024)
      #expect(closure?.code == .tryAgainLater)
      try await blocking {
        // What was under way arrives whole, then the reason, if it still could be sent.
        var last: RawClient.Frame?
        while let frame = try? slow.frame() { last = frame }
        #expect(last?.opcode == 1 || last?.closeCode == 1013)
      }
    }
  }

  @Test func `a reader that falls behind stops the sender and loses nothing`() async throws {
    let (gate, open) = AsyncStream<Void>.makeStream()
    let (counts, count) = AsyncStream<Int>.makeStream()
    let routes = Routes(webSockets: [
      "/slow": { socket in
        for await _ in gate {}
        var received = 0
        for await message in socket.incoming {
          if case .text(let text) = message, text.hasPrefix("\(received) ") { received += 1 }
          if received == 2000 { break }
        }
        count.yield(received)
      }
    ])
    var limits = Limits()
    limits.receiveQueueBytes = 64 * 1024
    try await withServer(configuration: Configuration(limits: limits), routes: routes) { port in
      let slow = try await blocking {
        let client = try RawClient(port: port)
        try client.upgrade("/slow")
        return client
      }
      async let sent: Void = blocking {
        let filler = String(repeating: "y", count: 5000)
        for number in 0..<2000 { try slow.send(RawClient.text("\(number) \(filler)")) }
      }
      open.finish()
      var iterator = counts.makeAsyncIterator()
      #expect(await iterator.next() == 2000)
      try await sent
      try await blocking { () throws in #expect(try slow.frame().closeCode == 1000) }
    }
  }

  @Test func `many tasks send on one socket, each message whole`() async throws {
    let routes = Routes(webSockets: [
      "/many": { socket in
        await withTaskGroup { group in
          for task in 0..<8 {
            group.addTask { for number in 0..<100 { socket.send("\(task):\(number)") } }
          }
        }
      }
    ])
    try await withServer(routes: routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.upgrade("/many")
        var next = [Int](repeating: 0, count: 8)
        for _ in 0..<800 {
          let parts = String(decoding: try client.frame().payload, as: UTF8.self).split(
            separator: ":")
          let task = Int(parts[0]) ?? 0
          #expect(Int(parts[1]) == next[task])
          next[task] += 1
        }
        #expect(try client.frame().closeCode == 1000)
      }
    }
  }

  @Test func `who does not take the pongs is not asked for more pings`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port, receiveBuffer: 4096)
        try client.upgrade()
        let pings = Array(
          repeatElement(RawClient.frame(9, [UInt8](repeating: 1, count: 125)), count: 500).joined())
        var sent = 0
        while sent < 64 * 1024 * 1024, client.canSend(within: 500) {
          sent += client.sendSome(pings[(sent % pings.count)...])
        }
        #expect(sent < 64 * 1024 * 1024)
        let count = sent / 131
        for _ in 0..<count { #expect(try client.frame().opcode == 10) }
      }
    }
  }
}
