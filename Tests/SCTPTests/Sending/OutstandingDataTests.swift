import Testing
import Wire

@testable import SCTP

/// What is outstanding, against a model that keeps one state for each chunk and looks at all of them.
struct OutstandingDataTests {
  /// The plain model.
  struct Model {
    var states: [Int64: OutstandingChunk.State] = [:]
    var sizes: [Int64: Int] = [:]

    func count(_ state: OutstandingChunk.State) -> Int { states.values.count { $0 == state } }

    var inFlightByteCount: Int {
      states.filter { $0.value == .inFlight }.keys.reduce(0) { $0 + (sizes[$1] ?? 0) }
    }

    mutating func deliver(_ sequence: Int64) {
      guard let state = states[sequence], state != .abandoned else { return }
      states[sequence] = .acknowledged
    }
  }

  static func chunk(_ size: Int, packet: Int64, at now: Instant) -> OutstandingChunk {
    OutstandingChunk(
      message: 0, offset: 0, byteCount: size, wireByteCount: size, fragmentNumber: 0,
      isFirst: true, isLast: true, packet: packet, sentAt: now)
  }

  @Test(arguments: [0, 1, 77, 0xffff_fff0, 0xffff_ffff] as [UInt32])
  func `random acknowledgements, losses and repetitions leave what a plain model leaves`(
    initialTSN: UInt32
  ) {
    for seed in 0..<20 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var data = OutstandingData(initialTSN: initialTSN)
      var model = Model()
      var packet: Int64 = 0
      var now = Instant.zero
      func pick(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(random.next() % UInt64(range.upperBound - range.lowerBound + 1))
      }
      for _ in 0..<300 {
        now = now + .milliseconds(1)
        packet += 1
        switch random.next() % 7 {
        case 0, 1, 2:
          let size = Int(pick(1...1000))
          let sequence = data.append(Self.chunk(size, packet: packet, at: now))
          model.states[sequence] = .inFlight
          model.sizes[sequence] = size
        case 3 where data.count > 0:
          acknowledge(&data, &model, &random)
        case 4:
          var losses = Losses()
          let before = pick(0...packet)
          _ = data.loseChunks(
            before: before, olderThan: .milliseconds(3), horizon: .max, allowance: .zero, at: now,
            into: &losses)
          let old = model.states.keys.filter { sequence in
            model.states[sequence] == .inFlight && data.ring[sequence].packet < before
              && data.ring[sequence].sentAt + .milliseconds(3) <= now
          }
          for sequence in model.states.keys where data.ring[sequence].state == .lost {
            #expect(model.states[sequence] == .inFlight || model.states[sequence] == .lost)
            if model.states[sequence] == .inFlight {
              #expect(data.ring[sequence].packet < before)
              #expect(data.ring[sequence].sentAt + .milliseconds(3) <= now)
            }
            model.states[sequence] = .lost
          }
          #expect(old.allSatisfy { model.states[$0] == .lost })
        case 5:
          if let sequence = data.lost.oldest {
            data.resend(sequence, in: packet, at: now, .init())
            model.states[sequence] = .inFlight
          }
        default:
          if random.next() % 10 == 0, data.count > 0 {
            let sequence = pick((data.cumulative + 1)...(data.next - 1))
            _ = data.abandon(sequence)
            model.states[sequence] = .abandoned
          }
        }
        #expect(data.inFlightByteCount == model.inFlightByteCount)
        #expect(data.inFlightCount == model.count(.inFlight))
        #expect(data.lost.count == model.count(.lost))
        #expect(data.acknowledgedCount == model.count(.acknowledged))
        #expect(data.count == model.states.count)
        #expect(model.states.allSatisfy { data.ring[$0.key].state == $0.value }, "seed \(seed)")
      }
    }
  }

  private func acknowledge(
    _ data: inout OutstandingData, _ model: inout Model, _ random: inout RandomSource
  ) {
    var delivery = Delivery()
    // Never into a run that was acknowledged: that would be reneging.
    var steps = Int(random.next() % 4)
    while steps > 0 || data.hasReneged, let chunk = data.releaseOldest(&delivery) {
      _ = chunk
      model.states[data.cumulative] = nil
      steps -= 1
    }
    var start = data.cumulative + 2
    while start < data.next {
      let end = min(start + Int64(random.next() % 5), data.next - 1)
      data.deliver(start...end, &delivery)
      for sequence in start...end { model.deliver(sequence) }
      start = end + 2 + Int64(random.next() % 6)
    }
  }

  @Test func `what was acknowledged and is taken back is lost, the rest stays`() {
    var data = OutstandingData(initialTSN: 10)
    for packet in 0..<10 as Range<Int64> {
      _ = data.append(Self.chunk(100, packet: packet, at: .zero))
    }
    var delivery = Delivery()
    data.deliver(12...14, &delivery)
    data.deliver(16...19, &delivery)
    #expect(delivery.count == 7)
    while data.cumulative < 11 { _ = data.releaseOldest(&delivery) }
    #expect(data.hasReneged)
    var losses = Losses()
    data.takeBack(except: [16...17], into: &losses)
    #expect(losses.count == 5)
    #expect(data.lost.count == 5)
    #expect(data.acknowledgedCount == 2)
    #expect(!data.hasReneged)
    #expect(data.inFlightCount == 1)
    var again = Delivery()
    data.deliver(13...19, &again)
    #expect(again.count == 5)
  }

  @Test func `chunks beyond what SACKs have room for get longer`() {
    var data = OutstandingData(initialTSN: 0)
    for packet in 0..<10 as Range<Int64> {
      _ = data.append(Self.chunk(100, packet: packet, at: .zero))
    }
    var losses = Losses()
    let next = data.loseChunks(
      before: 10, olderThan: .milliseconds(10), horizon: 4, allowance: .milliseconds(20),
      at: .zero + .milliseconds(15), into: &losses)
    #expect(losses.count == 5)
    #expect(next == .zero + .milliseconds(30))
  }
}
