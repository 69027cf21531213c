import Media
import RTP
import Testing
import Wire

/// A path to a jitter buffer whose owner keeps its deadline.
private struct Player {
  var buffer: JitterBuffer
  var arrivals: [(at: Instant, packet: SentPacket, isRetransmission: Bool)] = []
  /// What came out, and when.
  var played: [(at: Instant, frame: ReceivedFrame)] = []

  init(_ codec: MediaCodec, _ options: JitterBuffer.Options = JitterBuffer.Options()) {
    buffer = JitterBuffer(codec: codec, options: options)
  }

  mutating func deliver(_ packets: [SentPacket], at time: Instant, isRetransmission: Bool = false) {
    arrivals += packets.map { (time, $0, isRetransmission) }
  }

  /// When frames came out, in milliseconds.
  var playedTimes: [Int64] { played.map { ($0.at - .zero).milliseconds } }

  /// Lets all arrive, and time pass until `end`.
  mutating func run(until end: Instant) {
    arrivals.sort { $0.at < $1.at }
    var now = Instant.zero
    while true {
      let arrival = arrivals.first?.at
      let next = [arrival, buffer.deadline].compactMap { $0 }.min().map { max($0, now) }
      guard let next, next <= end else { return }
      now = next
      while let first = arrivals.first, first.at <= now {
        arrivals.removeFirst()
        buffer.insert(
          first.packet.header, payload: first.packet.payload.span,
          isRetransmission: first.isRetransmission, at: now)
      }
      while let frame = buffer.next(at: now) { played.append((now, frame)) }
      if arrivals.isEmpty, let deadline = buffer.deadline {
        precondition(deadline > now, "a deadline that has passed")
      }
    }
  }
}

@Suite struct AudioPlayoutTests {
  private func opus(_ number: Int) -> EncodedFrame {
    EncodedFrame(
      bytes: [0xf8, UInt8(truncatingIfNeeded: number)],
      timestamp: (.max - 9600) &+ UInt32(number) &* 960)
  }

  @Test func `on a steady path frames leave in step with the smallest delay`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<200 {
      player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20 + 100))
    }
    player.run(until: at(10_000))
    #expect(player.playedTimes == (0..<200 as Range<Int64>).map { $0 * 20 + 105 })
    #expect(player.buffer.targetDelay == .milliseconds(5))
    let statistics = player.buffer.statistics
    #expect(statistics.emittedCount == 200)
    #expect(statistics.emittedSampleCount == 200 * 960)
    #expect(statistics.delay == .milliseconds(1000))
    #expect(statistics.targetDelay == .milliseconds(1000))
    #expect(statistics.discardedCount == 0)
  }

  @Test func `jitter raises the delay until nearly all frames leave in step`() {
    var random = RandomSource.seeded(5)
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<2000 {
      let jitter = Int64(random.next() % 80)
      player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20 + 100 + jitter))
    }
    player.run(until: at(100_000))
    #expect((70...90).contains(player.buffer.targetDelay.milliseconds))
    let late = player.played.suffix(1500)
    let steps = zip(late, late.dropFirst()).map { ($1.at - $0.at).milliseconds }
    #expect(steps.filter { (15...25).contains($0) }.count > 1350)
    #expect(player.played.count > 1900)
    #expect(player.played.count + player.buffer.statistics.discardedCount == 2000)
  }

  @Test func `the delay falls again after a bad time`() {
    var random = RandomSource.seeded(6)
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<500 {
      player.deliver(
        sender.send(opus(number)), at: at(Int64(number) * 20 + 100 + Int64(random.next() % 150)))
    }
    player.run(until: at(10_099))
    #expect(player.buffer.targetDelay >= .milliseconds(120))
    for number in 500..<2500 {
      player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20 + 100))
    }
    player.run(until: at(100_000))
    #expect(player.buffer.targetDelay == .milliseconds(5))
  }

  @Test func `a lost packet is passed over when the next one is due`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<20 {
      let packets = sender.send(opus(number))
      if number != 10 { player.deliver(packets, at: at(Int64(number) * 20 + 100)) }
    }
    player.run(until: at(10_000))
    let kept: [Int64] = (0..<20).filter { $0 != 10 }
    #expect(
      player.playedTimes
        == kept.map { $0 * 20 + 105 })
    #expect(player.played.map(\.frame.followsLoss) == kept.map { $0 == 11 })
  }

  @Test func `a packet that overtook another waits for it`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<3 { player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20)) }
    let third = sender.send(opus(3))
    player.deliver(sender.send(opus(4)), at: at(62))
    player.deliver(third, at: at(64))
    player.run(until: at(10_000))
    #expect(player.played.map(\.frame.frame) == (0..<5).map(opus))
  }

  @Test func `a minimum delay holds from the first frame on`() {
    var options = JitterBuffer.Options()
    options.minimumDelay = .milliseconds(200)
    var player = Player(.opus, options)
    var sender = TestSender(.opus)
    for number in 0..<5 { player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20)) }
    player.run(until: at(10_000))
    #expect(player.playedTimes == (0..<5 as Range<Int64>).map { $0 * 20 + 200 })
  }

  @Test func `silence that is not sent does not hold up what follows`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in [0, 1, 2, 200, 201] {
      player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20))
    }
    player.run(until: at(10_000))
    #expect(
      player.playedTimes == [5, 25, 45, 4005, 4025])
  }

  @Test func `a new media clock starts anew`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    for number in 0..<10 { player.deliver(sender.send(opus(number)), at: at(Int64(number) * 20)) }
    for number in 10..<20 {
      var frame = opus(number)
      frame.timestamp &+= 2_000_000_000
      player.deliver(sender.send(frame), at: at(Int64(number) * 20))
    }
    player.run(until: at(10_000))
    #expect(player.playedTimes == (0..<20 as Range<Int64>).map { $0 * 20 + 5 })
  }

  @Test func `a clock that runs slower than ours is followed`() {
    var player = Player(.opus)
    var sender = TestSender(.opus)
    // 400 parts in a million for four minutes are 96 ms.
    for number in 0..<12_000 {
      player.deliver(sender.send(opus(number)), at: .zero + .microseconds(Int64(number) * 20_008))
    }
    player.run(until: at(1_000_000))
    #expect(player.buffer.targetDelay <= .milliseconds(10))
    #expect(player.played.count == 12_000)
  }
}

