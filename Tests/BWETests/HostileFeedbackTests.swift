import RTP
import Testing
import Wire

@testable import BWE

/// Whatever the other side says, the estimate stays within its limits (and nothing traps).
@Suite struct HostileFeedbackTests {
  private func lie(_ random: inout RandomSource) -> TransportFeedback {
    let count = Int(random.next() % 60)
    var offset = 0
    var arrivals: [TransportFeedback.Arrival] = []
    for _ in 0..<count {
      offset += Int(random.next() % 3)
      let delta: Int16 =
        switch random.next() % 4 {
        case 0: 0
        case 1: .min
        case 2: .max
        default: Int16(truncatingIfNeeded: random.next())
        }
      arrivals.append(.init(offset: UInt16(offset), delta: delta))
      offset += 1
    }
    return TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2,
      baseSequenceNumber: UInt16(truncatingIfNeeded: random.next() % 400),
      statusCount: UInt16(offset + Int(random.next() % 100)),
      referenceTime: UInt32(truncatingIfNeeded: random.next()), feedbackCount: 0,
      arrivals: arrivals)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `lies keep the estimate within its limits and nothing grows`(_ seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var sequencer = TransportSequencer()
    var options = SendSideEstimator.Options()
    options.maximumBitrate = 5_000_000
    var estimator = SendSideEstimator(options: options)
    var pacer = Pacer(bitrate: 300_000)
    var events: [SendSideEstimator.Event] = []
    var now = Instant.zero
    estimator.start(at: now, events: &events)
    for _ in 0..<400 {
      now = now + .milliseconds(Int64(random.next() % 40))
      for _ in 0..<random.next() % 4 {
        let size = Int(random.next() % 1300)
        let number = sequencer.next(byteCount: size, ssrc: 1, at: now)
        estimator.sent(
          number, byteCount: size, probe: random.next() % 3 == 0 ? Int(random.next() % 5) : nil,
          at: now)
      }
      switch random.next() % 5 {
      case 0: estimator.receive(fractionLost: UInt8(random.next() % 256), at: now, events: &events)
      case 1:
        estimator.receive(
          estimate: [0, 1, 10_000_000_000, .max][Int(random.next() % 4)], at: now, events: &events)
      case 2: estimator.advance(to: now, events: &events)
      default:
        estimator.receive(sequencer.receive(lie(&random)), at: now, events: &events)
      }
      #expect(estimator.targetBitrate >= options.minimumBitrate)
      #expect(estimator.targetBitrate <= options.maximumBitrate)
      #expect(estimator.roundTrip >= .zero && estimator.roundTrip <= .seconds(5))
      #expect(estimator.queueDelay >= .zero)
      for case .probe(let cluster) in events {
        #expect(cluster.bitrate <= options.maximumBitrate)
        pacer.add(cluster)
      }
      events = []
      while pacer.next(at: now) != nil {}
    }
  }

  @Test func `extremes of what can be told do not trap`() {
    var estimator = SendSideEstimator()
    var events: [SendSideEstimator.Event] = []
    estimator.setDesiredBitrate(.max, at: .zero, events: &events)
    estimator.setDesiredBitrate(.min, at: .zero, events: &events)
    estimator.setRoundTrip(Duration(nanoseconds: .max))
    for time in [Int64.min, 0, .max, .min] {
      estimator.sent(0, byteCount: .max, probe: 1, at: Instant(nanoseconds: time))
      estimator.advance(to: Instant(nanoseconds: time), events: &events)
      estimator.receive(estimate: .max, at: Instant(nanoseconds: time), events: &events)
      estimator.receive(fractionLost: 255, at: Instant(nanoseconds: time), events: &events)
    }
    #expect(estimator.targetBitrate >= 30_000)
  }

  @Test func `the logarithm is right`() {
    for (value, logarithm) in [
      (1.0, 0.0), (2, 0.6931471805599453), (0.1, -2.302585092994046), (1e6, 13.815510557964274),
      (1e-6, -13.815510557964274), (0.999999, -1.0000005000003333e-6),
    ] {
      #expect(abs(value.naturalLogarithm - logarithm) < 1e-9)
    }
    for value in [0, -1, Double.nan, .infinity, -.infinity] {
      #expect(value.naturalLogarithm.isFinite)
    }
  }
}
