import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// What owners and clients ask for while media flows.
struct ControlTests {
  private func meeting(seed: UInt64) -> (VirtualRoom, VirtualClient, VirtualClient) {
    let room = VirtualRoom(seed: seed)
    let (ana, budi) = (room.join(1), room.join(2))
    room.network.run(for: .seconds(1))
    return (room, ana, budi)
  }

  private func update(
    _ room: VirtualRoom, _ client: VirtualClient, _ tracks: [PublishedTrack],
    _ slots: [ReceiveSlot]
  ) {
    room.server.forwarder.update(
      client.id, publishing: tracks, receiving: slots, at: room.network.now,
      events: &room.server.events)
  }

  @Test func `views of anything a client may say are taken`() {
    let (room, ana, budi) = meeting(seed: 50)
    var random = RandomSource.seeded(5)
    let extremes = [Int.min, -1, 0, 1, 360, 8640, .max]
    for _ in 0..<1000 {
      let tiles = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        let peer =
          Bool.random(using: &random) ? ana.id : PeerID(rawValue: random.next())
        let roles: [SourceRole] = [.camera, .screen, .microphone, .screenAudio]
        return ViewTile(
          source: SourceID(peer: peer, role: roles[Int.random(in: 0..<4, using: &random)]),
          height: extremes[Int.random(in: 0..<7, using: &random)],
          priority: extremes[Int.random(in: 0..<7, using: &random)])
      }
      room.server.forwarder.setView(
        tiles, of: Bool.random(using: &random) ? budi.id : PeerID(rawValue: 99),
        at: room.network.now, events: &room.server.events)
    }
    room.server.forwarder.setView(
      [ViewTile(source: SourceID(peer: ana.id, role: .camera), height: 360)], of: budi.id,
      at: room.network.now, events: &room.server.events)
    room.network.run(for: .seconds(2))
    let before = room.reception(of: .camera, from: ana, by: budi)
    room.network.run(for: .seconds(1))
    let after = room.reception(of: .camera, from: ana, by: budi)
    #expect(after.frames - before.frames > 25 && after.senders == [1])
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `what came before a mute in the same turn is not sent after it`() {
    let (room, ana, budi) = meeting(seed: 57)
    let direct = DirectForwarding(room)
    for packet in direct.sound(of: ana, count: 3) { direct.receive(packet, from: ana) }
    room.setLive(false, ana, .microphone)
    #expect(direct.forward(to: budi).isEmpty)
    let slots = room.server.forwarder.members[budi.id]?.slots ?? []
    #expect(slots.allSatisfy { $0.source?.id.role != .microphone || $0.current == nil })
  }

  @Test func `muting thousands of times leaves a working room`() {
    let (room, ana, budi) = meeting(seed: 51)
    for round in 0..<2000 {
      room.setLive(round % 2 == 1, ana, round % 3 == 0 ? .camera : .microphone)
      room.setLive(round % 2 == 1, ana, .screen)
      if round % 50 == 0 { room.network.run(for: .milliseconds(10)) }
    }
    room.setLive(true, ana, .camera)
    room.setLive(true, ana, .microphone)
    room.network.run(for: .seconds(2))
    let picture = room.reception(of: .camera, from: ana, by: budi)
    let sound = room.reception(of: .microphone, from: ana, by: budi)
    room.network.run(for: .seconds(1))
    #expect(room.reception(of: .camera, from: ana, by: budi).frames - picture.frames > 25)
    #expect(room.reception(of: .microphone, from: ana, by: budi).packets - sound.packets > 45)
    #expect(room.reception(of: .camera, from: ana, by: budi).pictureJumps == 0)
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `a slot whose m-section changed its kind is let go`() {
    let (room, ana, budi) = meeting(seed: 52)
    let forwarder = room.server.forwarder
    let swapped = budi.slots.map { slot in
      ReceiveSlot(
        mid: slot.mid, kind: slot.kind == .audio ? .video : .audio, ssrc: slot.ssrc &+ 50_000,
        payloadTypes: [VirtualClient.opus: 109, VirtualClient.vp8: 120])
    }
    update(room, budi, budi.tracks, swapped)
    let slots = forwarder.members[budi.id]?.slots ?? []
    for source in forwarder.members[ana.id]?.sources ?? [] {
      for slot in source.slots where slot.viewer.id == budi.id {
        #expect(slots.contains { $0 === slot })
      }
    }
    #expect(
      room.server.slots(of: budi.id).allSatisfy {
        $0.mid.hasPrefix("v") == ($0.source.role.kind == .audio)
      })
    room.network.run(for: .seconds(1))
    #expect(budi.received.keys.contains { $0 > 60_000 })
  }