@Suite struct VideoPlayoutTests {
  private func frame(_ number: UInt32, isKeyFrame: Bool = false) -> EncodedFrame {
    EncodedFrame(
      bytes: [isKeyFrame ? 0x10 : 0x11] + [UInt8](repeating: 3, count: 2000),
      timestamp: number &* 3000, isKeyFrame: isKeyFrame)
  }

  @Test func `a complete frame leaves at once`() {
    var player = Player(.vp8)
    var sender = TestSender(.vp8)
    for number in 0..<30 as Range<UInt32> {
      let jitter = Int64(number % 5) * 7
      player.deliver(
        sender.send(frame(number, isKeyFrame: number == 0)), at: at(Int64(number) * 33 + jitter))
    }
    player.run(until: at(10_000))
    #expect(player.played.count == 30)
    #expect(player.played.map(\.at) == player.played.map(\.frame.receivedAt))
    #expect(player.buffer.statistics.delay == .zero)
    #expect(player.buffer.statistics.keyFrameCount == 1)
  }

  @Test func `a hole waits for its retransmission`() {
    var player = Player(.vp8)
    var sender = TestSender(.vp8)
    for number in 0..<10 as Range<UInt32> {
      var packets = sender.send(frame(number, isKeyFrame: number == 0))
      if number == 3 {
        player.deliver([packets.remove(at: 1)], at: at(3 * 33 + 200), isRetransmission: true)
      }
      player.deliver(packets, at: at(Int64(number) * 33))
    }
    player.run(until: at(10_000))
    #expect(player.played.map(\.frame.frame.timestamp) == (0..<10).map { $0 * 3000 })
    #expect(player.played[3].at == at(299))
    #expect(player.played[9].at == at(299))
    #expect(!player.buffer.needsKeyFrame)
  }

  @Test func `a hole that stays is given up in time, and a key frame asked for`() {
    var player = Player(.vp8)
    var sender = TestSender(.vp8)
    for number in 0..<20 as Range<UInt32> {
      var packets = sender.send(frame(number, isKeyFrame: number == 0 || number == 19))
      if number == 3 { packets.remove(at: 0) }
      player.deliver(packets, at: at(Int64(number) * 33))
    }
    player.run(until: at(348))
    #expect(player.played.count == 3)
    #expect(!player.buffer.needsKeyFrame)
    #expect(player.buffer.deadline == at(349))
    player.run(until: at(349))
    #expect(player.buffer.needsKeyFrame)
    player.run(until: at(10_000))
    #expect(player.played.map(\.frame.frame.timestamp) == [0, 1, 2, 19].map { $0 * 3000 })
    #expect(player.buffer.statistics.droppedFrameCount == 16)
    #expect(player.buffer.deadline == nil)
  }

  @Test func `a minimum delay evens video out`() {
    var options = JitterBuffer.Options()
    options.minimumDelay = .milliseconds(100)
    var player = Player(.vp8, options)
    var sender = TestSender(.vp8)
    for number in 0..<10 as Range<UInt32> {
      player.deliver(
        sender.send(frame(number, isKeyFrame: number == 0)),
        at: .zero + .nanoseconds(number) + .milliseconds(number % 2 == 0 ? 0 : 40))
    }
    player.run(until: at(10_000))
    #expect(
      player.played.map(\.at) == (0..<10).map { .zero + .nanoseconds($0) + .milliseconds(100) })
  }

  @Test func `no timestamps and no times can trap`() {
    var random = RandomSource.seeded(9)
    for codec in [MediaCodec.opus, .vp8] {
      var buffer = JitterBuffer(codec: codec)
      for _ in 0..<5000 {
        let header = RTPHeader(
          payloadType: 96, sequenceNumber: UInt16(truncatingIfNeeded: random.next() % 200),
          timestamp: UInt32(truncatingIfNeeded: random.next()), ssrc: 1,
          marker: random.next() % 2 == 0)
        let now = Instant(nanoseconds: Int64(bitPattern: random.next()))
        buffer.insert(header, payload: [0x10, 1, 2].span, at: now)
        _ = buffer.deadline
        _ = buffer.next(at: now)
      }
    }
  }
}

extension Duration {
  /// When a frame of 30 a second comes, to the nanosecond.
  fileprivate static func nanoseconds(_ number: UInt32) -> Duration {
    Duration(nanoseconds: Int64(number) * 3000 * 1_000_000_000 / 90_000)
  }
}
