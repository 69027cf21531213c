import Cryptography
import DTLS
import Testing
import Wire

/// What anyone on the path can do without a key (RFC 6347 §4.1.2.7).
@Suite struct HostileRecords {
  private static func forgeries(clientHello: [UInt8]) -> [[UInt8]] {
    var forgeries: [[UInt8]] = [
      [], [22], [22, 254, 253], clientHello, renumbered(clientHello, by: 40),
    ]
    let fragments: [[UInt8]] = [
      [], [1], [2, 40], [1, 0], [2, 0], [1, 100], [UInt8](repeating: 0xa5, count: 40),
      handshakeFragment(
        type: 1, messageByteCount: 0, messageSequenceNumber: 5, offset: 0, []),
      handshakeFragment(
        type: 20, messageByteCount: 12, messageSequenceNumber: 3, offset: 0,
        [UInt8](repeating: 1, count: 12)),
      handshakeFragment(type: 0, messageByteCount: 0, messageSequenceNumber: 0, offset: 0, []),
    ]
    for type in 20...23 as ClosedRange<UInt8> {
      forgeries += (0...64).map {
        record(type: type, epoch: 1, sequenceNumber: 100, [UInt8](repeating: 0xa5, count: $0))
      }
    }
    for type in [0, 19, 20, 21, 22, 23, 24, 25, 128, 255] as [UInt8] {
      for epoch in [0, 1, 2, 65535] as [UInt16] {
        for number in [0, 1, 7, 1000, 0xffff_ffff_ffff] as [UInt64] {
          forgeries += fragments.map {
            record(type: type, epoch: epoch, sequenceNumber: number, $0)
          }
        }
      }
    }
    return forgeries
  }

