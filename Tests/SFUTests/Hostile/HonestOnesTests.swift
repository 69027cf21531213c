import RTCTesting
import Testing
import Wire

@testable import SFU

/// Whatever one does, the others see and hear each other as before. How much may change is said here.
struct HonestOnesTests {
  /// The same meeting with a third who behaves, for 6 and 20 s.
  private static let controls: [Duration: HostileMeeting.Account] = Dictionary(
    uniqueKeysWithValues: ([6, 20] as [Int64]).map { seconds in
      let duration = Duration.seconds(seconds)
      let meeting = HostileMeeting()
      return (duration, meeting.play(for: duration, every: .milliseconds(100)) { _, _ in })
    })

  private func play(_ attack: Attack) throws -> HostileMeeting {
    let control = try #require(Self.controls[attack.duration])
    let meeting = HostileMeeting()
    attack.prepare(meeting)
    let taken = meeting.packetsOfThird
    let account = meeting.play(for: attack.duration, every: attack.interval, attack.act)
    // It came through: what is refused before it is looked at proves nothing.
    if attack.isOfSender { #expect(meeting.packetsOfThird - taken > 300) }
    for place in 0..<2 {
      #expect(account.frames[place] * 100 >= control.frames[place] * 97)
      #expect(account.sounds[place] * 100 >= control.sounds[place] * 99)
      #expect(account.byteCounts[place] * 100 >= control.byteCounts[place] * 95)
    }
    #expect(account.gaps == 0)
    #expect(account.stillness <= .milliseconds(200), "\(account.stillness)")
    #expect(account.requests <= control.requests + attack.requests, "\(account.requests)")
    #expect(
      Double(account.packets) <= Double(control.packets) * attack.packets,
      "\(account.packets) of \(control.packets)")
    #expect(account.target * 4 >= control.target * 3, "\(account.target) of \(control.target)")
    #expect(meeting.room.network.stuckTimerCount == 0)
    return meeting
  }

  @Test func `nothing is wrong where the third behaves`() throws {
    let control = try #require(Self.controls[.seconds(6)])
    #expect(control.frames.allSatisfy { $0 >= 175 })
    #expect(control.sounds.allSatisfy { $0 >= 295 })
    #expect(control.gaps == 0 && control.stillness <= .milliseconds(50))
  }

  @Test(arguments: Attack.ofViewers)
  func `a viewer that lies harms no one else, and its estimate stays within bounds`(
    attack: Attack
  ) throws {
    let meeting = try play(attack)
    let link = try #require(meeting.link(of: meeting.third))
    #expect((30_000...100_000_000).contains(link.targetBitrate))
    #expect((0...1).contains(link.lossRate))
    #expect(link.roundTrip >= .zero && link.roundTrip <= .seconds(5))
    #expect(link.queueDelay >= .zero)
    let repeated = link.counters.repeatedByteCount
    #expect(Double(repeated) <= 0.5 * Double(link.counters.byteCount - repeated) + 40_000)
  }

  @Test(arguments: Attack.ofSenders)
  func `a sender that floods or sends nonsense harms no one else`(attack: Attack) throws {
    let meeting = try play(attack)
    let member = try #require(meeting.room.server.forwarder.members[meeting.third.id])
    #expect(member.streams.count <= Member.streamLimit)
    #expect(member.streams.count == member.streamList.count)
    #expect(member.repairs.count <= Member.streamLimit)
  }

  @Test func `row 36: of ten times what was negotiated a tenth is sent on, and the rest counted`()
    throws
  {
    let attack = try #require(Attack.ofSenders.last)
    let meeting = HostileMeeting()
    attack.prepare(meeting)
    _ = meeting.play(for: attack.duration, every: attack.interval, attack.act)
    let allowed = HostileMeeting.limits.values.reduce(0, +) / 8 * 6
    #expect(meeting.bytesOfThird > allowed / 2, "\(meeting.bytesOfThird) of \(allowed)")
    // Half a second's worth comes at once.
    #expect(meeting.bytesOfThird < allowed / 6 * 7, "\(meeting.bytesOfThird) of \(allowed)")
    #expect(meeting.room.server.forwarder.drops.excess > 3_000)
  }

  @Test func `who stays within what was negotiated loses nothing`() {
    var limit = IncomingLimit(bitrate: 1_000_000)
    // A key frame of half a second's worth at once, then a steady rate.
    for _ in 0..<60 {
      let isTaken = limit.takes(1000, at: .zero + .seconds(1))
      #expect(isTaken)
    }
    for place in 1...2000 as ClosedRange<Int64> {
      let isTaken = limit.takes(1000, at: .zero + .seconds(1) + .milliseconds(8) * place)
      #expect(isTaken)
    }
    // What was not used is saved up for half a second at most.
    let later = Instant.zero + .seconds(100)
    var count = 0
    while limit.takes(1000, at: later) { count += 1 }
    #expect(count == 63)
  }
}
