import BWE
import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// What the way to a viewer is taken to carry.
struct ViewerLinkTests {
  /// A sender and a viewer whose link is looked at.
  private static func room(
    isNumbered: Bool, conditions: LinkConditions = LinkConditions(delay: .milliseconds(20))
  ) -> (room: VirtualRoom, viewer: VirtualClient, link: ViewerLink?) {
    let room = VirtualRoom(seed: 7)
    room.join(1)
    let viewer = room.join(2, isNumbered: isNumbered, conditions: conditions)
    return (room, viewer, room.server.forwarder.members[viewer.id]?.link)
  }

  @Test func `a viewer that says nothing of what arrives is not limited`() {
    let (room, _, link) = Self.room(isNumbered: false)
    room.network.run(for: .seconds(2))
    #expect(link?.targetBitrate == ViewerLink.unlimited)
    #expect((link?.counters.packetCount ?? 0) > 100)
  }

  @Test func `every packet to a viewer with feedback is numbered, and feedback tells the target`() {
    let (room, viewer, link) = Self.room(isNumbered: true)
    #expect(link?.targetBitrate == ViewerLink.startBitrate)
    room.network.run(for: .seconds(3))
    #expect(viewer.transportNumbers.count > 200)
    #expect(viewer.transportNumbers == (0..<UInt16(viewer.transportNumbers.count)).map { $0 })
    #expect(link?.estimator.acknowledgedBitrate != nil)
    #expect(link?.lossRate == 0)
    #expect((link?.queueDelay ?? .seconds(1)) < .milliseconds(50))
  }

  @Test func `losses that feedback tells of are known`() {
    let conditions = LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.2))
    let (room, _, link) = Self.room(isNumbered: true, conditions: conditions)
    room.network.run(for: .seconds(5))
    #expect((0.1...0.3).contains(link?.lossRate ?? 0))
  }

  @Test func `a viewer's own estimate limits it where there is nothing better`() {
    let (room, viewer, link) = Self.room(isNumbered: false)
    room.network.run(for: .seconds(1))
    room.network.act(as: viewer) { outbox, _ in
      let estimate = ReceiverEstimatedMaximumBitrate(
        senderSSRC: 1, bitrate: 700_000, ssrcs: [20_000])
      viewer.remote.sendRTCP(capacity: 64, into: outbox) { estimate.write(into: &$0) }
    }
    room.network.run(for: .milliseconds(100))
    #expect((600_000...700_000).contains(link?.targetBitrate ?? 0))
  }

  @Test
  func `losses in receiver reports limit a viewer, and a round trip is taken from its answers`() {
    let (room, viewer, link) = Self.room(isNumbered: false)
    room.network.run(for: .seconds(3))
    for _ in 0..<5 {
      guard
        let slot = viewer.slots.first(where: { viewer.received[$0.ssrc]?.reports.isEmpty == false }
        ),
        let last = viewer.received[slot.ssrc]?.reports.last
      else { break }
      room.network.act(as: viewer) { outbox, _ in
        let block = ReportBlock(
          ssrc: slot.ssrc, fractionLost: 100, lastSenderReport: NTP.middle(last.ntpTimestamp),
          delaySinceLastSenderReport: 0)
        viewer.remote.sendRTCP(capacity: 64, into: outbox) {
          ReceiverReport(ssrc: 1, blocks: [block]).write(into: &$0)
        }
      }
      room.network.run(for: .seconds(1))
    }
    #expect((link?.targetBitrate ?? 0) < ViewerLink.startBitrate)
    #expect((link?.lossRate ?? 0) > 0.2)
    #expect(link?.reportedRoundTrip != nil)
  }
}
