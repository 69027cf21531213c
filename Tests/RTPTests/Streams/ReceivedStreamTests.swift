import RTP
import Testing
import Wire

struct ReceivedStreamTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private func receive(
    _ number: UInt16, payload: [UInt8] = [1], by stream: inout ReceivedStream, at now: Instant
  ) -> ReceivedPacket? {
    let header = RTPHeader(
      payloadType: videoType, sequenceNumber: number, timestamp: 9, ssrc: 0x1111)
    let bytes = datagram(header, RTPHeaderExtensionList(), payload)
    return stream.receive(header, in: bytes.span, payload: 12..<bytes.count, at: now)
  }

  private func repair(
    _ number: UInt16, payload: [UInt8] = [1], type: UInt8 = repairType,
    by stream: inout ReceivedStream, at now: Instant
  ) -> ReceivedPacket? {
    let header = RTPHeader(payloadType: type, sequenceNumber: 1, timestamp: 9, ssrc: 0x2222)
    let content = [UInt8(number >> 8), UInt8(number & 0xff)] + payload
    let bytes = datagram(header, RTPHeaderExtensionList(), content)
    return stream.receiveRepair(header, in: bytes.span, payload: 12..<bytes.count, at: now)
  }

  @Test func `a repetition gives back the packet, once`() throws {
    var stream = ReceivedStream(options: receivedOptions())
    #expect(repair(10, by: &stream, at: at(0)) == nil)
    #expect(receive(65_535, by: &stream, at: at(0))?.index == 65_535)
    #expect(receive(1, by: &stream, at: at(0))?.index == 65_537)
    #expect(repair(0, payload: [], by: &stream, at: at(1)) == nil)
    #expect(repair(0, type: 98, by: &stream, at: at(1)) == nil)
    let repaired = repair(0, payload: [7, 8], by: &stream, at: at(1))
    let packet = try #require(repaired)
    #expect(packet.index == 65_536 && packet.sequenceNumber == 0 && packet.isRepaired)
    #expect(packet.payload == [7, 8] && packet.ssrc == 0x1111 && packet.payloadType == videoType)
    #expect(repair(0, by: &stream, at: at(2)) == nil)
    #expect(receive(0, by: &stream, at: at(2)) == nil)
    #expect(stream.counters.repairedCount == 1 && stream.counters.duplicateCount == 2)
    #expect(stream.deadline == nil)
  }

  @Test func `a repetition that overtakes its stream is taken, one from nowhere is not`() {
    var stream = ReceivedStream(options: receivedOptions())
    _ = receive(100, by: &stream, at: at(0))
    #expect(repair(103, by: &stream, at: at(0))?.index == 103)
    #expect(repair(1200, by: &stream, at: at(0)) == nil)
    #expect(
      stream.requests(from: 1, at: at(10)) == [
        .genericNACK(GenericNACK(senderSSRC: 1, mediaSSRC: 0x1111, sequenceNumbers: [101, 102]))
      ])
  }

  @Test func `what is older than the window counts as seen`() {
    var stream = ReceivedStream(options: receivedOptions())
    _ = receive(5000, by: &stream, at: at(0))
    #expect(receive(5000 - 2047, by: &stream, at: at(0)) != nil)
    #expect(receive(5000 - 2048, by: &stream, at: at(0)) == nil)
    _ = receive(5001, by: &stream, at: at(0))
    #expect(receive(5001 - 2047, by: &stream, at: at(0)) != nil)
  }

  @Test func `full intra requests count up, and a repetition keeps its number`() {
    var options = receivedOptions()
    options.keyFrameRequest = .fullIntra
    var stream = ReceivedStream(options: options)
    func number(_ packets: [RTCPPacket]) -> UInt8? {
      guard case .fullIntraRequest(let request) = packets.first else { return nil }
      return request.entries.first?.sequenceNumber
    }
    stream.keyFrames.want()
    #expect(number(stream.requests(from: 1, at: at(0))) == 1)
    #expect(stream.requests(from: 1, at: at(499)) == [])
    #expect(number(stream.requests(from: 1, at: at(500))) == 1)
    stream.noteKeyFrame(from: 0)
    stream.keyFrames.want()
    #expect(number(stream.requests(from: 1, at: at(1000))) == 2)
  }

  @Test(arguments: [false, true])
  func `who never sends a key frame is asked ever more rarely, or insistently`(insists: Bool) {
    var demand = KeyFrameDemand(insists: insists)
    demand.want()
    var count = 0
    for step in 0..<60_000 where demand.take(at: at(Int64(step))) { count += 1 }
    #expect(insists ? count == 120 : (25...30).contains(count))
  }

  @Test func `requests for key frames are half a second apart and stop when one comes`() {
    var demand = KeyFrameDemand()
    var asked: [Int64] = []
    for step in 0..<3000 as Range<Int64> {
      if [100, 101, 2000].contains(step) { demand.want() }
      if step == 1200 { demand.satisfy() }
      if demand.take(at: at(step)) { asked.append(step) }
    }
    #expect(asked == [100, 600, 1100, 2000, 2500])
  }

  @Test func `goodbye ends all requests, and a packet takes it back`() {
    var stream = ReceivedStream(options: receivedOptions())
    _ = receive(1, by: &stream, at: at(0))
    _ = receive(3, by: &stream, at: at(0))
    stream.keyFrames.want()
    stream.receiveGoodbye()
    #expect(stream.isEnded && stream.deadline == nil)
    #expect(stream.requests(from: 1, at: at(1000)) == [])
    _ = receive(4, by: &stream, at: at(1000))
    #expect(!stream.isEnded && stream.lastPacketReceivedAt == at(1000))
  }

  @Test func `timestamps are told in the sender's time, over their wrap`() throws {
    var stream = ReceivedStream(options: receivedOptions())
    let ntp = NTP.timestamp(at(0), epoch: virtualEpoch)
    stream.receive(
      SenderReport(
        ssrc: 0x1111, ntpTimestamp: ntp, rtpTimestamp: 10, packetCount: 1, octetCount: 2),
      at: at(40))
    let clock = try #require(stream.senderClock)
    #expect(clock.networkTime(of: 10) == ntp)
    #expect(clock.networkTime(of: 10 + 90_000) == ntp + 1 << 32)
    #expect(clock.networkTime(of: 10 &- 45_000) == ntp - 1 << 31)
    stream.receive(
      SenderReport(
        ssrc: 5, ntpTimestamp: 0, rtpTimestamp: 0, packetCount: 1, octetCount: 2), at: at(40))
    #expect(stream.senderReport?.ntpTimestamp == ntp)
  }

  @Test func `any number at any time is taken`() {
    var stream = ReceivedStream(options: receivedOptions())
    var random = RandomSource.seeded(8)
    for _ in 0..<20_000 {
      let now = Instant(nanoseconds: Int64(truncatingIfNeeded: random.next()))
      _ = receive(UInt16(truncatingIfNeeded: random.next()), by: &stream, at: now)
      _ = repair(UInt16(truncatingIfNeeded: random.next()), by: &stream, at: now)
      _ = stream.requests(from: 1, at: now)
      _ = stream.reportBlock(at: now)
    }
  }
}
