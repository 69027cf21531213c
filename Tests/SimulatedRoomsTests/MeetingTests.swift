import RTCTesting
import Testing
import Wire

@testable import SimulatedRooms

struct MeetingTests {
  private func meeting(
    _ links: [AccessLink], seconds: Int64, seed: UInt64 = 1,
    _ change: (inout SimulatedRoom.Options) -> Void = { _ in }
  ) -> RoomFigures {
    var options = SimulatedRoom.Options(links: links)
    options.seed = seed
    options.duration = .seconds(seconds)
    change(&options)
    let room = SimulatedRoom(options)
    room.run()
    return room.figures
  }

  @Test func `the same seed gives the same packets`() {
    let first = meeting([.fibre, .mobile], seconds: 1, seed: 3).traceHash
    #expect(first == meeting([.fibre, .mobile], seconds: 1, seed: 3).traceHash)
    #expect(first != meeting([.fibre, .mobile], seconds: 1, seed: 4).traceHash)
  }

  @Test func `four people stay connected, and see each other although one loses a tenth`() {
    let figures = meeting([.fibre, .tenth, .dsl, .fifth], seconds: 15)
    for one in figures.participants { #expect(one.isConnected && one.failures == 0, "\(one.link)") }
    for path in figures.paths where path.expectedVoice > 0 {
      #expect(path.heard >= 0.9, "\(RoomTable.paths(figures))")
      if path.loss <= 0.105 { #expect(path.frozenShare <= 0.1, "\(RoomTable.paths(figures))") }
    }
    #expect(figures.stuckTimers == 0)
  }

  @Test
  func
    `a link that falls to a fifth or fails for ten seconds is used again within eight, and nobody is dropped`()
  {
    let link = AccessLink("4 Mbit/s", up: 2_500, down: 4_000, delay: 25, jitter: 5)
    var options = SimulatedRoom.Options(links: [link, .fibre])
    options.duration = .seconds(62)
    options.changes = [
      .fall(of: link, place: 0, at: .seconds(9)), .outage(of: link, place: 0, at: .seconds(40)),
    ]
    let room = SimulatedRoom(options)
    room.run()
    #expect(room.recoveries.count == 2)
    for recovery in room.recoveries {
      #expect(recovery.before >= 500, "\(recovery.json)")
      #expect(recovery.meanwhile < recovery.before / 2, "\(recovery.json)")
      #expect((recovery.seconds ?? .max) <= 8, "\(recovery.json)")
      #expect(recovery.isConnected && recovery.failures == 0, "\(recovery.json)")
    }
    #expect(room.figures.participants.allSatisfy { $0.failures == 0 })
  }

  /// Two people, of whom the first has another link from the first second on.
  private static func meeting(on link: AccessLink, for duration: Duration, seed: UInt64)
    -> SimulatedRoom
  {
    let wide = AccessLink("wide", up: 20_000, down: 20_000, delay: 50)
    var options = SimulatedRoom.Options(links: [wide, .fibre])
    options.seed = seed
    options.duration = duration
    options.changes = [.init(place: 0, start: .seconds(1), duration: .seconds(60), to: link)]
    let room = SimulatedRoom(options)
    room.run()
    return room
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `who has but half a megabit all of a sudden sees pictures move again soon, and go on`(
    seed: UInt64
  ) {
    let half = AccessLink("half a megabit", up: 20_000, down: 500, delay: 50)
    let room = Self.meeting(on: half, for: .seconds(20), seed: seed)
    let seen = room.pairFigures[0]
    #expect(seen.frozen * seen.watched <= 2, "\(RoomTable.pairs(room))")
    #expect(seen.heard >= 0.97, "\(RoomTable.pairs(room))")
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `who can send but half a megabit all of a sudden is seen to move again within a second`(
    seed: UInt64
  ) {
    let half = AccessLink("half a megabit", up: 500, down: 20_000, delay: 50)
    let room = Self.meeting(on: half, for: .seconds(8), seed: seed)
    let seen = room.pairFigures[1]
    #expect(seen.frozen * seen.watched <= 1, "\(RoomTable.pairs(room))")
  }

  @Test func `among nine with three slots of sound hardly a frame of any word is missed`() {
    // Without the bandwidth for cameras, which would take most of the time.
    let link = AccessLink("voice", up: 100, down: 2000, delay: 5)
    let figures = meeting([AccessLink](repeating: link, count: 9), seconds: 30) {
      $0.audioSlotCount = 3
    }
    for path in figures.paths where path.expectedVoice > 0 {
      #expect(path.heard >= 0.995, "\(RoomTable.losses(figures))")
    }
  }

  @Test func `a voice is heard below 64 kbit/s`() throws {
    let figures = meeting([.fibre, .narrowest, .dsl], seconds: 20) { $0.hasAsides = false }
    let one = try #require(figures.participants.first { $0.link == AccessLink.narrowest.name })
    #expect(one.heard >= 0.97 && one.failures == 0, "\(RoomTable.losses(figures))")
  }
}
