import Testing
import Wire

@testable import SFU

struct FrameGapsTests {
  private var now = Instant.zero
  private var gaps = FrameGaps()

  /// `count` frames of two packets each, `interval` apart.
  private mutating func frames(_ count: Int, every interval: Duration) {
    for _ in 0..<count {
      now = now + interval
      gaps.note(at: now)
      gaps.note(at: now + .microseconds(200))
    }
  }

  @Test mutating func `a picture that moves does not stand still, fast or slow`() {
    for interval in [17, 33, 66, 140] {
      frames(100, every: .milliseconds(Int64(interval)))
      _ = gaps.take(at: now)
      frames(50, every: .milliseconds(Int64(interval)))
      #expect(gaps.take(at: now) == .zero, "\(interval)")
    }
  }

  @Test(arguments: [125, 200, 250])
  mutating func `a camera that goes down to a few frames a second does not stand still`(
    interval: Int64
  ) {
    frames(60, every: .milliseconds(33))
    var sum = Duration.zero
    for place in 0..<60 {
      // As unevenly as a camera exposes and a network delivers.
      frames(1, every: .milliseconds(interval + [-30, 45, 0, -15][place % 4]))
      sum = sum + gaps.take(at: now + .milliseconds(interval / 2))
    }
    #expect(sum == .zero)
    // Then a stop is one.
    now = now + .milliseconds(1_500)
    #expect(gaps.take(at: now) > .seconds(1))
  }

  @Test
  mutating func `a gap counts once, from when the next frame was due, however often one asks`() {
    frames(60, every: .milliseconds(33))
    var sum = Duration.zero
    for step in 1...8 { sum = sum + gaps.take(at: now + .milliseconds(Int64(step) * 100)) }
    #expect((760...770).contains(sum.milliseconds))
    now = now + .milliseconds(1_000 - 33)
    frames(1, every: .milliseconds(33))
    sum = sum + gaps.take(at: now)
    #expect((960...970).contains(sum.milliseconds))
    frames(30, every: .milliseconds(33))
    #expect(gaps.take(at: now) == .zero)
  }

  @Test mutating func `a pause that the sender made does not count, as soon as that is known`() {
    frames(60, every: .milliseconds(33))
    now = now + .milliseconds(900)
    #expect(gaps.take(hearsSender: true, at: now) == .zero)
    gaps.note(isPrompt: true, at: now + .milliseconds(100))
    #expect(gaps.take(at: now + .milliseconds(100)) == .zero)
  }

  @Test mutating func `a pause that the link made counts whole, once a frame has come late`() {
    frames(60, every: .milliseconds(33))
    now = now + .milliseconds(900)
    #expect(gaps.take(hearsSender: true, at: now) == .zero)
    gaps.note(at: now + .milliseconds(100))
    #expect((960...970).contains(gaps.take(at: now + .milliseconds(100)).milliseconds))
  }

  @Test mutating func `a lost frame or two are no freeze`() {
    frames(60, every: .milliseconds(33))
    now = now + .milliseconds(66)
    frames(1, every: .milliseconds(33))
    #expect(gaps.take(at: now) == .zero)
  }

  @Test mutating func `a camera that is off stands still for three seconds and no longer`() {
    frames(60, every: .milliseconds(33))
    var sum = Duration.zero
    for step in 1...100 { sum = sum + gaps.take(at: now + .seconds(Int64(step))) }
    #expect((2_960...2_970).contains(sum.milliseconds))
  }

  @Test mutating func `before there were some frames nothing is known`() {
    frames(3, every: .milliseconds(33))
    #expect(gaps.take(at: now + .seconds(1)) == .zero)
    var none = FrameGaps()
    #expect(none.take(at: now) == .zero)
  }

  @Test mutating func `time that goes backwards or far ahead is no fault`() {
    frames(60, every: .milliseconds(33))
    gaps.note(at: .zero)
    gaps.note(at: Instant(nanoseconds: .max))
    gaps.note(at: Instant(nanoseconds: .min))
    #expect(gaps.take(at: Instant(nanoseconds: .max)) <= .seconds(9))
  }
}

struct ReceptionCountsTests {
  @Test func `shares are of what should have come, and counting anew counts nothing`() {
    let first = ReceptionCounts(expected: 100, lost: 10, missing: 2)
    let second = ReceptionCounts(expected: 200, lost: 15, missing: 1)
    let added = second.since(first)
    #expect(added == ReceptionCounts(expected: 100, lost: 5, missing: 0))
    #expect(added.share(added.lost) == 0.05)
    #expect(first.since(second) == ReceptionCounts())
    #expect(ReceptionCounts().share(5) == 0)
    #expect(ReceptionCounts(expected: 1, lost: -5).share(-5) == 0)
  }
}
