import RTCTesting
import Testing
import Wire

@testable import SFU

/// Quality as a room's owner is told it, in virtual time.
struct RoomQualityTests {
  private static let good = LinkConditions(delay: .milliseconds(20))

  /// Everybody's quality as it was told last.
  private func told(_ room: VirtualRoom) -> [PeerID: PeerQuality] {
    room.server.events.reduce(into: [:]) { known, event in
      guard case .qualityChanged(let id, let changed) = event else { return }
      #expect(id == room.roomID)
      for quality in changed { known[quality.peer] = quality }
    }
  }

  /// Three people with feedback, the second over a link of his own.
  private func meeting(
    seed: UInt64, up: LinkConditions = good, down: LinkConditions = good,
    for duration: Duration = .seconds(12)
  ) -> VirtualRoom {
    let room = VirtualRoom(seed: seed)
    for name in 1...3 { room.join(UInt8(name), isNumbered: true, conditions: Self.good) }
    room.network.setConditions(down, of: room.hosts[1], .incoming)
    room.network.setConditions(up, of: room.hosts[1], .outgoing)
    room.network.run(for: duration)
    return room
  }

  @Test func `where nothing is wrong everybody is excellent, told once`() {
    let room = meeting(seed: 51, for: .seconds(20))
    let excellent = LinkQuality(score: 5)
    #expect(
      told(room).values.allSatisfy { $0.up == excellent && $0.down == excellent }
        && told(room).count == 3)
    let messages = room.server.events.filter {
      if case .qualityChanged = $0 { true } else { false }
    }
    #expect(messages.count == 1)
  }

  @Test func `who loses what he sends has a bad way up, and nobody a bad way down`() {
    var lossy = Self.good
    lossy.loss = .bernoulli(0.15)
    let room = meeting(seed: 52, up: lossy)
    let known = told(room)
    for client in room.clients {
      let quality = known[client.id]
      #expect(quality?.down.score == 5, "\(client.name) \(String(describing: quality))")
      if client.name == 2 {
        #expect((1...3).contains(quality?.up.score ?? 0), "\(String(describing: quality))")
        #expect(quality?.up.reason == .loss)
      } else {
        #expect(quality?.up.score == 5)
      }
    }
  }

  @Test func `who loses what he is sent has a bad way down, and nobody a bad way up`() {
    var lossy = Self.good
    lossy.loss = .bernoulli(0.15)
    let room = meeting(seed: 53, down: lossy)
    let known = told(room)
    for client in room.clients {
      let quality = known[client.id]
      #expect(quality?.up.score == 5, "\(client.name) \(String(describing: quality))")
      if client.name == 2 {
        #expect((1...3).contains(quality?.down.score ?? 0), "\(String(describing: quality))")
        #expect(quality?.down.reason == .loss)
      } else {
        #expect(quality?.down.score == 5)
      }
    }
  }

  @Test func `a long way is delay in both directions`() {
    var far = Self.good
    far.delay = .milliseconds(170)
    let room = meeting(seed: 54, up: far, down: far)
    let quality = told(room)[PeerID(rawValue: 2)]
    #expect(quality?.up == LinkQuality(score: 4, reason: .delay))
    #expect(quality?.down == LinkQuality(score: 4, reason: .delay))
    #expect(told(room)[PeerID(rawValue: 1)]?.up.score == 5)
  }

  @Test func `who is cut off is gone within six seconds, and back as soon after`() {
    let room = meeting(seed: 55)
    let cut = LinkConditions(isDown: true)
    let peer = PeerID(rawValue: 2)
    room.network.setConditions(cut, of: room.hosts[1])
    room.network.run(for: .seconds(6))
    let lost = LinkQuality(score: 0, reason: .lost)
    #expect(told(room)[peer] == PeerQuality(peer: peer, up: lost, down: lost))
    #expect(told(room)[PeerID(rawValue: 1)]?.up.score == 5)
    room.network.setConditions(Self.good, of: room.hosts[1])
    room.network.run(for: .seconds(6))
    #expect((told(room)[peer]?.up.score ?? 0) > 0)
    room.network.run(for: .seconds(25))
    #expect(told(room)[peer]?.up.score == 5)
    #expect(told(room)[peer]?.down.score == 5)
  }

  @Test func `a camera that calls its pictures no pixels high hides nobody's trouble`() {
    let room = VirtualRoom(seed: 60)
    let viewer = room.join(1)
    let (flat, other) = (room.join(2, layerHeights: [0, 0, 0]), room.join(3))
    room.network.run(for: .seconds(8))
    let member = room.server.forwarder.members[viewer.id]
    #expect(member?.pictureShare(at: room.network.now) == 1)
    for slot in member?.slots ?? [] where slot.source?.id.peer == other.id {
      slot.want(nil, at: room.network.now)
    }
    let share = member?.pictureShare(at: room.network.now) ?? 1
    #expect(share < 0.8, "\(share) with \(flat.name)")
  }

  @Test func `who keeps asking for key frames of a picture that comes whole stands still`() {
    let room = meeting(seed: 56)
    let viewer = room.clients[1]
    for _ in 0..<20 {
      room.network.act(as: viewer) { outbox, _ in viewer.requestKeyFrame("v0", into: outbox) }
      room.network.run(for: .milliseconds(300))
    }
    let quality = told(room)[viewer.id]
    #expect(quality?.down.reason == .freeze)
    #expect((quality?.down.score ?? 5) <= 2)
    #expect(quality?.up.score == 5)
  }

  @Test func `who asks for key frames of what its sender lost does not`() {
    var lossy = Self.good
    lossy.loss = .bernoulli(0.15)
    let room = VirtualRoom(seed: 57)
    let sender = room.join(1, isNumbered: true, conditions: Self.good)
    let viewer = room.join(2, isNumbered: true, conditions: Self.good)
    room.network.setConditions(lossy, of: room.hosts[0], .outgoing)
    room.network.run(for: .seconds(10))
    for _ in 0..<20 {
      room.network.act(as: viewer) { outbox, _ in viewer.requestKeyFrame("v0", into: outbox) }
      room.network.run(for: .milliseconds(300))
    }
    #expect(told(room)[viewer.id]?.down.score == 5)
    #expect((told(room)[sender.id]?.up.score ?? 5) <= 3)
  }

  @Test
  func `a picture that is held up on its way freezes; one that its sender stops does not`() {
    let room = meeting(seed: 58)
    let sender = room.clients[1]
    let before = room.server.events.count
    for _ in 0..<8 {
      sender.sendsPicture = false
      room.network.run(for: .milliseconds(500))
      sender.sendsPicture = true
      room.network.run(for: .milliseconds(500))
    }
    room.setLive(false, sender, .camera)
    sender.sendsPicture = false
    room.network.run(for: .seconds(10))
    sender.sendsPicture = true
    room.setLive(true, sender, .camera)
    room.network.run(for: .seconds(10))
    let later = room.server.events[before...]
    #expect(!later.contains { if case .qualityChanged = $0 { true } else { false } })
    var held = Self.good
    held.delay = .milliseconds(500)
    for _ in 0..<8 {
      room.setConditions(held, of: sender, .outgoing)
      room.network.run(for: .milliseconds(500))
      room.setConditions(Self.good, of: sender, .outgoing)
      room.network.run(for: .milliseconds(500))
    }
    #expect(told(room)[sender.id]?.up.reason == .freeze)
    #expect(told(room).values.allSatisfy { $0.down.score == 5 })
    room.network.run(for: .seconds(25))
    #expect(told(room)[sender.id]?.up.score == 5)
  }

  @Test(arguments: [125, 200])
  func `a camera in the dark, at a few frames a second, is as good as any`(interval: Int64) {
    let room = meeting(seed: 59)
    let before = room.server.events.count
    var uneven = Self.good
    uneven.jitter = .milliseconds(20)
    room.setConditions(uneven, of: room.clients[1], .outgoing)
    room.clients[1].frameInterval = .milliseconds(interval)
    room.network.run(for: .seconds(15))
    let changed = room.server.events[before...].filter {
      if case .qualityChanged = $0 { true } else { false }
    }
    #expect(changed.isEmpty, "\(changed)")
    #expect(told(room)[room.clients[1].id]?.up == LinkQuality(score: 5))
  }

  @Test func `a viewer whose pictures are paused or still for want of bandwidth is told so`() {
    let room = VirtualRoom(seed: 60)
    let viewer = room.join(1, isNumbered: true, conditions: Self.good)
    for name in 2...3 { room.join(UInt8(name), isNumbered: true, conditions: Self.good) }
    room.network.run(for: .seconds(6))
    let member = room.server.forwarder.members[viewer.id]
    let slots = member?.slots.filter { $0.plan.kind == .video && $0.source != nil } ?? []
    #expect(slots.count == 2)
    #expect(member?.pictureShare(at: room.network.now) == 1)
    slots.first?.want(nil, at: room.network.now)
    #expect(member?.pictureShare(at: room.network.now) == 0.5)
    let still = LayerTarget(spatial: 7, temporal: 7, keyFramesOnly: true)
    slots.last?.want(still, at: room.network.now)
    let share = member?.pictureShare(at: room.network.now) ?? 1
    #expect(share > 0 && share < 0.1)
    room.setLive(false, room.clients[1], .camera)
    room.setLive(false, room.clients[2], .camera)
    #expect(member?.pictureShare(at: room.network.now) == 1)
  }

  @Test func `who cannot send the layers that are wanted has too little bandwidth upwards`() {
    let room = VirtualRoom(seed: 61)
    let sender = room.join(
      1, layerHeights: [180, 360, 720], isNumbered: true, conditions: Self.good)
    room.join(2, isNumbered: true, conditions: Self.good)
    room.network.run(for: .seconds(8))
    #expect(told(room)[sender.id]?.up.score == 5)
    sender.layers[1].isOn = false
    sender.layers[2].isOn = false
    room.network.run(for: .seconds(6))
    #expect(told(room)[sender.id]?.up == LinkQuality(score: 2, reason: .bandwidth))
    #expect(told(room)[PeerID(rawValue: 2)]?.down.score == 5)
  }

  @Test func `a room is told of quality at most every two seconds`() {
    var erratic = Self.good
    erratic.loss = .bursts(rate: 0.2, meanLength: 60)
    let room = VirtualRoom(seed: 59)
    for name in 1...3 { room.join(UInt8(name), isNumbered: true, conditions: erratic) }
    var times: [Instant] = []
    for _ in 0..<300 {
      let before = room.server.events.count
      room.network.run(for: .milliseconds(100))
      let new = room.server.events[before...].count {
        if case .qualityChanged = $0 { true } else { false }
      }
      times += [Instant](repeating: room.network.now, count: new)
    }
    #expect(times.count > 5)
    for (earlier, later) in zip(times, times.dropFirst()) {
      #expect((later - earlier).milliseconds >= 1_900)
    }
  }
}
