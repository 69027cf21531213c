import Testing
import Wire

@testable import SCTP

/// The controllers against their RFCs.
struct CongestionControlTests {
  static let packet = 1000

  static func progress(
    _ byteCount: Int, at now: Instant, roundTrip: Duration = .milliseconds(100), packet: Int64 = 0,
    next: Int64 = 1
  ) -> AcknowledgementProgress {
    AcknowledgementProgress(
      now: now, byteCount: byteCount, priorInFlight: 0, inFlight: 0, roundTrip: roundTrip,
      smoothedRoundTrip: roundTrip, minimumRoundTrip: roundTrip, newestPacket: packet,
      nextPacket: next)
  }

  @Test func `the standard window doubles in a round, is halved, and then grows by a packet`() {
    var control = StandardCongestionControl(packetSize: Self.packet)
    #expect(control.window == 10_000)
    for _ in 0..<10 { control.acknowledge(Self.progress(1000, at: .zero)) }
    #expect(control.window == 20_000)
    control.reduce()
    #expect(control.window == 10_000 && control.slowStartThreshold == 10_000)
    for _ in 0..<10 { control.acknowledge(Self.progress(1000, at: .zero)) }
    #expect(control.window == 11_000)
    control.expire()
    #expect(control.window == 1000 && control.slowStartThreshold == 5500)
    control.expire()
    #expect(control.slowStartThreshold == 4000)
  }

  @Test func `a window that is not used does not grow`() {
    for kind in [SCTPOptions.CongestionControl.standard, .cubic] {
      var control = CongestionController(kind, packetSize: Self.packet)
      var progress = Self.progress(5000, at: .zero)
      progress.isWindowLimited = false
      control.acknowledge(progress)
      #expect(control.window == 10_000)
    }
  }

  @Test(arguments: [0.001, 1, 2, 7.9, 27, 1000, 123456.789])
  func `cube roots are right`(value: Double) {
    let root = CubicCongestionControl.cubeRoot(value)
    #expect(abs(root * root * root - value) < value * 1e-9)
  }

  @Test func `CUBIC comes back to its old window after K, along the curve of RFC 9438`() {
    var control = CubicCongestionControl(packetSize: Self.packet)
    for _ in 0..<99 { control.acknowledge(Self.progress(10_000, at: .zero)) }
    let greatest = control.window
    #expect(greatest == 1_000_000)
    control.reduce()
    #expect(control.window == 700_000)
    // 1000 packets, 300 below: K = cbrt(300 / 0.4) = 9.086 s.
    var now = Instant.zero
    let roundTrip = Duration.milliseconds(100)
    var windows: [Double: Int] = [:]
    for round in 0..<150 {
      let window = control.window
      var acknowledged = 0
      while acknowledged < window {
        control.acknowledge(Self.progress(10_000, at: now, roundTrip: roundTrip))
        acknowledged += 10_000
      }
      windows[Double(round + 1) * 0.1] = control.window
      now = now + roundTrip
    }
    #expect(abs(control.inflection - 9.086) < 0.01)
    for (time, window) in windows where time > 0.5 {
      let distance = time - 9.086
      let expected = 0.4 * distance * distance * distance * 1000 + 1_000_000
      #expect(abs(Double(window) - expected) < 15_000, "after \(time) s")
    }
  }

  @Test func `CUBIC leaves room for a newcomer, and grows as the standard does on short paths`() {
    var control = CubicCongestionControl(packetSize: Self.packet)
    for _ in 0..<9 { control.acknowledge(Self.progress(10_000, at: .zero)) }
    control.reduce()
    #expect(control.greatest == 100_000)
    control.reduce()
    #expect(abs(control.greatest - 70_000 * 0.85) < 1)
    // 49 packets, 1 ms: the curve is flat, the standard's growth is not.
    var now = Instant.zero
    let before = control.window
    for _ in 0..<100 {
      for _ in 0..<49 {
        control.acknowledge(Self.progress(1000, at: now, roundTrip: .milliseconds(1)))
      }
      now = now + .milliseconds(1)
    }
    // About half a packet each round (3 (1 - 0.7) / (1 + 0.7)).
    #expect(control.window - before > 20_000 && control.window - before < 60_000)
  }

  @Test func `HyStart leaves slow start when the round trip grows, and not for noise`() {
    func rounds(_ roundTrips: [Int64]) -> Int? {
      var start = HyStart()
      var packet: Int64 = 0
      for (round, milliseconds) in roundTrips.enumerated() {
        let next = packet + 20
        for _ in 0..<20 {
          let progress = Self.progress(
            1000, at: .zero, roundTrip: .milliseconds(milliseconds), packet: packet, next: next)
          if start.acknowledge(progress) { return round }
          packet += 1
        }
      }
      return nil
    }
    #expect(rounds([100, 100, 100, 101, 102, 100, 103, 100, 101, 102]) == nil)
    #expect(rounds([100, 100, 120, 130, 140, 150, 160, 170, 180]) == 7)
    // It grew and went back: slow start goes on.
    #expect(rounds([100, 100, 120, 100, 100, 100, 100, 100, 100, 100]) == nil)
  }

  @Test func `packets are spread over the round trip`() throws {
    var run = SendingRun()
    for _ in 0..<20 { try run.send(100_000) }
    var times: [Instant: Int] = [:]
    while run.now < .zero + .milliseconds(400) {
      let before = run.packetCount
      try run.run(for: .milliseconds(1))
      times[run.now] = run.packetCount - before
    }
    let window = run.sender.congestion.window / 1160
    #expect(window > 60)
    #expect((times.values.max() ?? 0) < window / 4 + 12)
  }
}
