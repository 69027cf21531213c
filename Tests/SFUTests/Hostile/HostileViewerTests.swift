import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Feedback that lies costs the liar its own picture at most.
struct HostileViewerTests {
  private struct Scene {
    let room = VirtualRoom(seed: 31)
    let sender: VirtualClient
    let liar: VirtualClient
    let other: VirtualClient
    let link: ViewerLink
    let bystander: ViewerLink

    init() throws {
      sender = room.join(1)
      liar = room.join(2, isNumbered: true)
      other = room.join(3, isNumbered: true)
      for viewer in [liar, other] { viewer.sendsPicture = false }
      other.asksForLost = true
      room.network.run(for: .seconds(3))
      link = try #require(room.server.forwarder.members[liar.id]?.link)
      bystander = try #require(room.server.forwarder.members[other.id]?.link)
      for one in [link, bystander] { one.setDesired(bitrate: 3_000_000, at: room.network.now) }
    }

    /// Sends what `write` makes of each round, for some seconds, many times a second.
    func lie(
      rounds: Int = 250, every interval: Duration = .milliseconds(20),
      _ write: (Int, inout OutputSpan<UInt8>) -> Void
    ) {
      for round in 0..<rounds {
        room.network.act(as: liar) { outbox, _ in
          liar.remote.sendRTCP(capacity: 1200, into: outbox) { write(round, &$0) }
        }
        room.network.run(for: interval)
      }
    }

    /// The bystander has its picture, without a gap, and is not held back.
    func expectNoHarm(frames before: Int, _ location: SourceLocation = #_sourceLocation) {
      let reception = room.reception(of: .camera, from: sender, by: other)
      #expect(reception.frames > before + 100, sourceLocation: location)
      #expect(reception.gaps == 0, sourceLocation: location)
      #expect(bystander.targetBitrate >= 1_000_000, sourceLocation: location)
      #expect(bystander.counters.expiredPacketCount == 0, sourceLocation: location)
      #expect(room.network.stuckTimerCount == 0, sourceLocation: location)
    }

    var frames: Int { room.reception(of: .camera, from: sender, by: other).frames }
  }

  @Test
  func `rows 5 and 6: feedback on numbers never sent, with deltas backwards and over the wrap`()
    throws
  {
    let scene = try Scene()
    let before = scene.frames
    scene.lie { round, output in
      let base = UInt16(truncatingIfNeeded: round &* 7919)
      let arrivals = (0..<UInt16(50)).map {
        TransportFeedback.Arrival(
          offset: $0 * 3, delta: Int16(truncatingIfNeeded: (round &* 31 &+ Int($0)) &* 977))
      }
      TransportFeedback(
        senderSSRC: 1, mediaSSRC: 0, baseSequenceNumber: base, statusCount: 200,
        referenceTime: UInt32(truncatingIfNeeded: round &* 0x51_7cc1),
        feedbackCount: UInt8(round & 0xff),
        arrivals: arrivals
      ).write(into: &output)
    }
    #expect((30_000...100_000_000).contains(scene.link.targetBitrate))
    #expect((0...1).contains(scene.link.lossRate))
    #expect(scene.link.queueDelay >= .zero)
    scene.expectNoHarm(frames: before)
  }

  @Test(arguments: [0, 1, 10_000_000_000, UInt64.max])
  func `row 35: an estimate of nothing, and of more than there is`(bitrate: UInt64) throws {
    let scene = try Scene()
    let before = scene.frames
    let sent = scene.link.counters.byteCount
    scene.lie { _, output in
      ReceiverEstimatedMaximumBitrate(senderSSRC: 1, bitrate: bitrate, ssrcs: [1]).write(
        into: &output)
    }
    #expect((30_000...100_000_000).contains(scene.link.targetBitrate))
    // Probing for more than is of use to it is bounded.
    #expect(scene.link.counters.byteCount - sent < 5 * 3_000_000 / 8)
    scene.expectNoHarm(frames: before)
  }

  @Test func `row 35: reports of losing everything, and of round trips that cannot be`() throws {
    let scene = try Scene()
    let before = scene.frames
    scene.lie { round, output in
      let blocks = scene.liar.slots.map { slot in
        ReportBlock(
          ssrc: slot.ssrc, fractionLost: 255, cumulativeLost: .min,
          highestSequenceNumber: .max, jitter: .max,
          lastSenderReport: UInt32(truncatingIfNeeded: round &* 0x9e37_79b9),
          delaySinceLastSenderReport: .max)
      }
      ReceiverReport(ssrc: 1, blocks: blocks).write(into: &output)
    }
    #expect((30_000...100_000_000).contains(scene.link.targetBitrate))
    #expect(scene.link.roundTrip >= .zero && scene.link.roundTrip <= .seconds(5))
    scene.expectNoHarm(frames: before)
  }

  @Test func `row 33: requests for key frames without end make the others' picture hardly worse`()
    throws
  {
    let scene = try Scene()
    let before = scene.frames
    let asked = scene.sender.layers[0].requests.count
    scene.lie(rounds: 6000, every: .milliseconds(1)) { round, output in
      let slot = scene.liar.slots[round % scene.liar.slots.count]
      PictureLossIndication(senderSSRC: 0, mediaSSRC: slot.ssrc).write(into: &output)
    }
    // Some at once, then one every two seconds.
    #expect(scene.sender.layers[0].requests.count - asked <= 8)
    scene.expectNoHarm(frames: before)
  }

  @Test func `row 27: what somebody else was sent cannot be asked for`() throws {
    let scene = try Scene()
    let before = scene.frames
    let repeated = scene.bystander.counters.repeatedPacketCount
    scene.lie { round, output in
      let ssrc = UInt32(round % 4 == 0 ? 100 : 30_000 + round % 8)
      GenericNACK(
        senderSSRC: 1, mediaSSRC: ssrc,
        items: [.init(packetID: UInt16(truncatingIfNeeded: round), followingLost: 0xffff)]
      ).write(into: &output)
    }
    #expect(scene.link.counters.repeatedPacketCount == 0)
    #expect(scene.bystander.counters.repeatedPacketCount == repeated)
    scene.expectNoHarm(frames: before)
  }
}
