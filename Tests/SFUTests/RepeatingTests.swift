import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Lost packets are sent again to those who ask, and to them alone.
struct RepeatingTests {
  /// A sender, and viewers of which the first is behind `conditions`.
  private static func room(
    seed: UInt64 = 5, _ conditions: LinkConditions, viewerCount: UInt8 = 1
  ) -> VirtualRoom {
    let room = VirtualRoom(seed: seed)
    let sender = room.join(1)
    sender.sendsSound = false
    // Whatever is thought of a path that loses much, this fits.
    sender.layers[0].payloadByteCount = 250
    for name in 2..<2 + viewerCount {
      let viewer = room.join(
        name, isNumbered: true,
        conditions: name == 2 ? conditions : LinkConditions(delay: .milliseconds(20)))
      viewer.sendsSound = false
      viewer.sendsPicture = false
      viewer.asksForLost = true
    }
    return room
  }

  private static func repaired(_ viewer: VirtualClient) -> RepairingReception? {
    viewer.repaired.values.max { $0.newestIndex < $1.newestIndex }
  }

  @Test func `a viewer that loses a tenth gets every packet, nearly all within two round trips`()
    throws
  {
    let room = Self.room(LinkConditions(delay: .milliseconds(50), loss: .bernoulli(0.1)))
    let viewer = room.clients[1]
    room.network.run(for: .seconds(20))
    room.clients[0].sendsPicture = false
    room.network.run(for: .seconds(2))
    let repaired = try #require(Self.repaired(viewer))
    #expect(repaired.newestIndex - (repaired.firstIndex ?? 0) > 1000)
    #expect(repaired.missing.isEmpty, "\(repaired.missing)")
    #expect(repaired.differenceCount == 0)
    let times = repaired.repairTimes.sorted()
    try #require(times.count > 80)
    // The request waits 5 ms for mere reordering, and a tenth of requests and of repetitions is lost too.
    let inTime = times.count { $0 <= .milliseconds(2 * 110) }
    #expect(Double(inTime) >= 0.9 * Double(times.count), "\(inTime) of \(times.count)")
    #expect(times[times.count / 2] <= .milliseconds(130))
  }

  @Test func `nothing is sent again of what its sender has switched off`() throws {
    let room = Self.room(LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.3)))
    let viewer = room.clients[1]
    room.network.run(for: .seconds(3))
    let camera = SourceID(peer: room.clients[0].id, role: .camera)
    room.server.forwarder.setLive(
      false, camera, at: room.network.now, events: &room.server.events)
    // What is on its way arrives.
    room.network.run(for: .milliseconds(25))
    let before = try #require(Self.repaired(viewer)).repeatCount
    room.network.run(for: .seconds(2))
    #expect(before > 0)
    #expect(Self.repaired(viewer)?.repeatCount == before)
  }

  @Test func `repetitions name their m-section until the viewer has reported on their source`()
    throws
  {
    let room = Self.room(LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1)))
    let viewer = room.clients[1]
    room.network.run(for: .seconds(5))
    let before = try #require(Self.repaired(viewer))
    #expect(before.namedRepeatCount == before.repeatCount)
    let slot = try #require(viewer.slots.first { viewer.repaired[$0.ssrc] != nil })
    let repeats = try #require(slot.retransmissionSSRC)
    for _ in 0..<5 {
      room.network.act(as: viewer) { outbox, _ in
        let blocks = [slot.ssrc, repeats].map {
          ReportBlock(ssrc: $0, highestSequenceNumber: 9)
        }
        viewer.remote.sendRTCP(capacity: 100, into: outbox) {
          ReceiverReport(ssrc: 1, blocks: blocks).write(into: &$0)
        }
      }
      room.network.run(for: .milliseconds(200))
    }
    let known = try #require(Self.repaired(viewer))
    room.network.run(for: .seconds(5))
    let after = try #require(Self.repaired(viewer))
    #expect(after.repeatCount > known.repeatCount)
    #expect(after.namedRepeatCount == known.namedRepeatCount)
  }

  @Test
  func
    `row 34: asking for everything again and again brings a quarter as much again, and nobody else anything`()
    throws
  {
    let room = Self.room(LinkConditions(delay: .milliseconds(20)), viewerCount: 2)
    let (liar, other) = (room.clients[1], room.clients[2])
    liar.asksForLost = false
    room.network.run(for: .seconds(2))
    let slot = try #require(liar.slots.first { liar.repaired[$0.ssrc] != nil })
    let link = try #require(room.server.forwarder.members[liar.id]?.link)
    let bystander = try #require(room.server.forwarder.members[other.id]?.link)
    let before = (link.counters, bystander.counters)
    for round in 0..<100 {
      room.network.act(as: liar) { outbox, _ in
        let items = (0..<280).map { place in
          GenericNACK.Item(
            packetID: UInt16(truncatingIfNeeded: (round * 280 + place) * 17), followingLost: 0xffff)
        }
        liar.remote.sendRTCP(capacity: 1200, into: outbox) {
          GenericNACK(senderSSRC: 1, mediaSSRC: slot.ssrc, items: items).write(into: &$0)
        }
      }
      room.network.run(for: .milliseconds(50))
    }
    let sent = link.counters.byteCount - before.0.byteCount
    let repeated = link.counters.repeatedByteCount - before.0.repeatedByteCount
    #expect(link.counters.requestedPacketCount > 400_000)
    #expect(repeated > 0)
    #expect(Double(repeated) < 0.28 * Double(sent - repeated) + 40_000)
    #expect(bystander.counters.repeatedPacketCount == before.1.repeatedPacketCount)
    let repaired = try #require(Self.repaired(other))
    #expect(repaired.missing.isEmpty)
  }

  @Test func `row 34: who loses a third is sent more than a quarter again, and has nearly all`()
    throws
  {
    let room = Self.room(LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.33)))
    let viewer = room.clients[1]
    room.network.run(for: .seconds(20))
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    let before = link.counters
    room.network.run(for: .seconds(20))
    let repeated = link.counters.repeatedByteCount - before.repeatedByteCount
    let first = link.counters.byteCount - before.byteCount - repeated
    let share = Double(repeated) / Double(first)
    #expect((0.3...0.55).contains(share), "\(share)")
    room.clients[0].sendsPicture = false
    room.network.run(for: .seconds(2))
    let missing = try #require(Self.repaired(viewer)).missing.count
    // Of some 2,400.
    #expect(missing <= 12, "\(missing)")
  }

  @Test(arguments: [20, 150] as [Int64])
  func `a sender is asked again after its own round trip`(delay: Int64) throws {
    let room = VirtualRoom(seed: 8)
    let sender = room.join(1, conditions: LinkConditions(delay: .milliseconds(delay)))
    room.join(2, isNumbered: true)
    room.network.run(for: .seconds(10))
    let stream = try #require(room.server.forwarder.members[sender.id]?.streamList.first)
    let expected = Duration.milliseconds(2 * delay)
    #expect(stream.losses.roundTrip >= expected)
    #expect(stream.losses.roundTrip < expected + .milliseconds(30))
  }
}
