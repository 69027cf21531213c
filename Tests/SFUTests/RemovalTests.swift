import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// An object that should be gone.
private final class Trace {
  let name: String
  private(set) weak var object: AnyObject?

  init(_ name: String, _ object: AnyObject?) {
    self.name = name
    self.object = object
  }
}

struct RemovalTests {
  private func traces(of member: Member?) -> [Trace] {
    guard let member else { return [] }
    var traces = [Trace("member", member), Trace("peer", member.remote)]
    traces += member.slots.map { Trace("slot", $0) }
    traces += member.sources.map { Trace("source", $0) }
    traces += member.streamList.map { Trace("stream", $0) }
    return traces
  }

  private func living(_ traces: [Trace]) -> [String] {
    traces.filter { $0.object != nil }.map(\.name)
  }

  @Test func `nothing of a member outlives its removal`() {
    let room = VirtualRoom(seed: 20)
    let ana = room.join(1, layerHeights: [180, 360])
    room.join(2)
    room.network.run(for: .seconds(2))
    let traces = traces(of: room.server.forwarder.members[ana.id])
    #expect(traces.contains { $0.name == "stream" })
    room.leave(ana)
    #expect(living(traces).isEmpty)
    room.network.run(for: .seconds(2))
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `a room ends with its last member`() {
    let room = VirtualRoom(seed: 21)
    for name in 1...3 { room.join(UInt8(name)) }
    room.network.run(for: .seconds(1))
    let forwarder = room.server.forwarder
    var traces = [Trace("room", forwarder.rooms[room.roomID])]
    for member in forwarder.memberList { traces += self.traces(of: member) }
    for client in room.clients { room.leave(client) }
    #expect(living(traces).isEmpty)
    #expect(forwarder.rooms.isEmpty && forwarder.members.isEmpty)
    #expect(forwarder.memberByPath.isEmpty && forwarder.memberByFragment.isEmpty)
    #expect(forwarder.deadline == nil)
  }

  @Test func `a stream that another one replaces is gone`() {
    let room = VirtualRoom(seed: 22)
    let ana = room.join(1)
    room.join(2)
    room.network.run(for: .seconds(1))
    let member = room.server.forwarder.members[ana.id]
    let old = Trace("stream", member?.source(.camera)?.streams.first)
    #expect(old.object != nil)
    room.server.forwarder.update(
      ana.id, publishing: Array(ana.tracks.prefix(1)), receiving: ana.slots,
      at: room.network.now, events: &room.server.events)
    #expect(old.object == nil)
  }

  @Test func `nothing is told of who was removed`() {
    let room = VirtualRoom(seed: 23)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(1))
    room.leave(ana)
    let before = room.server.events.count
    room.network.run(for: .seconds(40))
    for event in room.server.events.dropFirst(before) {
      switch event {
      case .connected(let peer), .interrupted(let peer), .failed(let peer),
        .slotsChanged(let peer, _):
        #expect(peer == budi.id)
      case .speakersChanged(_, let speakers):
        #expect(!speakers.contains { $0.peer == ana.id })
      case .layersWanted(let source, _): #expect(source.peer == budi.id)
      case .qualityChanged(_, let peers): #expect(!peers.contains { $0.peer == ana.id })
      }
    }
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `removal between reception and forwarding forwards nothing of it`() {
    let room = VirtualRoom(seed: 24)
    let ana = room.join(1)
    let budi = room.join(2)
    room.network.run(for: .seconds(1))
    let direct = DirectForwarding(room)
    for packet in direct.sound(of: ana, count: 3) { direct.receive(packet, from: ana) }
    #expect(room.server.forwarder.hasWaitingPackets)
    room.leave(ana)
    #expect(!room.server.forwarder.hasWaitingPackets)
    #expect(direct.forward(to: budi).isEmpty)
  }
}
