import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// What viewers get through the real forwarder.
struct AllocatedRoomTests {
  @Test func `a viewer that can receive little sees the speaker well and the others small`() {
    let room = AllocatedRoom(seed: 1)
    let viewer = room.join(1)
    let others = (2...5).map { room.join($0) }
    room.run(for: .seconds(3))
    room.limit(viewer, to: 980_000)
    room.view(viewer, [(others[0], 720, 10)] + others.dropFirst().map { ($0, 360, 1) })
    room.run(for: .seconds(6))
    #expect(room.slot(of: viewer, showing: others[0])?.current?.height == 360)
    for other in others.dropFirst() {
      #expect(room.slot(of: viewer, showing: other)?.current?.height == 180)
      #expect(room.state(viewer, other) == .live)
      #expect(room.camera(other, by: viewer).gaps == 0)
    }
  }

  @Test func `less and less leads to snapshots and then to sound alone, and back`() {
    let room = AllocatedRoom(seed: 2)
    let viewer = room.join(1)
    let others = (2...4).map { room.join($0) }
    room.run(for: .seconds(3))
    func run(at bitrate: UInt64, for duration: Duration) -> [Int] {
      let before = others.map { room.camera($0, by: viewer).frames }
      room.limit(viewer, to: bitrate)
      room.run(for: duration)
      return zip(others, before).map { room.camera($0, by: viewer).frames - $1 }
    }
    _ = run(at: 150_000, for: .seconds(2))
    let stills = run(at: 150_000, for: .seconds(20))
    #expect(others.allSatisfy { room.state(viewer, $0) == .snapshot })
    // One every 2 to 5 s, and nothing else.
    #expect(stills.allSatisfy { (4...10).contains($0) })
    _ = run(at: 50_000, for: .milliseconds(200))
    #expect(others.allSatisfy { room.state(viewer, $0) == .paused })
    func sound() -> Int {
      others.map { room.room.reception(of: .microphone, from: $0, by: viewer).packets }.reduce(0, +)
    }
    let before = sound()
    #expect(run(at: 50_000, for: .seconds(5)).allSatisfy { $0 == 0 })
    // One voice, two frames to a packet.
    #expect((120...130).contains(sound() - before))
    _ = run(at: 2_500_000, for: .seconds(5))
    #expect(others.allSatisfy { room.state(viewer, $0) == .live })
    #expect(run(at: 2_500_000, for: .seconds(2)).allSatisfy { $0 > 50 })
    for other in others {
      #expect(room.camera(other, by: viewer).gaps == 0)
      #expect(room.camera(other, by: viewer).pictureJumps == 0)
    }
  }

  @Test func `on a path of 700 kbit per second nobody goes black and nothing queues`() {
    let room = AllocatedRoom(seed: 3)
    var conditions = LinkConditions(delay: .milliseconds(30))
    conditions.bitsPerSecond = 700_000
    let viewer = room.join(1, conditions: conditions)
    let others = (2...5).map { room.join($0) }
    room.run(for: .seconds(15))
    #expect(others.allSatisfy { room.state(viewer, $0) != .paused })
    let link = room.room.server.forwarder.members[viewer.id]?.link
    #expect((link?.queueDelay ?? .seconds(9)) < .milliseconds(200))
  }

  @Test func `layers nobody looks at are switched off after two seconds, and on at once`() {
    let room = AllocatedRoom(seed: 4)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.view(viewer, [(sender, 180, 1)])
    room.view(sender, [(viewer, 720, 1)])
    room.run(for: .milliseconds(1500))
    #expect(room.sent(sender) == [true, true, true])
    room.run(for: .milliseconds(1500))
    #expect(room.sent(sender) == [true, false, false])
    // The reserve: a smaller picture is there before it is wanted.
    #expect(room.sent(viewer) == [true, false, true])
    room.run(for: .seconds(5))
    room.view(viewer, [(sender, 720, 10)])
    let start = room.now
    while room.slot(of: viewer, showing: sender)?.current?.height != 720 {
      room.run(for: .milliseconds(10))
      if room.now - start > .seconds(5) { break }
    }
    #expect(room.now - start <= .milliseconds(300))
    room.run(for: .seconds(4))
    #expect(room.sent(sender) == [true, false, true])
    let picture = room.camera(sender, by: viewer)
    #expect(picture.gaps == 0 && picture.pictureJumps == 0)
  }

  @Test func `a camera on no screen is switched off whole, and seen 300 ms after it is looked at`()
  {
    let room = AllocatedRoom(seed: 5)
    let (sender, viewer, third) = (room.join(1), room.join(2), room.join(3))
    room.view(viewer, [])
    room.view(third, [(viewer, 360, 1)])
    room.run(for: .seconds(4))
    #expect(room.sent(sender) == [false, false, false])
    #expect(room.sent(viewer)[0])
    room.run(for: .seconds(10))
    let before = room.camera(sender, by: viewer).frames
    room.view(viewer, [(sender, 360, 1)])
    room.run(for: .milliseconds(300))
    #expect(room.camera(sender, by: viewer).frames > before)
    #expect(room.slot(of: viewer, showing: sender)?.current != nil)
  }

  @Test func `with more people than slots only those on screens send`() {
    let room = AllocatedRoom(seed: 6)
    let people = (1...12).map { room.join($0, slotCount: 3) }
    for person in people {
      let shown = person === people[0] ? [people[1], people[2]] : [people[0], people[1]]
      room.view(person, shown.filter { $0 !== person }.map { ($0, 180, 1) })
    }
    room.run(for: .seconds(4))
    for person in people.prefix(3) { #expect(room.sent(person)[0]) }
    for person in people.dropFirst(3) { #expect(room.sent(person) == [false, false, false]) }
    #expect(room.camera(people[2], by: people[0]).frames > 60)
    // Somebody scrolls.
    let before = room.now
    room.view(people[5], [(people[9], 180, 1)])
    while room.camera(people[9], by: people[5]).frames == 0 {
      room.run(for: .milliseconds(10))
      if room.now - before > .seconds(3) { break }
    }
    #expect(room.now - before <= .milliseconds(300))
  }

  @Test func `who is alone sends no picture`() {
    let room = AllocatedRoom(seed: 7)
    let first = room.join(1)
    room.run(for: .seconds(4))
    #expect(room.sent(first) == [false, false, false])
    let second = room.join(2)
    room.run(for: .seconds(1))
    #expect(room.camera(first, by: second).frames > 10)
  }

  @Test func `a muted camera is told nothing, and is back at once`() {
    let room = AllocatedRoom(seed: 8)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.run(for: .seconds(3))
    room.room.setLive(false, sender, .camera)
    let told = room.demands.count { $0.source.peer == sender.id }
    room.run(for: .seconds(10))
    #expect(room.demands.count { $0.source.peer == sender.id } == told)
    let before = room.camera(sender, by: viewer).frames
    room.room.setLive(true, sender, .camera)
    room.run(for: .milliseconds(300))
    #expect(room.camera(sender, by: viewer).frames > before)
  }
}
