import RTCTesting
import Testing
import Wire

@testable import SFU

/// Who is looked at, and how often.
struct WakeupTests {
  /// How many looks a second a meeting of so many takes once everybody is there.
  private static func looks(people: UInt8) -> Int {
    let room = VirtualRoom(seed: 3)
    for name in 1...people { room.join(name, isNumbered: true) }
    room.network.run(for: .seconds(3))
    let before = room.server.forwarder.lookCount
    room.network.run(for: .seconds(2))
    return (room.server.forwarder.lookCount - before) / 2
  }

  @Test func `one peer's timers do not have others looked at`() {
    let few = Self.looks(people: 3)
    let many = Self.looks(people: 9)
    #expect(few > 0)
    // Reports of what arrives are due twenty times a second for each sender; all other timers are rarer.
    #expect(many <= 9 * 35, "\(many)")
    #expect(many <= few * 4, "\(few), \(many)")
  }

  @Test func `who is silent is looked at once a second`() {
    let wakeup = Wakeup()
    let now = Instant.zero + .seconds(5)
    wakeup.take(at: now)
    #expect(wakeup.at == now + Wakeup.interval)
    wakeup.call(now + .milliseconds(300))
    wakeup.call(now + .milliseconds(400))
    #expect(wakeup.at == now + .milliseconds(300))
  }
}
