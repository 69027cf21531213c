import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct FrameAssemblerTests {
  private func frame(
    _ timestamp: UInt32, isKeyFrame: Bool = false, count: Int = 300, layer: FrameLayer? = nil
  ) -> EncodedFrame {
    EncodedFrame(
      bytes: [isKeyFrame ? 0x10 : 0x11] + [UInt8](repeating: 7, count: count), timestamp: timestamp,
      isKeyFrame: isKeyFrame, layer: layer)
  }

  private func options(_ change: (inout FrameAssembler.Options) -> Void) -> FrameAssembler.Options {
    var options = FrameAssembler.Options()
    change(&options)
    return options
  }

  @Test func `a frame tells when it came, in how many packets`() throws {
    var sender = TestSender(.vp8, from: 65_535, maximumPayloadSize: 106)
    var assembler = FrameAssembler(codec: .vp8)
    let packets = sender.send(frame(9, isKeyFrame: true))
    for (index, place) in [2, 0, 1, 3].enumerated() {
      #expect(assembler.next() == nil)
      assembler.insert(packets[place], at: at(Int64(index) * 10))
    }
    let next = assembler.next()
    let received = try #require(next)
    #expect(received.firstReceivedAt == at(0))
    #expect(received.receivedAt == at(30))
    #expect(received.sequenceNumber == 65_535)
    #expect(received.packetCount == 4)
    #expect(received.pictureID == 0x7ffe)
    #expect(received.followsLoss == false)
    #expect(received.frame == frame(9, isKeyFrame: true))
  }

  @Test func `nothing comes before the first key frame`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8)
    #expect(assembler.needsKeyFrame)
    for packet in sender.send(frame(0)) + sender.send(frame(1)) { assembler.insert(packet) }
    #expect(assembler.all().isEmpty)
    for packet in sender.send(frame(2, isKeyFrame: true)) { assembler.insert(packet) }
    #expect(assembler.all().map(\.frame.timestamp) == [2])
    #expect(!assembler.needsKeyFrame)
    #expect(assembler.packetCount == 0)
  }

  @Test func `a frame without marker ends where the next one starts`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8)
    for timestamp in 0..<3 as Range<UInt32> {
      for var packet in sender.send(frame(timestamp, isKeyFrame: timestamp == 0)) {
        packet.header.marker = false
        assembler.insert(packet)
      }
    }
    #expect(assembler.all().map(\.frame.timestamp) == [0, 1])
  }

  @Test func `a hole is waited for until the limit, then only a key frame helps`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8, options: options { $0.reorderingLimit = 4 })
    for packet in sender.send(frame(0, isKeyFrame: true)) { assembler.insert(packet) }
    #expect(assembler.all().count == 1)
    let lost = sender.send(frame(1))
    for timestamp in 2..<5 as Range<UInt32> {
      for packet in sender.send(frame(timestamp)) { assembler.insert(packet) }
      #expect(assembler.all().isEmpty)
      #expect(!assembler.needsKeyFrame)
    }
    for packet in sender.send(frame(5)) { assembler.insert(packet) }
    #expect(assembler.all().isEmpty)
    #expect(assembler.needsKeyFrame)
    #expect(assembler.insert(lost[0]) == .late)
    for packet in sender.send(frame(6, isKeyFrame: true)) { assembler.insert(packet) }
    let received = assembler.all()
    #expect(received.map(\.frame.timestamp) == [6])
    #expect(received.first?.followsLoss == true)
    #expect(assembler.counts.droppedFrames == 4)
    #expect(assembler.counts.latePackets == 1)
    #expect(assembler.counts.emittedKeyFrames == 2)
  }

  @Test func `a late packet within the limit fills the hole`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8)
    let packets = (0..<20 as Range<UInt32>).flatMap { number -> [SentPacket] in
      sender.send(frame(number, isKeyFrame: number == 0))
    }
    for packet in packets where packet != packets[1] { assembler.insert(packet) }
    #expect(assembler.all().count == 1)
    assembler.insert(packets[1])
    #expect(assembler.all().map(\.frame.timestamp) == Array(1..<20))
  }

  @Test func `with no recovery every whole frame comes`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(
      codec: .vp8, options: options { ($0.reorderingLimit, $0.recovery) = (2, .none) })
    for packet in sender.send(frame(0)) { assembler.insert(packet) }
    #expect(assembler.all().map(\.followsLoss) == [false])
    _ = sender.send(frame(1))
    for timestamp in 2..<6 as Range<UInt32> {
      for packet in sender.send(frame(timestamp)) { assembler.insert(packet) }
    }
    #expect(assembler.all().map(\.followsLoss) == [true, false, false, false])
  }

  @Test func `padding fills its number and nothing else`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8)
    for timestamp in 0..<5 as Range<UInt32> {
      for packet in sender.send(frame(timestamp, isKeyFrame: timestamp == 0)) {
        assembler.insert(packet)
      }
      for _ in 0..<3 {
        #expect(assembler.insert(sender.sendPadding(timestamp: timestamp)) == .accepted)
      }
      #expect(assembler.all().map(\.packetCount) == [1])
    }
    #expect(assembler.packetCount <= 3)
  }

  @Test func `the start of a frame is found after a loss right before it`() {
    var sender = TestSender(.vp8, maximumPayloadSize: 106)
    var assembler = FrameAssembler(codec: .vp8, options: options { $0.reorderingLimit = 2 })
    for packet in sender.send(frame(0, isKeyFrame: true)) { assembler.insert(packet) }
    // The end of one frame and the key frame's neighbour are missing: the S bit tells.
    for packet in sender.send(frame(1)).dropLast() { assembler.insert(packet) }
    for packet in sender.send(frame(2, isKeyFrame: true)) { assembler.insert(packet) }
    #expect(assembler.all().map(\.frame.timestamp) == [0, 2])
  }

  @Test func `a key frame of H264 without parameter sets is of no use, unless they are known`() {
    let slice = EncodedFrame(bytes: bytes("00000001 65b8"), timestamp: 0)
    for (expects, count) in [(true, 0), (false, 1)] {
      var sender = TestSender(.h264)
      var assembler = FrameAssembler(
        codec: .h264, options: options { $0.expectsParameterSets = expects })
      // Something before it, so that its start is known.
      for packet in sender.send(EncodedFrame(bytes: bytes("00000001 41b8"), timestamp: 7)) {
        assembler.insert(packet)
      }
      for packet in sender.send(slice) { assembler.insert(packet) }
      #expect(assembler.all().count == count)
    }
  }

  @Test func `a payload that makes no sense counts and is lost`() {
    var assembler = FrameAssembler(codec: .vp8)
    let header = RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 0, ssrc: 1)
    #expect(assembler.insert(SentPacket(header: header, payload: [0x80])) == .malformed)
    #expect(assembler.counts.malformedPackets == 1)
  }

  @Test func `payloads that do not fit together are a loss`() {
    var sender = TestSender(.h264, maximumPayloadSize: 64)
    var assembler = FrameAssembler(codec: .h264, options: options { $0.recovery = .none })
    var packets = sender.send(
      EncodedFrame(bytes: [0, 0, 0, 1, 0x65] + [UInt8](repeating: 9, count: 200), timestamp: 0))
    packets[0].payload[1] &= 0x7f
    packets[0].header.sequenceNumber = 65_500
    for packet in sender.send(EncodedFrame(bytes: bytes("00000001 41b8"), timestamp: 5)) {
      packets.append(packet)
    }
    // A whole frame in front makes the broken one's start certain.
    var other = TestSender(.h264, from: 65_499)
    packets =
      other.send(EncodedFrame(bytes: bytes("00000001 67 000001 41b8"), timestamp: 9)) + packets
    for packet in packets { assembler.insert(packet) }
    #expect(assembler.all().map(\.frame.timestamp) == [9, 5])
    #expect(assembler.counts.droppedFrames == 1)
  }

  @Test func `memory is bounded in packets and in bytes`() {
    for recovery in [LossRecovery.keyFrame, .none] {
      var assembler = FrameAssembler(
        codec: .vp8,
        options: options {
          ($0.maximumPacketCount, $0.maximumByteCount, $0.recovery) = (64, 20_000, recovery)
        })
      var random = RandomSource.seeded(3)
      for number in 0..<20_000 as Range<UInt64> {
        let header = RTPHeader(
          payloadType: 96,
          sequenceNumber: UInt16(truncatingIfNeeded: number * 2 / 3 + random.next() % 9),
          timestamp: UInt32(truncatingIfNeeded: random.next() % 7), ssrc: 1,
          marker: random.next() % 5 == 0)
        let payload = [0x10] + [UInt8](repeating: 1, count: Int(random.next() % 1200))
        assembler.insert(SentPacket(header: header, payload: payload))
        if random.next() % 50 == 0 { _ = assembler.all() }
        #expect(assembler.packetCount <= 64)
        #expect(assembler.byteCount <= 20_000)
      }
    }
  }

  @Test func `limits that could not work are mended`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(
      codec: .vp8,
      options: options {
        ($0.maximumPacketCount, $0.maximumByteCount, $0.reorderingLimit) = (0, -1, -1)
      })
    for packet in sender.send(frame(0, isKeyFrame: true)) { assembler.insert(packet) }
    #expect(assembler.all().count == 1)
  }

  @Test func `a frame larger than all memory is dropped`() {
    var sender = TestSender(.vp8)
    var assembler = FrameAssembler(codec: .vp8, options: options { $0.maximumByteCount = 5000 })
    for packet in sender.send(frame(0, isKeyFrame: true, count: 9000)) { assembler.insert(packet) }
    #expect(assembler.all().isEmpty)
    for packet in sender.send(frame(1, isKeyFrame: true)) { assembler.insert(packet) }
    #expect(assembler.all().map(\.frame.timestamp) == [1])
  }

  @Test func `an outage, however long, is survived`() {
    for gap in [1000, 3000, 30_000, 40_000, 65_000] as [UInt16] {
      var sender = TestSender(.vp8)
      var assembler = FrameAssembler(codec: .vp8)
      for packet in sender.send(frame(0, isKeyFrame: true)) { assembler.insert(packet) }
      _ = assembler.all()
      sender.sequenceNumber &+= gap
      var received: [ReceivedFrame] = []
      for timestamp in 1..<100 as Range<UInt32> {
        for packet in sender.send(frame(timestamp, isKeyFrame: timestamp % 5 == 0)) {
          assembler.insert(packet)
        }
        received += assembler.all()
        assembler.abandonFrame()
        received += assembler.all()
      }
      #expect(received.last?.frame.timestamp == 99, "\(gap)")
    }
  }

  @Test func `a sender that counts anew is followed`() {
    var sender = TestSender(.vp8, from: 30_000)
    var assembler = FrameAssembler(codec: .vp8)
    for packet in sender.send(frame(0, isKeyFrame: true)) { assembler.insert(packet) }
    _ = assembler.all()
    sender.sequenceNumber = 10_000
    for timestamp in 1..<4 as Range<UInt32> {
      for packet in sender.send(frame(timestamp, isKeyFrame: true)) { assembler.insert(packet) }
    }
    #expect(assembler.all().map(\.frame.timestamp) == [2, 3])
  }
}

