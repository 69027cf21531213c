import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// More voices than a viewer has slots for.
struct LoudestVoicesTests {
  /// Eight people, of whom the first hears three.
  private static func room(seed: UInt64) -> VirtualRoom {
    let room = VirtualRoom(seed: seed)
    for name in 1...8 { room.join(UInt8(name), slotCount: name == 1 ? 3 : 1) }
    for client in room.clients {
      client.audioLevel = 127
      client.sendsPicture = false
    }
    room.network.run(for: .seconds(3))
    return room
  }

  private static func heard(_ room: VirtualRoom) -> Set<PeerID> {
    let slots = room.server.slots(of: room.clients[0].id)
    return Set(slots.filter { $0.source.role == .microphone }.map(\.source.peer))
  }

  @Test
  func `whoever begins to speak is heard within 150 ms, in the place of the one silent longest`() {
    let room = Self.room(seed: 90)
    let people = room.clients
    for speaker in [4, 5, 6, 7, 1] {
      people[speaker].audioLevel = 25
      let before = Self.heard(room)
      let start = room.network.now
      while !Self.heard(room).contains(people[speaker].id) {
        room.network.run(for: .milliseconds(10))
        if room.network.now - start > .seconds(2) { break }
      }
      #expect(room.network.now - start <= .milliseconds(150))
      #expect(Self.heard(room).subtracting(before).count <= 1)
      room.network.run(for: .seconds(2))
      people[speaker].audioLevel = 127
      room.network.run(for: .milliseconds(600))
    }
    // The last three who spoke.
    #expect(Self.heard(room) == Set([people[6], people[7], people[1]].map(\.id)))
    for mid in ["a0", "a1", "a2"] { #expect(people[0].reception(mid).gaps == 0) }
  }

  @Test func `nobody who speaks is put out by a fourth who begins`() {
    let room = Self.room(seed: 91)
    for speaker in 1...3 { room.clients[speaker].audioLevel = 30 }
    room.network.run(for: .seconds(2))
    let heard = Self.heard(room)
    #expect(heard == Set(room.clients[1...3].map(\.id)))
    room.clients[5].audioLevel = 5
    room.network.run(for: .seconds(3))
    #expect(Self.heard(room) == heard)
    room.clients[2].audioLevel = 127
    room.network.run(for: .milliseconds(900))
    #expect(Self.heard(room) == heard)
    room.network.run(for: .milliseconds(400))
    #expect(Self.heard(room) == Set([1, 3, 5].map { room.clients[$0].id }))
  }

  @Test func `a voice comes into a slot with a marked packet, and time goes on`() {
    let room = Self.room(seed: 92)
    let (ana, budi) = (room.clients[0], room.clients[5])
    let direct = DirectForwarding(room)
    for packet in direct.sound(of: budi, count: 2) { direct.receive(packet, from: budi) }
    #expect(direct.forward(to: ana).isEmpty)
    budi.audioLevel = 20
    var first: (header: RTPHeader, payload: [UInt8])?
    room.network.run(for: .seconds(1))
    budi.audioLevel = 127
    budi.sendsSound = false
    room.network.run(for: .milliseconds(100))
    room.setLive(false, budi, .microphone)
    room.setLive(true, budi, .microphone)
    for packet in direct.sound(of: budi, count: 3) { direct.receive(packet, from: budi) }
    let packets = direct.forward(to: ana)
    first = packets.first
    #expect(packets.count == 3)
    #expect(first?.header.marker == true)
    #expect(packets.dropFirst().allSatisfy { !$0.header.marker })
  }

  @Test func `nobody is told of slots when somebody speaks who is heard already`() {
    let room = VirtualRoom(seed: 93)
    let people = (1...30).map { room.join(UInt8($0), slotCount: 4) }
    for client in people {
      client.audioLevel = 127
      client.sendsPicture = false
    }
    room.network.run(for: .seconds(2))
    people[3].audioLevel = 20
    room.network.run(for: .seconds(2))
    people[3].audioLevel = 127
    room.network.run(for: .seconds(2))
    let before = room.server.events.count
    // Is heard by everybody already.
    people[3].audioLevel = 20
    room.network.run(for: .seconds(2))
    let told = room.server.events[before...].count {
      if case .slotsChanged = $0 { true } else { false }
    }
    #expect(told == 0)
  }
}
