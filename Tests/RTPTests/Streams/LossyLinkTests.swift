import RTCTesting
import RTP
import Testing
import Wire

struct LossyLinkTests {
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `of every thousand packets, 999 come over a link that loses a tenth each way`(
    seed: UInt64
  ) throws {
    let link = StreamLink(
      seed: seed,
      conditions: LinkConditions(delay: .milliseconds(50), loss: .bernoulli(0.1)))
    link.network.run(for: .seconds(30))
    link.sender.isSending = false
    link.network.run(for: .seconds(3))
    let packets = link.receiver.packets
    #expect(Set(packets.map(\.index)).count == packets.count)
    #expect(Double(packets.count) >= 0.999 * Double(link.sender.sentCount))
    let wrong = packets.count { packet in
      let number = (0..<4).reduce(0) { $0 | Int(packet.payload[$1]) << ($1 * 8) }
      return packet.payload != payloadBytes(number) || packet.payloadType != videoType
        || packet.ssrc != 0x1111 || packet.timestamp != 4_294_960_000 &+ UInt32(number * 3000)
    }
    #expect(wrong == 0)
    #expect(packets.contains { $0.isRepaired } && packets.contains { !$0.isRepaired })
    let counters = link.sender.stream.counters
    #expect(counters.repairPacketCount * 4 <= counters.packetCount)
    #expect(link.receiver.stream.counters.duplicateCount < counters.repairPacketCount / 10)
    let remote = try #require(link.sender.stream.remote)
    #expect((80...125).contains(remote.roundTrip?.milliseconds ?? 0))
    #expect(abs(Double(remote.lostCount) / Double(link.sender.sentCount) - 0.1) < 0.015)
    #expect(link.receiver.stream.cname == "sender")
    #expect(link.network.stuckTimerCount == 0)
  }

  @Test func `bursts, disorder and copies are survived too`() {
    for seed in 1...2 as ClosedRange<UInt64> {
      let link = StreamLink(
        seed: seed,
        conditions: LinkConditions(
          delay: .milliseconds(50), jitter: .milliseconds(10),
          loss: .bursts(rate: 0.05, meanLength: 5), reordering: 0.05, duplication: 0.02))
      link.network.run(for: .seconds(30))
      link.sender.isSending = false
      link.network.run(for: .seconds(3))
      let packets = link.receiver.packets
      #expect(Set(packets.map(\.index)).count == packets.count)
      #expect(Double(packets.count) >= 0.999 * Double(link.sender.sentCount))
    }
  }

  @Test func `nothing changes where sequence numbers and timestamps wrap`() {
    // A seed whose numbers begin high; timestamps wrap within the first three packets.
    let seed = (1...1000 as ClosedRange<UInt64>).first { firstNumber(seed: $0) > 0x7f00 }
    let link = StreamLink(
      seed: seed ?? 0, conditions: LinkConditions(delay: .milliseconds(10), loss: .bernoulli(0.02)),
      interval: .milliseconds(1))
    link.network.run(for: .seconds(34))
    link.sender.isSending = false
    link.network.run(for: .seconds(2))
    #expect(link.sender.sentCount >= 33_999)
    #expect(Double(link.receiver.packets.count) >= 0.999 * Double(link.sender.sentCount))
    let indices = link.receiver.packets.map(\.index)
    #expect(indices.min() ?? 0 > 0x7f00 && indices.max() ?? 0 > 0xffff)
    #expect(link.sender.stream.counters.repairPacketCount > 300)
  }

  private func firstNumber(seed: UInt64) -> UInt16 {
    var random = RandomSource.seeded(seed)
    var stream = OutgoingStream(
      options: outgoingOptions(), timestampOffset: 0, random: &random)
    var transport = TransportSequencer()
    var extensions = RTPHeaderExtensionList()
    return stream.makeHeader(
      for: OutgoingPacket(payloadType: videoType, timestamp: 0, payload: []), at: .zero,
      transport: &transport, extensions: &extensions
    ).sequenceNumber
  }

  @Test func `without agreed repetitions a request is counted and nothing is sent again`() {
    let link = StreamLink(
      seed: 1, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1)),
      hasRetransmission: false)
    link.network.run(for: .seconds(5))
    #expect(link.sender.stream.counters.requestCount > 10)
    #expect(link.sender.stream.counters.repairPacketCount == 0)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `a key frame is asked for until it comes, and made at most twice a second`(
    seed: UInt64
  ) {
    let link = StreamLink(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.3)))
    link.network.recordsTrace = true
    link.network.run(for: .seconds(1))
    link.network.act(as: link.receiver) { _, _ in link.receiver.stream.keyFrames.want() }
    link.network.run(for: .milliseconds(2990))
    // At once and every half second; which of these arrive is for the link to say.
    #expect(link.receiver.stream.counters.pictureLossCount == 6)
    let times = link.sender.keyFrameRequests
    #expect(times.count == 6 - lostRequestCount(link))
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(500) })
    link.network.act(as: link.receiver) { _, _ in link.receiver.stream.noteKeyFrame(from: 0) }
    link.network.run(for: .milliseconds(100))
    let count = link.sender.keyFrameRequests.count
    link.network.run(for: .seconds(5))
    #expect(link.sender.keyFrameRequests.count == count)
    #expect(link.receiver.stream.counters.pictureLossCount == 6)
  }

  /// Requests for key frames are the only datagrams of twelve bytes.
  private func lostRequestCount(_ link: StreamLink) -> Int {
    link.network.trace.count { $0.byteCount == 12 && $0.fate == .lost }
  }
}
