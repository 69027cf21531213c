import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

struct RoomSimulationTests {
  /// Four people for some virtual time.
  private func meeting(seed: UInt64, for duration: Duration) -> VirtualRoom {
    let room = VirtualRoom(seed: seed)
    for name in 1...4 { room.join(UInt8(name)) }
    room.network.run(for: duration)
    return room
  }

  @Test func `four people see and hear each other without a gap for a minute`() {
    let room = meeting(seed: 1, for: .seconds(60))
    for viewer in room.clients {
      for sender in room.clients where sender !== viewer {
        let picture = room.reception(of: .camera, from: sender, by: viewer)
        #expect(picture.frames > 1750)
        #expect(picture.senders == [sender.name])
        #expect(picture.gaps == 0)
        #expect(picture.pictureJumps == 0)
        let sound = room.reception(of: .microphone, from: sender, by: viewer)
        #expect(sound.packets > 2900)
        #expect(sound.senders == [sender.name])
        #expect(sound.gaps == 0)
      }
    }
  }

  @Test func `the same seed gives the same packets and events`() {
    let first = meeting(seed: 7, for: .seconds(10))
    let second = meeting(seed: 7, for: .seconds(10))
    #expect(first.network.traceHash == second.network.traceHash)
    #expect(first.server.events == second.server.events)
    #expect(meeting(seed: 8, for: .seconds(10)).network.traceHash != first.network.traceHash)
  }

  @Test func `somebody who comes late has every picture within half a second`() {
    let room = VirtualRoom(seed: 2)
    for name in 1...3 { room.join(UInt8(name)) }
    room.network.run(for: .seconds(10))
    let late = room.join(9)
    let start = room.network.now
    room.network.run(for: .seconds(2))
    for sender in room.clients where sender !== late {
      let first = room.reception(of: .camera, from: sender, by: late).firstAt
      let wait = first.map { ($0 - start).milliseconds } ?? .max
      #expect(wait < 500)
      #expect(room.reception(of: .camera, from: sender, by: late).keyFrames >= 1)
    }
  }

  @Test func `what is muted is not forwarded, and goes on without a gap`() {
    let room = VirtualRoom(seed: 3)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(5))
    room.setLive(false, ana, .microphone)
    room.setLive(false, ana, .camera)
    room.network.run(for: .milliseconds(100))
    let before = room.reception(of: .microphone, from: ana, by: budi).packets
    let framesBefore = room.reception(of: .camera, from: ana, by: budi).frames
    room.network.run(for: .seconds(5))
    #expect(room.reception(of: .microphone, from: ana, by: budi).packets == before)
    #expect(room.reception(of: .camera, from: ana, by: budi).frames == framesBefore)
    room.setLive(true, ana, .microphone)
    room.setLive(true, ana, .camera)
    room.network.run(for: .seconds(5))
    let sound = room.reception(of: .microphone, from: ana, by: budi)
    let picture = room.reception(of: .camera, from: ana, by: budi)
    #expect(sound.packets > before + 200 && sound.gaps == 0)
    #expect(picture.frames > framesBefore + 120 && picture.gaps == 0 && picture.pictureJumps == 0)
  }

  @Test func `a slot that shows somebody else stays one stream`() {
    let room = VirtualRoom(seed: 4)
    let viewer = room.join(1, slotCount: 1)
    let first = room.join(2)
    room.network.run(for: .seconds(5))
    room.leave(first)
    room.join(3)
    room.network.run(for: .seconds(5))
    let picture = viewer.reception("v0")
    #expect(picture.senders == [2, 3])
    #expect(picture.gaps == 0)
    #expect(picture.pictureJumps == 0)
    #expect(viewer.reception("a0").senders == [2, 3])
    #expect(viewer.reception("a0").gaps == 0)
  }

  @Test func `a viewer gets the layer that fits, and another one when it is switched off`() {
    let room = VirtualRoom(seed: 5)
    let sender = room.join(1, layerHeights: [180, 360, 720])
    let viewer = room.join(2)
    let source = SourceID(peer: sender.id, role: .camera)
    func show(_ height: Int) {
      room.server.forwarder.setView(
        [ViewTile(source: source, height: height)], of: viewer.id, at: room.network.now,
        events: &room.server.events)
      room.network.run(for: .seconds(4))
    }
    func currentHeight() -> Int? {
      room.server.forwarder.members[viewer.id]?.slots.first { $0.source?.id == source }?.current?
        .height
    }
    for height in [720, 180, 360, 90, 1080] {
      show(height)
      #expect(currentHeight() == min(max(height, 180), 720))
    }
    sender.layers[2].isOn = false
    room.network.run(for: .seconds(5))
    #expect(currentHeight() == 360)
    let picture = room.reception(of: .camera, from: sender, by: viewer)
    #expect(picture.gaps == 0 && picture.pictureJumps == 0)
    #expect(picture.frames > 20 * 30)
  }

  @Test func `sound and picture of one sender share a clock over both slots`() {
    let room = VirtualRoom(seed: 6)
    room.join(1)
    let viewer = room.join(2)
    room.network.run(for: .seconds(20))
    let source = room.server.slots(of: viewer.id)
    #expect(source.count == 2)
    let reports = source.compactMap { viewer.reception($0.mid).reports.last }
    #expect(reports.count == 2)
    // Both media clocks of the simulated sender start with its wall clock, so the moment at which each
    // timestamp, without what the slot added, was zero must be the same.
    let zeros = source.compactMap { content -> Int64? in
      guard
        let slot = room.server.forwarder.members[viewer.id]?.slots.first(where: {
          $0.plan.mid == content.mid
        }), let offset = slot.layers.rewriter.timestampOffset,
        let report = viewer.reception(content.mid).reports.last
      else { return nil }
      let rate = slot.plan.kind == .audio ? 48_000.0 : 90_000.0
      let seconds = Double(report.rtpTimestamp &- offset) / rate
      let wall = Double(report.ntpTimestamp >> 16) / 65_536
      return Int64(((wall - seconds) * 1000).rounded())
    }
    #expect(zeros.count == 2)
    if zeros.count == 2 { #expect(abs(zeros[0] - zeros[1]) <= 2) }
  }

  @Test func `who speaks is told, and silence too`() {
    let room = VirtualRoom(seed: 10)
    let ana = room.join(1)
    let budi = room.join(2)
    budi.audioLevel = 127
    room.network.run(for: .seconds(2))
    func lastSpeakers() -> [PeerID]? {
      for event in room.server.events.reversed() {
        if case .speakersChanged(_, let speakers) = event { return speakers.map(\.peer) }
      }
      return nil
    }
    #expect(lastSpeakers() == [ana.id])
    ana.audioLevel = 127
    room.network.run(for: .seconds(2))
    #expect(lastSpeakers() == [])
  }

  @Test(arguments: [0.02, 0.1, 0.3])
  func `under loss nobody is dropped and pictures go on`(loss: Double) {
    let room = VirtualRoom(seed: 11)
    for name in 1...3 {
      room.join(
        UInt8(name),
        conditions: LinkConditions(
          delay: .milliseconds(20), jitter: .milliseconds(10), loss: .bernoulli(loss)))
    }
    room.network.run(for: .seconds(30))
    for viewer in room.clients {
      #expect(viewer.remote.isConnected)
      for sender in room.clients where sender !== viewer {
        let sound = room.reception(of: .microphone, from: sender, by: viewer)
        #expect(Double(sound.packets) > 1350 * (1 - loss) * (1 - loss))
        #expect(room.reception(of: .camera, from: sender, by: viewer).frames > 100)
      }
    }
  }
}
