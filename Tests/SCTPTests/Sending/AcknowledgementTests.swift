import Testing
import Wire

@testable import SCTP

/// SACKs that cannot be true, come late or take something back.
struct AcknowledgementTests {
  /// Ten chunks in flight from TSN 100 on, each alone in its packet.
  static func sender() throws -> SendingSide {
    var sender = SendingSide(options: .init(), initialTSN: 100)
    sender.start(peerWindow: 1 << 20, isInterleaved: false, usesPartialReliability: true)
    for _ in 0..<10 {
      try sender.add(
        SCTPMessage(stream: 1, identifier: .binary, payload: [UInt8](repeating: 1, count: 1100)),
        delivery: .init(), at: .zero)
    }
    _ = try sender.allPackets(at: .zero)
    return sender
  }

  static func sack(
    _ cumulative: UInt32, _ blocks: [(UInt16, UInt16)] = [], window: UInt32 = 1 << 20
  ) -> SelectiveAcknowledgement {
    SelectiveAcknowledgement(
      cumulativeTSN: cumulative, advertisedWindow: window,
      gapBlocks: blocks.map { .init(start: $0.0, end: $0.1) })
  }

  @Test(arguments: [
    sack(110), sack(0x8000_0000), sack(99, [(0, 1)]), sack(99, [(1, 2)]), sack(99, [(4, 3)]),
    sack(99, [(3, 4), (2, 2)]), sack(99, [(3, 5), (5, 6)]), sack(99, [(2, 11)]),
    sack(99, [(2, 65535)]), sack(104, [(2, 6)]),
  ])
  func `a SACK that cannot be true changes nothing`(sack: SelectiveAcknowledgement) throws {
    var sender = try Self.sender()
    let taken1 = sender.receive(sack, at: .zero + .milliseconds(20))
    #expect(!taken1)
    #expect(sender.metrics.invalidAcknowledgementCount == 1)
    #expect(sender.outstanding.inFlightCount == 10)
    #expect(sender.outstanding.acknowledgedCount == 0)
    #expect(sender.acknowledgedTSN == 99)
    #expect(sender.timeout.smoothed == nil)
  }

  @Test func `a SACK from before is told apart, and changes nothing`() throws {
    var sender = try Self.sender()
    let taken2 = sender.receive(Self.sack(104), at: .zero + .milliseconds(20))
    #expect(taken2)
    let taken3 = sender.receive(Self.sack(102, window: 0), at: .zero + .milliseconds(21))
    #expect(!taken3)
    #expect(sender.metrics.staleAcknowledgementCount == 1)
    #expect(sender.advertisedWindow == 1 << 20)
  }

  @Test func `nothing is acknowledged before anything may be sent`() {
    var sender = SendingSide(options: .init(), initialTSN: 100)
    let taken4 = sender.receive(Self.sack(99), at: .zero)
    #expect(!taken4)
  }

  @Test func `chunks the other side dropped after having acknowledged them are sent again`() throws
  {
    var sender = try Self.sender()
    let now = Instant.zero + .milliseconds(20)
    let taken5 = sender.receive(Self.sack(99, [(3, 6)]), at: now)
    #expect(taken5)
    #expect(sender.outstanding.acknowledgedCount == 4)
    // The cumulative TSN comes to 101 and stops there: 102 to 105 are gone.
    let taken6 = sender.receive(Self.sack(101), at: now + .milliseconds(20))
    #expect(taken6)
    #expect(sender.metrics.renegeCount == 1)
    let again = try sender.sentHeaders(at: now + .milliseconds(20)).map(\.tsn)
    #expect(again.first == 102)
    #expect(again.count + sender.outstanding.lost.count >= 4)
    #expect(sender.outstanding.acknowledgedCount == 0)
  }

  @Test func `a SACK that comes late within a gap is no dropping`() throws {
    var sender = try Self.sender()
    let now = Instant.zero + .milliseconds(20)
    let taken7 = sender.receive(Self.sack(99, [(3, 7)]), at: now)
    #expect(taken7)
    let taken8 = sender.receive(Self.sack(99, [(3, 3), (5, 5)]), at: now)
    #expect(taken8)
    #expect(sender.metrics.renegeCount == 0)
    #expect(sender.outstanding.acknowledgedCount == 5)
  }

  @Test func `only chunks that were sent once are measured`() throws {
    var sender = try Self.sender()
    sender.advance(to: .zero + .seconds(1))
    _ = try sender.allPackets(at: .zero + .seconds(1))
    let taken9 = sender.receive(Self.sack(100), at: .zero + .milliseconds(1010))
    #expect(taken9)
    #expect(sender.timeout.smoothed == nil)
  }

  @Test func `random SACKs never trap and never free more than there is`() throws {
    for seed in 0..<60 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var sender = try Self.sender()
      var now = Instant.zero
      for _ in 0..<60 {
        now = now + .milliseconds(Int64(random.next() % 200))
        let offset = UInt32(random.next() % 14)
        var blocks: [(UInt16, UInt16)] = []
        for _ in 0..<random.next() % 4 {
          let start = UInt16(random.next() % 12)
          blocks.append((start, start &+ UInt16(random.next() % 3)))
        }
        sender.receive(
          Self.sack(95 &+ offset, blocks, window: UInt32(random.next() % 5000)), at: now)
        sender.advance(to: now)
        _ = try sender.allPackets(at: now)
        #expect(sender.bufferedByteCount >= 0 && sender.outstandingByteCount >= 0)
        #expect(sender.outstanding.inFlightByteCount >= 0)
      }
    }
  }
}
