import BWE
import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// How much goes to a viewer, and when.
struct PacingTests {
  /// Somebody with a picture, and a viewer behind a link that carries so many bits per second towards it.
  private static func room(
    bitsPerSecond: Int64?, seed: UInt64 = 9
  ) -> (room: VirtualRoom, viewer: VirtualClient, host: VirtualNetwork.Host) {
    let room = VirtualRoom(seed: seed)
    let sender = room.join(1)
    sender.sendsSound = false
    let viewer = room.join(2, isNumbered: true)
    viewer.sendsSound = false
    viewer.sendsPicture = false
    viewer.asksForLost = true
    let host = room.hosts[1]
    room.network.setConditions(link(bitsPerSecond), of: host, .incoming)
    return (room, viewer, host)
  }

  private static func link(_ bitsPerSecond: Int64?) -> LinkConditions {
    LinkConditions(
      delay: .milliseconds(30), bitsPerSecond: bitsPerSecond,
      queueByteLimit: Int(bitsPerSecond ?? 1_000_000) * 3 / 80)
  }

  @Test func `the estimate finds what a viewer's link carries, and rises when it widens`() throws {
    let (room, viewer, host) = Self.room(bitsPerSecond: 1_000_000)
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    /// The allocator would want no more than the one camera takes.
    func run(forSeconds count: Int) {
      for _ in 0..<count {
        link.setDesired(bitrate: 4_000_000, at: room.network.now)
        room.network.run(for: .seconds(1))
      }
    }
    run(forSeconds: 11)
    #expect((600_000...1_200_000).contains(link.targetBitrate), "\(link.targetBitrate)")
    #expect(link.queueDelay < .milliseconds(150))
    room.network.setConditions(Self.link(4_000_000), of: host, .incoming)
    run(forSeconds: 15)
    #expect(link.targetBitrate > 2_000_000, "\(link.targetBitrate)")
    let repaired = try #require(viewer.repaired.values.first)
    #expect(repaired.differenceCount == 0)
    #expect(link.counters.paddingPacketCount > 0)
    #expect(repaired.repeatCount > 0, "probes repeat what was sent last")
  }

  @Test func `where the way is wide nothing waits`() throws {
    let (room, viewer, _) = Self.room(bitsPerSecond: nil)
    room.network.run(for: .seconds(5))
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    #expect(link.counters.packetCount > 250)
    #expect(link.counters.pacedPacketCount == 0)
    #expect(link.counters.expiredPacketCount == 0)
  }

  @Test func `what is more than the way carries waits, in order, and nothing is left out`() throws {
    let (room, viewer, _) = Self.room(bitsPerSecond: nil)
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    room.network.run(for: .seconds(2))
    // The picture takes about half a megabit.
    link.pacer.setBitrate(400_000)
    let start = room.network.now
    room.network.run(for: .milliseconds(300))
    #expect(room.network.now - start == .milliseconds(300))
    #expect(link.counters.pacedPacketCount > 5)
    room.clients[0].sendsPicture = false
    room.network.run(for: .seconds(2))
    #expect(link.counters.expiredPacketCount == 0)
    let reception = try #require(viewer.received.values.max { $0.packets < $1.packets })
    #expect(reception.gaps == 0)
    #expect(reception.pictureJumps == 0)
  }

  @Test func `another path makes the estimate begin anew, with the bitrate of before`() throws {
    let (room, viewer, _) = Self.room(bitsPerSecond: nil)
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    room.network.run(for: .seconds(5))
    #expect(link.estimator.acknowledgedBitrate != nil)
    let target = link.targetBitrate
    // As an ICE restart leaves it: the path that packets take is not the one the estimate is of.
    link.path = Path(
      local: VirtualServer.address,
      remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1))
    link.reportedRoundTrip = .milliseconds(400)
    link.followPath(at: room.network.now)
    #expect(link.estimator.acknowledgedBitrate == nil)
    #expect(link.reportedRoundTrip == nil)
    #expect(link.needsAllocation)
    #expect(link.targetBitrate == target)
    room.network.run(for: .seconds(2))
    #expect(link.estimator.acknowledgedBitrate != nil)
  }

  @Test
  func `whoever comes while a key frame is fresh gets it from memory, and the sender is not asked`()
    throws
  {
    let room = VirtualRoom(seed: 21)
    let sender = room.join(1)
    let first = room.join(2, isNumbered: true)
    room.network.run(for: .seconds(3))
    #expect(first.reception("v0").frames > 0)
    // Somebody else's request brings a key frame; the newcomer connects some tens of milliseconds later.
    room.network.act(as: first) { outbox, _ in first.requestKeyFrame("v0", into: outbox) }
    let late = room.join(3, isNumbered: true)
    let before = sender.layers[0].requests.count
    room.network.run(for: .milliseconds(400))
    let link = try #require(room.server.forwarder.members[late.id]?.link)
    #expect(room.reception(of: .camera, from: sender, by: late).keyFrames >= 1)
    #expect(link.counters.replayedKeyFrameCount >= 1)
    #expect(sender.layers[0].requests.count <= before + 1)
    let reception = room.reception(of: .camera, from: sender, by: late)
    #expect(reception.gaps == 0)
    #expect(reception.pictureJumps == 0)
  }
}