  @Test func `an SSRC that moves to another source takes its packets along`() {
    let (room, ana, budi) = meeting(seed: 53)
    var tracks = ana.tracks
    tracks[1].role = .screen
    update(room, ana, tracks, ana.slots)
    room.network.run(for: .seconds(1))
    let member = room.server.forwarder.members[ana.id]
    #expect(member?.source(.camera) == nil)
    #expect(member?.streams[ana.layers[0].ssrc]?.source.id.role == .screen)
    #expect(room.reception(of: .screen, from: ana, by: budi).frames > 0)
    // Both there, and the SSRC signalled for the other one.
    var camera = tracks[1]
    camera.role = .camera
    tracks[1].mid = "screen"
    tracks[1].ssrcs = [5]
    update(room, ana, tracks + [camera], ana.slots)
    room.network.run(for: .seconds(1))
    #expect(member?.streams[ana.layers[0].ssrc]?.source.id.role == .camera)
    #expect(member?.streams.count == member?.streamList.count)
  }

  @Test func `offers in any order while media flows leave a working room`() {
    let (room, ana, budi) = meeting(seed: 54)
    let citra = room.join(3)
    var random = RandomSource.seeded(6)
    for _ in 0..<300 {
      var tracks = ana.tracks.shuffled(using: &random)
      tracks.removeLast(Int.random(in: 0...2, using: &random))
      for index in tracks.indices {
        if Bool.random(using: &random) { tracks[index].mid += "x" }
        if Bool.random(using: &random) { tracks[index].ssrcs = [ana.layers[0].ssrc] }
        if Bool.random(using: &random) { tracks[index].codecs = [:] }
        if Bool.random(using: &random) { tracks[index].rids = ["a", "b", "c"] }
        if Bool.random(using: &random) {
          tracks[index].role = tracks[index].role == .camera ? .screen : .screenAudio
        }
      }
      update(room, ana, tracks, ana.slots.shuffled(using: &random))
      update(room, citra, [], citra.slots.filter { _ in Bool.random(using: &random) })
      update(room, budi, budi.tracks, budi.slots.shuffled(using: &random))
      room.network.run(for: .milliseconds(5))
    }
    update(room, ana, ana.tracks, ana.slots)
    update(room, budi, budi.tracks, budi.slots)
    update(room, citra, citra.tracks, citra.slots)
    room.network.run(for: .seconds(2))
    for (viewer, sender) in [(budi, ana), (ana, budi)] {
      let sound = room.reception(of: .microphone, from: sender, by: viewer)
      let picture = room.reception(of: .camera, from: sender, by: viewer)
      room.network.run(for: .seconds(1))
      #expect(
        room.reception(of: .microphone, from: sender, by: viewer).packets - sound.packets > 45)
      #expect(room.reception(of: .camera, from: sender, by: viewer).frames - picture.frames > 25)
    }
    for member in room.server.forwarder.memberList {
      #expect(member.streams.count == member.streamList.count)
      #expect(member.slots.count == 12)
      for source in member.sources {
        #expect(source.slots.count == 2)
        #expect(source.streams.allSatisfy { member.streams[$0.ssrc] === $0 })
      }
    }
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `another sender in a source's place has its layers on, and is told of them anew`() {
    let room = VirtualRoom(seed: 56)
    let ana = room.join(1, layerHeights: [180, 720])
    let budi = room.join(2)
    var seen = 0
    /// What Ana was told of her camera since the last call.
    func told() -> [[Bool]] {
      defer { seen = room.server.events.count }
      return room.server.events[seen...].compactMap { event in
        guard case .layersWanted(let source, let layers) = event, source.peer == ana.id else {
          return nil
        }
        return layers
      }
    }
    room.network.run(for: .seconds(1))
    room.server.forwarder.setView(
      [], of: budi.id, at: room.network.now, events: &room.server.events)
    room.network.run(for: .seconds(4))
    #expect(told().last == [false, false])
    room.renegotiate(ana) { if $0.role == .camera { $0.mid = "other" } }
    #expect(told() == [[true, true]])
    room.network.run(for: .seconds(4))
    #expect(told().last == [false, false])
    // The same sender keeps what it was told.
    room.renegotiate(ana) { if $0.role == .camera { $0.mid = "other" } }
    room.network.run(for: .seconds(4))
    #expect(told() == [])
  }

  @Test func `who waits for a picture because somebody left is served at once`() {
    let room = VirtualRoom(seed: 55)
    let viewer = room.join(1, slotCount: 1)
    let first = room.join(2)
    room.join(3)
    room.network.run(for: .seconds(3))
    room.leave(
      room.server.slots(of: viewer.id).first?.source.peer == first.id ? first : room.clients[2])
    let deadline = room.server.forwarder.deadline
    #expect(deadline.map { $0 <= room.network.now + .milliseconds(20) } == true)
  }
}
