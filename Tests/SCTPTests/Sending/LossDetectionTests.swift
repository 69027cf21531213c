import Testing
import Wire

@testable import SCTP

/// RACK on SACKs (RFC 8985, RFC 9260 §7.2.4).
struct LossDetectionTests {
  @Test func `a packet is lost once three later ones have arrived`() throws {
    var sender = try AcknowledgementTests.sender()
    let now = Instant.zero + .milliseconds(50)
    sender.receive(AcknowledgementTests.sack(99, [(2, 2)]), at: now)
    sender.receive(AcknowledgementTests.sack(99, [(2, 3)]), at: now)
    #expect(sender.metrics.detectedLossCount == 0)
    sender.receive(AcknowledgementTests.sack(99, [(2, 4)]), at: now)
    #expect(sender.metrics.detectedLossCount == 1)
    let again = try sender.sentHeaders(at: now)
    #expect(again.first?.tsn == 100)
  }

  @Test func `or when a quarter of the round trip has passed since`() throws {
    var sender = try AcknowledgementTests.sender()
    let now = Instant.zero + .milliseconds(40)
    sender.receive(AcknowledgementTests.sack(99, [(2, 2)]), at: now)
    #expect(sender.deadline == now + .milliseconds(10))
    sender.advance(to: now + .milliseconds(10))
    #expect(sender.metrics.detectedLossCount == 1)
  }

  @Test func `one loss costs one reduction, and one of its repetition another`() throws {
    var options = SCTPOptions()
    options.congestionControl = .standard
    var run = SendingRun(options: options)
    for _ in 0..<9 { try run.send(100_000) }
    // TSN 1020 is lost twice.
    var losses = 0
    run.drops = { _, chunks in
      guard case .data(let header, _)? = chunks.first, header.tsn == 1020, losses < 2 else {
        return false
      }
      losses += 1
      return true
    }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.metrics.recoveryCount == 2)
    #expect(run.sender.metrics.timeoutCount == 0)
    #expect(run.sender.metrics.retransmissionCount == 2)
  }

  @Test func `a network that reorders is learned, and little is sent again for nothing`() throws {
    var run = SendingRun()
    run.jitter = .milliseconds(20)
    for _ in 0..<10 { try run.send(200_000) }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.detection.hasSeenReordering)
    #expect(run.sender.detection.multiplier > 1)
    #expect(run.sender.metrics.retransmissionCount * 20 < run.sender.metrics.chunkCount)
    #expect(run.sender.metrics.timeoutCount == 0)
  }

  @Test func `the window for reordering narrows again after a while without`() {
    var detection = LossDetection()
    detection.widen(newest: 5, nextPacket: 10)
    detection.widen(newest: 6, nextPacket: 11)
    #expect(detection.multiplier == 2)
    detection.widen(newest: 10, nextPacket: 20)
    #expect(detection.multiplier == 3)
    for _ in 0..<16 { detection.noteRecovered() }
    #expect(detection.multiplier == 1)
  }

  @Test func `a closed window is probed, and is no failure while the other side answers`() throws {
    var run = SendingRun()
    run.receiver.window = 0
    run.sender.advertisedWindow = 0
    for _ in 0..<4 { try run.send(1000) }
    // The other side has no room: it drops what comes and says so.
    run.isReceiverFull = true
    try run.run(for: .seconds(60))
    #expect(run.packetCount >= 5 && run.packetCount <= 20)
    #expect(run.sender.errorCount <= 1)
    #expect(run.sender.outstanding.count == 1)
    run.isReceiverFull = false
    run.receiver.window = 1 << 20
    let isDone = try run.run()
    #expect(isDone)
  }

  @Test func `no more is in flight than the other side has room for`() throws {
    var sender = SendingSide(options: .init(), initialTSN: 1)
    sender.start(peerWindow: 4000, isInterleaved: false, usesPartialReliability: false)
    try sender.add(
      SCTPMessage(stream: 0, identifier: .binary, payload: [UInt8](repeating: 0, count: 20_000)),
      delivery: .init(), at: .zero)
    _ = try sender.allPackets(at: .zero)
    #expect(sender.outstanding.inFlightByteCount <= 4000)
    #expect(sender.outstanding.inFlightByteCount > 2000)
  }
}
