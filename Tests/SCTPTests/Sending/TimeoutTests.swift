import Testing
import Wire

@testable import SCTP

/// RFC 9260 §6.3, and what happens when the retransmission timer expires.
struct TimeoutTests {
  static func timeout() -> RetransmissionTimeout {
    RetransmissionTimeout(
      initial: .milliseconds(500), minimum: .milliseconds(200), maximum: .seconds(10))
  }

  @Test func `the first measurement sets the average, half of it the variance`() {
    var timeout = Self.timeout()
    #expect(timeout.duration == .milliseconds(500))
    timeout.measure(.milliseconds(400))
    #expect(timeout.smoothed == .milliseconds(400))
    #expect(timeout.duration == .milliseconds(400 + 4 * 200))
    timeout.measure(.milliseconds(480))
    #expect(timeout.smoothed == .milliseconds(410))
    #expect(timeout.variance == .milliseconds((200 * 3 + 80) / 4))
  }

  @Test func `a steady round trip leaves room for a SACK that is held back`() {
    var timeout = Self.timeout()
    for _ in 0..<100 { timeout.measure(.milliseconds(50)) }
    #expect(timeout.duration >= .milliseconds(250))
    #expect(timeout.duration <= .milliseconds(300))
  }

  @Test func `each expiry doubles it up to the limit, a measurement ends that`() {
    var timeout = Self.timeout()
    var durations: [Int64] = []
    for _ in 0..<7 {
      timeout.backOff()
      durations.append(timeout.duration.milliseconds)
    }
    #expect(durations == [1000, 2000, 4000, 8000, 10000, 10000, 10000])
    timeout.measure(.milliseconds(10))
    #expect(timeout.duration == .milliseconds(230))
  }

  @Test func `without any answer everything is sent again, ever more rarely`() throws {
    var run = SendingRun()
    run.loss = 1
    try run.send(5000)
    let start = run.now
    try run.run(for: .seconds(8))
    // 0.5, 1, 2 and 4 s after each other.
    #expect(run.sender.metrics.timeoutCount == 4)
    #expect(run.sender.errorCount == 4)
    #expect(run.now - start <= .seconds(8))
    // The window is one packet after an expiry.
    #expect(run.sender.metrics.retransmissionCount <= 8)
    run.loss = 0
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.errorCount == 0)
  }

  @Test func `an expiry that was wrong is taken back`() throws {
    var run = SendingRun()
    run.delay = .milliseconds(20)
    for _ in 0..<2 { try run.send(200_000) }
    try run.run(for: .milliseconds(300))
    for _ in 0..<8 { try run.send(200_000) }
    try run.run(for: .milliseconds(25))
    let window = run.sender.congestion.window
    // Everything under way stands still for a second.
    run.hold(for: .seconds(1))
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.metrics.timeoutCount >= 1)
    #expect(run.sender.metrics.falseTimeoutCount >= 1)
    #expect(run.sender.congestion.window >= window / 2)
  }

  @Test func `a loss at the end is repaired by a probe and not by the timer`() throws {
    var run = SendingRun()
    try run.send(50_000)
    try run.run()
    let count = run.packetCount
    try run.send(3_000)
    // The last of the three packets.
    run.drops = { number, _ in number == count + 3 }
    let start = run.now
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.metrics.timeoutCount == 0)
    #expect(run.sender.metrics.probeCount == 1)
    #expect(run.sender.metrics.retransmissionCount == 1)
    #expect(run.now - start < .milliseconds(500))
  }
}