@Suite struct TemporalLayerTests {
  /// Frames of three temporal layers, 0 2 1 2; each switching point of VP8 depends on layer 0 only.
  private func send(_ sender: inout TestSender, _ number: UInt32) -> [SentPacket] {
    let temporal = [0, 2, 1, 2][Int(number % 4)] as UInt8
    let layer = FrameLayer(temporal: temporal, isSwitchingPoint: number % 4 == 2 || number % 4 == 1)
    return sender.send(
      EncodedFrame(
        bytes: [number == 0 ? 0x10 : 0x11, 1, 2], timestamp: number, isKeyFrame: number == 0,
        layer: layer))
  }

  private func timestamps(losing lost: Set<UInt32>, recovery: LossRecovery) -> [UInt32] {
    var options = FrameAssembler.Options()
    options.reorderingLimit = 1
    options.recovery = recovery
    var assembler = FrameAssembler(codec: .vp8, options: options)
    var sender = TestSender(.vp8)
    for number in 0..<16 as Range<UInt32> {
      let packets = send(&sender, number)
      if !lost.contains(number) { for packet in packets { assembler.insert(packet) } }
    }
    return assembler.all().map(\.frame.timestamp)
  }

  @Test func `the loss of an upper layer costs only what depends on it`() {
    #expect(timestamps(losing: [5], recovery: .keyFrame) == [0, 1, 2, 3, 4])
    // 7 may depend on 5; 6 and 9 depend on layer 0 only, so that layers 1 and 2 go on.
    #expect(
      timestamps(losing: [5], recovery: .temporalLayers) == [0, 1, 2, 3, 4, 6] + Array(8..<16))
    #expect(timestamps(losing: [5], recovery: .none) == [0, 1, 2, 3, 4] + Array(6..<16))
  }

  @Test func `the loss of the lowest layer needs a key frame`() {
    #expect(timestamps(losing: [4], recovery: .temporalLayers) == [0, 1, 2, 3])
    #expect(timestamps(losing: [3, 4], recovery: .temporalLayers) == [0, 1, 2])
  }
}
