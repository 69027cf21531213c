import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// Layers that are asked for and do not come, and viewers who do not.
struct WantedInVainTests {
  @Test func `a layer its sender cannot send stays asked for, and is taken when it comes`() {
    let room = AllocatedRoom(seed: 21)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.setCapacity(2, of: sender)
    room.view(viewer, [(sender, 720, 10)])
    let start = room.now
    room.run(for: .seconds(20))
    #expect(room.told(sender, since: start).allSatisfy { $0[2] })
    #expect(room.slot(of: viewer, showing: sender)?.current?.height == 360)
    room.setCapacity(3, of: sender)
    room.run(for: .seconds(4))
    #expect(room.slot(of: viewer, showing: sender)?.current?.height == 720)
  }

  @Test
  func `until a size that is asked for anew comes, those beneath it are asked for too, and shown`()
  {
    let room = AllocatedRoom(seed: 26)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.view(viewer, [(sender, 180, 10)])
    room.run(for: .seconds(8))
    #expect(room.sent(sender) == [true, false, false])
    // A sender that has sent little for a while thinks that the largest does not fit.
    room.setCapacity(2, of: sender)
    room.view(viewer, [(sender, 720, 10)])
    let start = room.now
    while room.slot(of: viewer, showing: sender)?.current?.height != 360 {
      room.run(for: .milliseconds(10))
      if room.now - start > .seconds(5) { break }
    }
    #expect(room.told(sender, since: start) == [[true, true, true]])
    #expect(room.now - start <= .milliseconds(300))
    room.setCapacity(3, of: sender)
    room.run(for: .seconds(5))
    #expect(room.slot(of: viewer, showing: sender)?.current?.height == 720)
    #expect(room.sent(sender) == [true, false, true])
  }

  @Test func `where only the smallest comes the others stay asked for`() {
    let room = AllocatedRoom(seed: 22)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.setCapacity(1, of: sender)
    room.view(viewer, [(sender, 360, 10)])
    room.run(for: .seconds(10))
    let start = room.now
    room.run(for: .seconds(15))
    #expect(room.told(sender, since: start).isEmpty)
    room.view(viewer, [(sender, 180, 10)])
    room.run(for: .seconds(5))
    #expect(room.told(sender, since: start).last == [true, false, false])
  }

  @Test func `somebody who never connects is no reason to send for longer than ten seconds`() {
    let room = AllocatedRoom(seed: 23)
    let sender = room.join(1)
    let viewer = room.join(2, conditions: LinkConditions(delay: .milliseconds(10), isDown: true))
    room.view(viewer, [(sender, 720, 10)])
    room.run(for: .seconds(8))
    #expect(room.sent(sender)[2])
    room.run(for: .seconds(7))
    #expect(room.sent(sender) == [false, false, false])
    let third = room.join(3)
    room.view(third, [(sender, 180, 1)])
    room.run(for: .seconds(4))
    #expect(room.sent(sender) == [true, false, false])
  }

  @Test func `who connects late is sent to at once`() {
    let room = AllocatedRoom(seed: 24)
    let sender = room.join(1)
    room.run(for: .seconds(12))
    let viewer = room.join(2, conditions: LinkConditions(delay: .milliseconds(10), isDown: true))
    let member = room.room.server.forwarder.members[viewer.id]
    member?.unreachableSince = room.now - Member.absence
    room.view(viewer, [(sender, 360, 10)])
    room.run(for: .seconds(4))
    #expect(room.sent(sender) == [false, false, false])
    room.room.setConditions(LinkConditions(delay: .milliseconds(10)), of: viewer, .incoming)
    room.room.setConditions(LinkConditions(delay: .milliseconds(10)), of: viewer, .outgoing)
    while member?.isConnected == false, room.now < .zero + .seconds(25) {
      room.run(for: .milliseconds(10))
    }
    #expect(member?.isConnected == true)
    room.run(for: .seconds(1))
    #expect(room.camera(sender, by: viewer).frames > 10)
  }

  @Test func `a larger picture that begins a new stream leaves the one that is seen`() {
    let room = AllocatedRoom(seed: 25)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.view(viewer, [(sender, 180, 10)])
    room.run(for: .seconds(6))
    guard let slot = room.slot(of: viewer, showing: sender), let seen = slot.current else {
      Issue.record("nothing is shown")
      return
    }
    #expect(seen.layer == 0)
    sender.layers[2].isOn = true
    room.run(for: .milliseconds(200))
    // The browser starts over with this size before the key frame comes.
    sender.layers[2].ssrc += 40
    let before = room.camera(sender, by: viewer)
    slot.want(LayerTarget(spatial: 2, temporal: 7), at: room.now)
    #expect(slot.target?.layer == 2)
    for _ in 0..<10 {
      room.run(for: .milliseconds(10))
      #expect(slot.current === seen)
    }
    let after = room.camera(sender, by: viewer)
    #expect(after.frames - before.frames >= 2)
    #expect(after.gaps == 0 && after.pictureJumps == 0)
  }
}
