import RTP
import Testing
import Wire

struct OutgoingStreamTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private struct Sender {
    var stream: OutgoingStream
    var transport = TransportSequencer()
    var extensions = RTPHeaderExtensionList()

    init(_ options: OutgoingStream.Options = outgoingOptions(), seed: UInt64 = 1) {
      var random = RandomSource.seeded(seed)
      stream = OutgoingStream(options: options, timestampOffset: 1000, random: &random)
    }

    mutating func send(
      _ payload: [UInt8] = [1, 2, 3], timestamp: UInt32 = 0, number: UInt16? = nil, at now: Instant
    ) -> RTPHeader {
      stream.makeHeader(
        for: OutgoingPacket(
          payloadType: videoType, timestamp: timestamp, payload: payload, sequenceNumber: number,
          audioLevel: AudioLevel(level: 20, hasVoice: true)), at: now, transport: &transport,
        extensions: &extensions)
    }

    mutating func repair(at now: Instant) -> (header: RTPHeader, payload: [UInt8])? {
      var payload: [UInt8] = []
      return stream.makeRepair(
        at: now, transport: &transport, extensions: &extensions, payload: &payload
      ).map { ($0, payload) }
    }
  }

  @Test func `numbers begin at random in the lower half, and go on by one`() {
    var firsts: Set<UInt16> = []
    for seed in 0..<50 as Range<UInt64> {
      var sender = Sender(seed: seed)
      let first = sender.send(at: at(0))
      #expect(first.sequenceNumber < 0x8000)
      #expect(sender.send(at: at(0)).sequenceNumber == first.sequenceNumber + 1)
      firsts.insert(first.sequenceNumber)
    }
    #expect(firsts.count > 45)
  }

  @Test func `all agreed extensions are written, the others not`() throws {
    var options = outgoingOptions()
    options.rid = "hi"
    options.extensions.rid = 2
    options.extensions.repairedRID = 3
    options.extensions.audioLevel = 4
    options.extensions.absoluteSendTime = 6
    var sender = Sender(options)
    _ = sender.send(at: at(0))
    let header = sender.send(at: at(1500))
    let bytes = datagram(header, sender.extensions, [9])
    let packet = try RTPPacket(parsing: bytes.span)
    #expect(packet.header.extensionText(id: 1, in: bytes.span) == "v")
    #expect(packet.header.extensionText(id: 2, in: bytes.span) == "hi")
    #expect(packet.header.extensionRange(id: 3, in: bytes.span) == nil)
    #expect(packet.header.extensionByte(id: 4, in: bytes.span) == 0x94)
    let number = packet.header.extensionRange(id: 5, in: bytes.span)
    #expect(number.map { Array(bytes[$0]) } == [0, 1])
    let time = packet.header.extensionRange(id: 6, in: bytes.span)
    #expect(time.map { Array(bytes[$0]) } == [0x06, 0, 0])

    sender.stream.receive(
      GenericNACK(
        senderSSRC: 1, mediaSSRC: 0x1111, sequenceNumbers: [header.sequenceNumber]),
      at: at(1600))
    let made = sender.repair(at: at(1600))
    let repair = try #require(made)
    let again = datagram(repair.header, sender.extensions, repair.payload)
    let read = try RTPHeader(parsing: again.span)
    #expect(read.extensionText(id: 2, in: again.span) == nil)
    #expect(read.extensionText(id: 3, in: again.span) == "hi")
    #expect(read.ssrc == 0x2222 && read.payloadType == repairType)
    #expect(read.timestamp == header.timestamp)
    #expect(
      Array(repair.payload.prefix(2)) == [
        UInt8(header.sequenceNumber >> 8), UInt8(header.sequenceNumber & 0xff),
      ])
    #expect(Array(repair.payload.dropFirst(2)) == [1, 2, 3])
    #expect(sender.repair(at: at(1600)) == nil)
  }

  @Test func `the payload limit leaves room for all that is added`() {
    var options = outgoingOptions()
    options.rid = "hi"
    options.extensions.repairedRID = 3
    options.extensions.absoluteSendTime = 6
    var sender = Sender(options)
    let limit = sender.stream.payloadLimit(datagramByteCount: 1200)
    let header = sender.send([UInt8](repeating: 0, count: limit), at: at(0))
    sender.stream.receive(
      GenericNACK(
        senderSSRC: 1, mediaSSRC: 0x1111, sequenceNumbers: [header.sequenceNumber]),
      at: at(100))
    guard let repair = sender.repair(at: at(100)) else {
      Issue.record("no repair")
      return
    }
    let count = datagram(repair.header, sender.extensions, repair.payload).count + 16
    #expect(count <= 1200 && count > 1180)
    #expect(sender.stream.payloadLimit(datagramByteCount: 0) == 1)
  }

  @Test func `who numbers by himself keeps his gaps and his order`() {
    var sender = Sender()
    let first = sender.send(number: 65_534, at: at(0)).sequenceNumber
    #expect(sender.send(number: 1, at: at(0)).sequenceNumber == first &+ 3)
    #expect(sender.send(number: 65_535, at: at(0)).sequenceNumber == first &+ 1)
    #expect(sender.send(at: at(0)).sequenceNumber == first &+ 4)
    #expect(sender.send(number: 500, at: at(0)).sequenceNumber == first &+ 5)
  }

  @Test func `sender reports tell counts and the media time of now, and end some time after media`()
  {
    var sender = Sender()
    #expect(sender.stream.senderReport(at: at(0), epoch: virtualEpoch) == nil)
    _ = sender.send(timestamp: 90_000, at: at(1000))
    _ = sender.send(timestamp: 90_000, at: at(1100))
    let report = sender.stream.senderReport(at: at(1500), epoch: virtualEpoch)
    #expect(
      report
        == SenderReport(
          ssrc: 0x1111, ntpTimestamp: NTP.timestamp(at(1500), epoch: virtualEpoch),
          rtpTimestamp: 1000 + 90_000 + 45_000, packetCount: 2, octetCount: 6))
    #expect(sender.stream.senderReport(at: at(4000), epoch: virtualEpoch) != nil)
    #expect(sender.stream.senderReport(at: at(4101), epoch: virtualEpoch) == nil)
  }

  @Test func `a round trip is taken from a report that was sent, and no lie`() throws {
    var sender = Sender()
    _ = sender.send(at: at(0))
    let first = sender.stream.senderReport(at: at(1000), epoch: virtualEpoch)
    let report = try #require(first)
    var block = ReportBlock(
      ssrc: 0x1111, fractionLost: 64, cumulativeLost: 5, jitter: 900,
      lastSenderReport: NTP.middle(report.ntpTimestamp),
      delaySinceLastSenderReport: NTP.middle(NTP.interval(.milliseconds(300))))
    #expect(sender.stream.receive(block, at: at(1400), epoch: virtualEpoch) == true)
    let remote = try #require(sender.stream.remote)
    #expect(remote.roundTrip?.milliseconds == 99 || remote.roundTrip?.milliseconds == 100)
    #expect(remote.fractionLost == 0.25 && remote.lostCount == 5 && remote.jitter == 0.01)
    block.lastSenderReport &-= 70_000
    sender.stream.receive(block, at: at(1500), epoch: virtualEpoch)
    #expect(sender.stream.remote?.roundTripCount == 1)
    #expect(sender.stream.remote?.reportCount == 2)
    block.lastSenderReport = NTP.middle(report.ntpTimestamp)
    block.delaySinceLastSenderReport = 0
    sender.stream.receive(block, at: at(12_000), epoch: virtualEpoch)
    #expect(sender.stream.remote?.roundTripCount == 1)
    block.ssrc = 7
    #expect(sender.stream.receive(block, at: at(12_000), epoch: virtualEpoch) == false)
  }

  @Test func `row 33: a flood of requests makes two key frames a second`() {
    var sender = Sender()
    var count = 0
    for step in 0..<10_000 {
      let now = at(Int64(step))
      if sender.stream.receivePictureLoss(at: now) { count += 1 }
      if sender.stream.receiveIntraRequest(UInt8(truncatingIfNeeded: step), at: now) { count += 1 }
    }
    #expect(count == 20)
    #expect(sender.stream.counters.pictureLossCount == 10_000)
    #expect(sender.stream.counters.intraRequestCount == 10_000)
  }

  @Test func `a repeated intra request asks for nothing new`() {
    var sender = Sender()
    #expect(sender.stream.receiveIntraRequest(4, at: at(0)) == true)
    #expect(sender.stream.receiveIntraRequest(4, at: at(5000)) == false)
    #expect(sender.stream.receiveIntraRequest(5, at: at(5000)) == true)
  }

  @Test func `row 34: hostile requests make a stream send at most half as much again`() {
    var sender = Sender()
    let everything = GenericNACK(
      senderSSRC: 1, mediaSSRC: 0x1111,
      items: stride(from: 0, to: 65_536, by: 17).map {
        .init(packetID: UInt16($0), followingLost: 0xffff)
      })
    for step in 0..<100 {
      for _ in 0..<4 {
        _ = sender.send([UInt8](repeating: 1, count: 1000), at: at(Int64(step) * 10))
      }
      sender.stream.receive(everything, at: at(Int64(step) * 10))
      while sender.repair(at: at(Int64(step) * 10)) != nil {}
    }
    let counters = sender.stream.counters
    #expect(Int(counters.repairByteCount) <= 400 * 1002 / 2 + RetransmissionCache.allowance * 2)
    #expect(counters.repairPacketCount > 50)
  }
}