  @Test func `forged records neither end nor advance an established association`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    pair.run()
    let clientHello = try #require(pair.sent.first?.bytes)
    for forgery in Self.forgeries(clientHello: clientHello) {
      for side in Pair.Side.allCases { pair.inject(forgery, to: side) }
    }
    pair.run()
    for side in Pair.Side.allCases {
      #expect(pair.events[side]?.count == 1)
      pair.call(side) { engine, outbox, _ in try? engine.send([1, 2].span, into: outbox) }
    }
    pair.run()
    #expect(pair.data(.client) == [[1, 2]] && pair.data(.server) == [[1, 2]])
  }

  @Test(arguments: [20, 21, 22, 23] as [UInt8], [0, 1] as [UInt16])
  func `forged records before each flight do not stop a handshake`(
    type: UInt8, epoch: UInt16
  ) throws {
    let pair = try Pair()
    let fragments: [[UInt8]] = [[1], [2, 40], [1, 0], [UInt8](repeating: 0xa5, count: 40)]
    pair.start()
    while !pair.bothConnected, pair.errors(.client) + pair.errors(.server) == [],
      pair.now < .zero + .seconds(10)
    {
      for side in Pair.Side.allCases {
        for (number, fragment) in fragments.enumerated() {
          let forgery = record(
            type: type, epoch: epoch, sequenceNumber: UInt64(100 + number), fragment)
          for _ in 0..<50 { pair.inject(forgery, to: side) }
        }
      }
      let before = pair.sent.count
      pair.run { $0.sent.count > before || $0.bothConnected }
    }
    #expect(pair.bothConnected)
    #expect(pair.now == .zero + .milliseconds(40))
  }

  @Test func `a finished message that overtakes the change of cipher is kept`() throws {
    let pair = try Pair()
    pair.tamper = { _, bytes in
      let all = records(of: bytes)
      return Array((all.filter { $0[4] == 1 } + all.filter { $0[4] == 0 }).joined())
    }
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.bothConnected)
    #expect(pair.now == .zero + .milliseconds(40))
  }

  @Test func `forged records between change of cipher and finished do nothing`() throws {
    let pair = try Pair()
    var isFirst = true
    pair.tamper = { side, bytes in
      let all = records(of: bytes)
      guard side == .client, isFirst, all.contains(where: { $0[4] == 1 }) else { return bytes }
      isFirst = false
      return Array(all.filter { $0[4] == 0 }.joined())
    }
    pair.start()
    pair.run(until: .zero + .milliseconds(50))
    #expect(!isFirst && !pair.server.isConnected)
    for type in [20, 21, 22, 23] as [UInt8] {
      for number in 0..<200 as Range<UInt64> {
        let garbage = [UInt8](repeating: UInt8(number), count: 40)
        for epoch in [0, 1, 2] as [UInt16] {
          pair.inject(
            record(type: type, epoch: epoch, sequenceNumber: number + 100, garbage), to: .server)
        }
      }
    }
    pair.run { $0.bothConnected }
    #expect(pair.bothConnected)
  }

  @Test func `application data that overtakes the finished message is kept`() throws {
    let pair = try Pair()
    var lastFlight: [UInt8] = []
    pair.tamper = { [weak pair] side, bytes in
      guard side == .server, pair?.server.isConnected == true, lastFlight.isEmpty else {
        return bytes
      }
      lastFlight = bytes
      return nil
    }
    pair.start()
    pair.run { $0.server.isConnected }
    pair.call(.server) { engine, outbox, _ in try? engine.send([3].span, into: outbox) }
    pair.run(until: pair.now + .milliseconds(50))
    #expect(pair.events[.client] == [])
    pair.inject(lastFlight, to: .client)
    #expect(pair.client.isConnected)
    #expect(pair.data(.client) == [[3]])
  }

  @Test func `an alert in plaintext ends a handshake that gets no further`() throws {
    let pair = try Pair(link: Pair.Link(loss: 1))
    pair.start()
    pair.inject(record(type: 21, epoch: 0, sequenceNumber: 0, [2, 40]), to: .client)
    pair.run()
    #expect(pair.events[.client] == [.failed(.alertReceived(40))])
    #expect(pair.now == .zero + .seconds(5))
  }

  @Test func `an alert before anything else is nothing`() throws {
    let pair = try Pair()
    pair.inject(record(type: 21, epoch: 0, sequenceNumber: 0, [2, 40]), to: .server)
    #expect(pair.server.deadline == nil)
    pair.inject(record(type: 21, epoch: 0, sequenceNumber: 0, [2, 40]), to: .client)
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.bothConnected)
  }

  @Test func `fragments that contradict themselves or promise too much are dropped`() throws {
    let pair = try Pair()
    let body = [UInt8](repeating: 0, count: 20)
    var number: UInt64 = 1000
    func inject(type: UInt8 = 1, of count: Int, _ sequence: UInt16, at offset: Int, _ body: [UInt8])
    {
      number += 1
      let fragment = handshakeFragment(
        type: type, messageByteCount: count, messageSequenceNumber: sequence, offset: offset, body)
      for _ in 0..<20 {
        pair.inject(
          record(type: 22, epoch: 0, sequenceNumber: number, fragment), to: .server)
      }
    }
    inject(of: 0xff_ffff, 0, at: 0, body)
    inject(of: 16_385, 0, at: 0, body)
    inject(of: 100, 0, at: 90, body)
    inject(of: 100, 0, at: 0xff_ffff, body)
    inject(of: 100, 0, at: 10, [])
    inject(of: 100, 12, at: 0, body)
    inject(of: 100, 65535, at: 0, body)
    inject(type: 20, of: 20, 0, at: 0, body)
    inject(type: 2, of: 20, 0, at: 0, body)
    inject(type: 255, of: 20, 0, at: 0, body)
    #expect(pair.events[.server] == [] && pair.server.deadline == nil && pair.sent.isEmpty)
    // Ahead of their turn, and together above 64 KiB: most are not even kept.
    for sequence in 1..<12 as Range<UInt16> { inject(of: 16_000, sequence, at: 0, body) }
    #expect(pair.events[.server] == [] && pair.sent.isEmpty)
    pair.run()
    #expect(pair.events[.server] == [.failed(.timedOut)])
  }

  @Test(arguments: 0..<4) func `a cut datagram costs no more than its loss`(flight: Int) throws {
    let whole = try Pair()
    whole.start()
    whole.run { $0.bothConnected }
    let count = whole.sent[flight].bytes.count
    for length in stride(from: 0, to: count, by: 3) {
      let pair = try Pair()
      var position = 0
      pair.tamper = { _, bytes in
        defer { position += 1 }
        return position == flight ? Array(bytes.prefix(length)) : bytes
      }
      pair.start()
      pair.run(until: .zero + .seconds(5)) { $0.bothConnected }
      #expect(pair.bothConnected, "flight \(flight) cut to \(length) bytes")
    }
  }

  @Test(arguments: 0..<4)
  func `a flipped bit never leads to keys that differ`(flight: Int) throws {
    let whole = try Pair()
    whole.start()
    whole.run { $0.bothConnected }
    var failures = 0
    for index in stride(from: 0, to: whole.sent[flight].bytes.count, by: 2) {
      let pair = try Pair()
      var position = 0
      pair.tamper = { _, bytes in
        defer { position += 1 }
        guard position == flight, index < bytes.count else { return bytes }
        var bytes = bytes
        bytes[index] ^= 1 << UInt8(index % 8)
        return bytes
      }
      pair.start()
      pair.run(until: .zero + .seconds(40)) { $0.bothConnected }
      if pair.bothConnected {
        #expect(pair.keys(.client)?.localKey == pair.keys(.server)?.remoteKey)
      } else {
        failures += 1
        #expect(!pair.errors(.client).isEmpty || !pair.errors(.server).isEmpty)
        #expect(pair.keys(.client) == nil || pair.keys(.server) == nil)
      }
    }
    // The last flight is encrypted but for its change of cipher: a flip costs a retransmission.
    if flight == 3 { #expect(failures == 0) }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `random damage to everything sent never traps`(seed: UInt64) throws {
    var random = RandomSource.seeded(seed)
    let pair = try Pair(link: Pair.Link(duplication: 0.2, delay: 1...30), seed: seed)
    pair.tamper = { _, bytes in
      var bytes = bytes
      guard Int.random(in: 0..<3, using: &random) == 0, !bytes.isEmpty else { return bytes }
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        default: bytes = Array(bytes.prefix(index + 1))
        }
      }
      return bytes
    }
    pair.start()
    pair.run(until: .zero + .seconds(60)) { $0.bothConnected }
    if let client = pair.keys(.client), let server = pair.keys(.server) {
      #expect(client.localKey == server.remoteKey)
    }
  }
}
