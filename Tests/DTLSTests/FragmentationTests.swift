import DTLS
import Testing
import Wire

/// A ClientHello with a post-quantum key share does not fit into one datagram.
@Suite struct FragmentedClientHello {
  enum Order: CaseIterable { case forwards, backwards, oneDatagram, withDuplicates }

  /// Connects a pair whose ClientHello goes in pieces of `size` bytes.
  private func connect(size: Int, order: Order) throws -> Pair {
    let pair = try Pair()
    var pieceCount: UInt8 = 0
    pair.tamper = { side, bytes in
      guard side == .client else { return bytes }
      // The pieces take more record numbers than the whole; what follows makes room.
      let moved = records(of: bytes).map { record in
        record[4] == 0 ? renumbered(record, by: pieceCount &- min(pieceCount, 1)) : record
      }
      return pieceCount == 0 ? nil : Array(moved.joined())
    }
    pair.start()
    let clientHello = try #require(pair.sent.first?.bytes)
    let pieces = fragmented(clientHello, size: size)
    pieceCount = UInt8(pieces.count)
    switch order {
    case .forwards: for piece in pieces { pair.inject(piece, to: .server) }
    case .backwards: for piece in pieces.reversed() { pair.inject(piece, to: .server) }
    case .oneDatagram: pair.inject(Array(pieces.joined()), to: .server)
    case .withDuplicates: for piece in pieces + pieces { pair.inject(piece, to: .server) }
    }
    pair.run(until: .zero + .seconds(5)) { $0.bothConnected }
    return pair
  }

  @Test(arguments: [1, 7, 50, 100, 150], Order.allCases)
  func `completes in pieces of any size and order`(size: Int, order: Order) throws {
    // A replay window of 64 records forgets pieces that come later than that.
    guard size > 1 || order != .backwards else { return }
    let pair = try connect(size: size, order: order)
    #expect(pair.bothConnected)
    #expect(pair.now == .zero + .milliseconds(30))
  }

  @Test func `overlapping pieces complete`() throws {
    let pair = try Pair()
    pair.tamper = { side, bytes in
      guard side == .client else { return bytes }
      let all = records(of: bytes)
      guard all[0][13] == 1 else {
        return Array(all.map { $0[4] == 0 ? renumbered($0, by: 1) : $0 }.joined())
      }
      let body = Array(bytes[25...])
      let pieces = [(0, 100), (60, body.count - 60)].enumerated().map { number, range in
        record(
          type: 22, epoch: 0, sequenceNumber: UInt64(number),
          handshakeFragment(
            type: 1, messageByteCount: body.count, messageSequenceNumber: 0, offset: range.0,
            Array(body[range.0..<range.0 + range.1])))
      }
      return Array(pieces.joined())
    }
    pair.start()
    pair.run(until: .zero + .seconds(5)) { $0.bothConnected }
    #expect(pair.bothConnected)
  }

  @Test func `a piece that never comes costs nothing but the time`() throws {
    let pair = try Pair()
    pair.tamper = { _, _ in nil }
    pair.start()
    let clientHello = try #require(pair.sent.first?.bytes)
    for piece in fragmented(clientHello, size: 50).dropLast() { pair.inject(piece, to: .server) }
    let before = pair.sent.count
    pair.run()
    #expect(pair.events[.server] == [.failed(.timedOut)])
    #expect(!pair.sent.dropFirst(before).contains { $0.side == .server })
  }
}
