import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// A time in which nothing comes from a sender at all.
struct OutageTests {
  /// Somebody who sends, another who watches, and an outage of the sender's link.
  private struct Interrupted {
    let room: VirtualRoom
    let sender: VirtualClient
    let viewer: VirtualClient
    let requestedBefore: UInt64

    init(for duration: Duration) {
      room = VirtualRoom(seed: 71)
      sender = room.join(1)
      viewer = room.join(2)
      room.renegotiate(sender) { $0.retransmissions = [97: 96] }
      room.network.run(for: .seconds(5))
      requestedBefore = room.server.forwarder.requestedPacketCount
      for direction in VirtualNetwork.Direction.allCases {
        room.setConditions(LinkConditions(isDown: true), of: sender, direction)
      }
      room.network.run(for: duration)
      sender.blocks = []
      for direction in VirtualNetwork.Direction.allCases {
        room.setConditions(.perfect, of: sender, direction)
      }
    }

    var requestedCount: UInt64 { room.server.forwarder.requestedPacketCount - requestedBefore }
    var pictureCount: Int { room.reception(of: .camera, from: sender, by: viewer).frames }
  }

  @Test func `what was sent into an outage is neither asked for nor told of as lost`() {
    let interrupted = Interrupted(for: .seconds(6))
    let pictures = interrupted.pictureCount
    interrupted.room.network.run(for: .seconds(3))
    #expect(interrupted.pictureCount - pictures > 60)
    #expect(interrupted.requestedCount == 0)
    #expect(interrupted.sender.blocks.count > 2)
    #expect(interrupted.sender.blocks.allSatisfy { $0.fractionLost == 0 && $0.cumulativeLost == 0 })
  }

  @Test func `a stream that goes on long after an outage does not tell of it either`() {
    let interrupted = Interrupted(for: .seconds(6))
    interrupted.sender.sendsPicture = false
    interrupted.sender.layers[0].sequenceNumber &+= 200
    interrupted.room.network.run(for: .seconds(3))
    interrupted.sender.sendsPicture = true
    interrupted.room.network.run(for: .seconds(3))
    #expect(interrupted.requestedCount == 0)
    #expect(interrupted.sender.blocks.allSatisfy { $0.fractionLost == 0 })
  }

  @Test func `what a short interruption took is told of, and asked for`() {
    let interrupted = Interrupted(for: .milliseconds(500))
    interrupted.room.network.run(for: .seconds(3))
    #expect(interrupted.requestedCount > 0)
    #expect(interrupted.sender.blocks.contains { $0.fractionLost > 0 })
  }

  @Test func `whoever was interrupted is judged by it all the same`() throws {
    let interrupted = Interrupted(for: .milliseconds(2500))
    interrupted.room.network.run(for: .seconds(2))
    let member = try #require(
      interrupted.room.server.forwarder.members[interrupted.sender.id])
    #expect(try #require(member.quality.up.shown).score <= 2)
  }
}
