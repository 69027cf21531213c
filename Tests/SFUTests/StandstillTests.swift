import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Pictures go on where a way becomes too narrow, or what they need is lost for good.
struct StandstillTests {
  /// Has `viewer` ask for what it was sent with a number, and gives the key frames its sender is asked for then.
  private static func requests(
    after age: Duration, in room: VirtualRoom, hasKeyFrameMeanwhile: Bool = false
  ) throws -> Int {
    let (sender, viewer) = (room.clients[0], room.clients[1])
    let slot = try #require(viewer.slots.first { viewer.repaired[$0.ssrc] != nil })
    let number = try #require(
      room.server.forwarder.members[viewer.id]?.slot(slot.ssrc)?.sending.newest)
    if hasKeyFrameMeanwhile {
      room.network.run(for: .milliseconds(100))
      sender.layers[0].wantsKeyFrame = true
    }
    room.network.run(for: age - .milliseconds(hasKeyFrameMeanwhile ? 100 : 0))
    let before = sender.layers[0].requests.count
    Self.ask(for: number..<number &+ 1, slot.ssrc, viewer, in: room)
    room.network.run(for: .milliseconds(200))
    return sender.layers[0].requests.count - before
  }

  private static func ask(
    for numbers: Range<UInt16>, _ ssrc: UInt32, _ viewer: VirtualClient, in room: VirtualRoom
  ) {
    room.network.act(as: viewer) { outbox, _ in
      viewer.remote.sendRTCP(capacity: 200, into: outbox) {
        GenericNACK(senderSSRC: 1, mediaSSRC: ssrc, sequenceNumbers: Array(numbers))
          .write(into: &$0)
      }
    }
  }

  private static func room() -> VirtualRoom {
    let room = VirtualRoom(seed: 11)
    room.join(1)
    room.join(2, isNumbered: true, conditions: LinkConditions(delay: .milliseconds(20)))
    room.network.run(for: .seconds(3))
    // As after a queue that was too long.
    room.server.forwarder.members[room.clients[1].id]?.link.overfullAt = room.network.now
    return room
  }

  @Test func `a packet that is asked for long after a queue took it has a key frame made`() throws {
    let room = Self.room()
    #expect(try Self.requests(after: .milliseconds(100), in: room) == 0)
    #expect(try Self.requests(after: .milliseconds(700), in: room) == 1)
  }

  @Test func `nobody is asked for a key frame for want of what a later one makes needless`() throws
  {
    let room = Self.room()
    let link = try #require(room.server.forwarder.members[room.clients[1].id]?.link)
    let before = link.counters.repeatedPacketCount
    #expect(
      try Self.requests(after: .milliseconds(700), in: room, hasKeyFrameMeanwhile: true) == 0)
    #expect(link.counters.repeatedPacketCount == before)
  }

  @Test func `where nothing queued what is asked for is repeated, however late, and that is all`()
    throws
  {
    let room = Self.room()
    let link = try #require(room.server.forwarder.members[room.clients[1].id]?.link)
    link.overfullAt = nil
    let before = link.counters.repeatedPacketCount
    #expect(try Self.requests(after: .milliseconds(700), in: room) == 0)
    #expect(
      try Self.requests(after: .milliseconds(700), in: room, hasKeyFrameMeanwhile: true) == 0)
    #expect(link.counters.repeatedPacketCount == before + 2)
  }

  @Test func `where packets queue the larger picture ends before the smaller one begins`() throws {
    let allocated = AllocatedRoom(seed: 3)
    // So far away that its key frames take a while.
    let sender = allocated.join(1, conditions: LinkConditions(delay: .milliseconds(150)))
    let wide = LinkConditions(delay: .milliseconds(50), bitsPerSecond: 20_000_000)
    let viewer = allocated.join(2, conditions: wide)
    allocated.view(viewer, [(sender, 720, 10)])
    allocated.run(for: .seconds(5))
    let slot = try #require(allocated.slot(of: viewer, showing: sender))
    #expect(slot.current?.layer == 2)
    let narrow = LinkConditions(
      delay: .milliseconds(50), bitsPerSecond: 300_000, queueByteLimit: 12_000)
    allocated.room.setConditions(narrow, of: viewer, .incoming)
    // What was begun, and what waits for its turn, still goes out.
    let settling = Duration.milliseconds(60)
    var heldSince: Instant?
    var before: UInt32 = 0
    var afterwards: [UInt32] = []
    for _ in 0..<300 {
      allocated.run(for: .milliseconds(10))
      guard let current = slot.current, let target = slot.target, target.layer < current.layer,
        heldSince != nil || slot.viewer.link.isOverfull
      else {
        heldSince = nil
        continue
      }
      let since = heldSince ?? allocated.now
      heldSince = since
      if allocated.now - since > settling { afterwards.append(slot.packetCount - before) }
      before = slot.packetCount
    }
    #expect(!afterwards.isEmpty && afterwards.allSatisfy { $0 == 0 }, "\(afterwards)")
    #expect((slot.current?.layer ?? 2) < 2)
  }
}
