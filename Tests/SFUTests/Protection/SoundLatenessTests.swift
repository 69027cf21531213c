import Testing
import Wire

@testable import SFU

@Suite struct SoundLatenessTests {
  /// One frame in `period` comes when so many newer ones have.
  private func wait(_ behind: Int, every period: Int, of count: Int = 3000) -> Duration {
    var lateness = SoundLateness()
    for place in 1...count { lateness.note(behind: place % period == 0 ? behind : 0) }
    return lateness.wait
  }

  @Test func `what often comes late is waited for, with a little to spare`() {
    #expect(wait(7, every: 50) == .milliseconds(160))
    #expect(wait(3, every: 100) == .milliseconds(80))
    #expect(wait(1000, every: 20) == .milliseconds(360))
  }

  @Test func `nothing is waited for that is rare, or that comes in its turn`() {
    #expect(wait(7, every: 1000) == .zero)
    #expect(wait(0, every: 1) == .zero)
    #expect(wait(7, every: 10, of: 20) == .zero)
  }

  @Test func `what has not been late for half a minute is forgotten`() {
    var lateness = SoundLateness()
    for place in 1...3000 { lateness.note(behind: place % 50 == 0 ? 7 : 0) }
    #expect(lateness.wait > .zero)
    for _ in 1...6000 { lateness.note(behind: 0) }
    #expect(lateness.wait == .zero)
  }

  @Test func `a player is told in steps, longer at once and shorter after a while`() {
    var delay = SoundDelay()
    var told: [Int64] = []
    let waits = [0, 90, 130, 125, 20] + Array(repeating: 20, count: 11)
    for (second, wait) in waits.enumerated() {
      delay.note(.milliseconds(Int64(wait)), at: .zero + .seconds(Int64(second)))
      told.append(delay.told.milliseconds)
    }
    #expect(told.prefix(5) == [0, 120, 160, 160, 160])
    #expect(told.suffix(3) == [160, 40, 40])
    delay.begin(with: .seconds(5), at: .zero)
    #expect(delay.told == .milliseconds(320))
  }
}
