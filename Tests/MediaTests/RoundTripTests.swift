import Media
import RTP
import Testing
import Wire

/// Random frames through a packetizer, a bad path and an assembler.
@Suite struct RoundTripTests {
  private static let sizes = [1, 2, 3, 10, 40, 63, 64, 65, 100, 127, 128, 129, 300, 1200, 5000]

  /// 40 frames of which each tenth is a key frame.
  private func frames(_ codec: MediaCodec, seed: UInt64) -> [EncodedFrame] {
    var maker = FrameMaker(codec, seed: seed)
    return (0..<40 as Range<UInt32>).map { number in
      let size = Self.sizes[Int(maker.random.next() % UInt64(Self.sizes.count))]
      return maker.frame(
        size, timestamp: (.max - 20_000) &+ number &* 960, isKeyFrame: number % 10 == 0)
    }
  }

  @Test(arguments: MediaCodec.allCases)
  func `every frame comes out as it went in, whatever the payload size`(codec: MediaCodec) {
    for limit in [64, 65, 100, 333, 1200] {
      var sender = TestSender(codec, maximumPayloadSize: limit)
      var assembler = FrameAssembler(codec: codec)
      for frame in frames(codec, seed: UInt64(limit)) {
        let packets = sender.send(frame)
        #expect(codec.isAudio || packets.allSatisfy { $0.payload.count <= limit })
        #expect(
          codec.isAudio
            || packets.map(\.header.marker) == packets.indices.map { $0 == packets.count - 1 })
        for packet in packets { #expect(assembler.insert(packet) == .accepted) }
        let isSame = assembler.all().map(\.frame) == [frame]
        #expect(isSame)
      }
      #expect(assembler.packetCount == 0)
      #expect(assembler.byteCount == 0)
      #expect(assembler.counts.droppedFrames == 0)
    }
  }

  @Test(arguments: MediaCodec.allCases)
  func `packets out of order and twice make the same frames`(codec: MediaCodec) {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var sender = TestSender(codec, maximumPayloadSize: 100)
      let sent = frames(codec, seed: seed)
      // The first frame stays in front: nothing is known before it, and another key frame would do as well.
      var packets = sender.send(sent[0])
      let start = packets.count
      packets += sent.dropFirst().flatMap { sender.send($0) }
      for index in packets.indices.dropFirst(start) {
        let other = min(index + Int(random.next() % 20), packets.count - 1)
        packets.swapAt(index, other)
      }
      var assembler = FrameAssembler(codec: codec)
      var received: [EncodedFrame] = []
      for packet in packets {
        assembler.insert(packet)
        if random.next() % 4 == 0 { #expect(assembler.insert(packet) != .accepted) }
        received += assembler.all().map(\.frame)
      }
      let isSame = received == sent
      #expect(isSame, "\(received.count) of \(sent.count), seed \(seed)")
    }
  }

  @Test(arguments: MediaCodec.allCases)
  func `after loss only whole frames come, in order, and video from a key frame on`(
    codec: MediaCodec
  ) {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var sender = TestSender(codec, maximumPayloadSize: 100)
      let sent = frames(codec, seed: seed)
      var options = FrameAssembler.Options()
      options.reorderingLimit = 8
      var assembler = FrameAssembler(codec: codec, options: options)
      var received: [ReceivedFrame] = []
      var intact: [Bool] = []
      for frame in sent {
        var isIntact = true
        for packet in sender.send(frame) {
          if random.next() % 50 == 0 {
            isIntact = false
          } else {
            assembler.insert(packet)
          }
          received += assembler.all()
        }
        intact.append(isIntact)
      }
      // Something behind the last hole, so that it is given up.
      let end = sent.last.map(\.timestamp) ?? 0
      for _ in 0..<20 { assembler.insert(sender.sendPadding(timestamp: end)) }
      received += assembler.all()
      var needsKey = !codec.isAudio
      var expected: [EncodedFrame] = []
      for (frame, isIntact) in zip(sent, intact) {
        if !isIntact { needsKey = !codec.isAudio }
        if isIntact, frame.isKeyFrame { needsKey = false }
        if isIntact, !needsKey { expected.append(frame) }
      }
      // A frame is given up as well where a loss right before it leaves its start in doubt.
      let places = received.map { received in expected.firstIndex(of: received.frame) ?? -1 }
      #expect(places.allSatisfy { $0 >= 0 })
      #expect(zip(places, places.dropFirst()).allSatisfy(<))
      let isSureOfStarts = [.opus, .pcmu, .pcma, .vp8, .vp9].contains(codec)
      if isSureOfStarts {
        let isSame = received.map(\.frame) == expected
        #expect(isSame, "\(received.count) of \(expected.count), seed \(seed)")
      }
    }
  }
}
