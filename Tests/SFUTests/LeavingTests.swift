import RTCTesting
import Testing
import Wire

@testable import SFU

struct LeavingTests {
  @Test func `those who stay are told that a slot shows nobody any longer`() {
    let room = VirtualRoom(seed: 11)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(1))
    #expect(room.server.slots(of: budi.id).map(\.source.peer) == [ana.id, ana.id])
    room.leave(ana)
    #expect(room.server.slots(of: budi.id) == [])
  }

  @Test func `a source that is negotiated away leaves the slots it was shown in`() {
    let room = VirtualRoom(seed: 12)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(1))
    room.server.forwarder.update(
      ana.id, publishing: ana.tracks.filter { $0.role == .microphone }, receiving: ana.slots,
      at: room.network.now, events: &room.server.events)
    #expect(room.server.slots(of: budi.id).map(\.source.role) == [.microphone])
  }

  @Test func `a viewer without slots is told that they show nothing`() {
    let room = VirtualRoom(seed: 13)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(1))
    room.server.forwarder.update(
      budi.id, publishing: budi.tracks, receiving: [], at: room.network.now,
      events: &room.server.events)
    #expect(room.server.slots(of: budi.id) == [])
    #expect(room.server.slots(of: ana.id).count == 2)
  }

  @Test func `nothing is left of somebody who left`() {
    let room = VirtualRoom(seed: 14)
    let ana = room.join(1, layerHeights: [180, 360])
    room.join(2)
    room.network.run(for: .seconds(1))
    let member = room.server.forwarder.members[ana.id]
    weak let source = member?.source(.camera)
    weak let stream = member?.streamList.last
    #expect(source != nil && stream != nil)
    room.leave(ana)
    #expect(source == nil && stream == nil)
  }
}
