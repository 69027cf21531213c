import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

private let isOptimized = !_isDebugAssertConfiguration()

/// What comes from members themselves, with valid keys.
struct MisbehaviourTests {
  private func meeting(
    seed: UInt64, layerHeights: [UInt16] = [360]
  ) -> (VirtualRoom, VirtualClient, VirtualClient) {
    let room = VirtualRoom(seed: seed)
    let (ana, budi) = (room.join(1, layerHeights: layerHeights), room.join(2))
    room.network.run(for: .seconds(1))
    return (room, ana, budi)
  }

  @Test func `row 26: a new SSRC in every packet is bounded and disturbs nobody`() {
    let (room, ana, budi) = meeting(seed: 40)
    let direct = DirectForwarding(room)
    let member = room.server.forwarder.members[ana.id]
    let sound = Trace(member?.source(.microphone)?.streams.first)
    for ssrc in 1_000_000..<UInt32(isOptimized ? 1_020_000 : 1_001_500) {
      let payloadType: UInt8 = [111, 96, 97, 13][Int(ssrc % 4)]
      let packets = direct.sound(of: ana, count: 1, ssrc: ssrc, payloadType: payloadType)
      for packet in packets { direct.receive(packet, from: ana) }
      if ssrc % 8 == 0 { _ = direct.forward(to: budi) }
      #expect((member?.streams.count ?? .max) <= Member.streamLimit)
      #expect((member?.repairs.count ?? .max) <= Member.streamLimit)
    }
    _ = direct.forward(to: budi)
    #expect(member?.streams.count == member?.streamList.count)
    // What was signalled keeps its place.
    #expect(sound.object != nil && sound.object === member?.source(.microphone)?.streams.first)
    room.network.run(for: .seconds(2))
    for (viewer, sender) in [(budi, ana), (ana, budi)] {
      for role in [SourceRole.microphone, .camera] {
        let reception = room.reception(of: role, from: sender, by: viewer)
        #expect(reception.gaps == 0 && reception.senders == [sender.name])
      }
    }
    #expect(room.network.stuckTimerCount == 0)
  }

  private final class Trace {
    private(set) weak var object: IncomingStream?
    init(_ object: IncomingStream?) { self.object = object }
  }

  @Test func `row 27: two members with the same SSRC do not mix`() {
    let (room, ana, budi) = meeting(seed: 41)
    let citra = room.join(3)
    room.network.run(for: .seconds(1))
    let direct = DirectForwarding(room)
    let member = room.server.forwarder.members[ana.id]
    member?.source(.microphone)?.track.ssrcs = [budi.soundSSRC]
    for stream in member?.source(.microphone)?.streams ?? [] { member?.unbind(stream) }
    for packet in direct.sound(of: ana, count: 5, ssrc: budi.soundSSRC) {
      direct.receive(packet, from: ana)
    }
    for packet in direct.sound(of: budi, count: 5) { direct.receive(packet, from: budi) }
    let received = direct.forward(to: citra)
    #expect(received.count == 10)
    for (role, sender) in [(SourceRole.microphone, ana), (.microphone, budi)] {
      let mid = room.server.slots(of: citra.id)
        .first { $0.source == SourceID(peer: sender.id, role: role) }?.mid
      let ssrc = citra.slots.first { $0.mid == mid }?.ssrc
      let payloads = received.filter { $0.header.ssrc == ssrc }.map(\.payload[1])
      #expect(payloads == Array(repeating: sender.name, count: 5))
    }
  }

  @Test func `row 33: a thousand requests a second reach the sender at most every 500 ms`() {
    let (room, ana, budi) = meeting(seed: 42)
    let ssrc = budi.slots.map(\.ssrc).filter { $0 >= 20_000 }
    let start = ana.layers[0].requests.count
    for round in 0..<3000 {
      room.network.act(as: budi) { outbox, _ in
        budi.remote.sendRTCP(capacity: 1000, into: outbox) { output in
          for ssrc in ssrc {
            if round % 2 == 0 {
              PictureLossIndication(senderSSRC: 0, mediaSSRC: ssrc).write(into: &output)
            } else {
              FullIntraRequest(
                senderSSRC: 0, entries: [.init(ssrc: ssrc, sequenceNumber: UInt8(round & 0xff))]
              ).write(into: &output)
            }
          }
        }
      }
      room.network.run(for: .milliseconds(1))
    }
    let requests = ana.layers[0].requests.dropFirst(start)
    #expect((3...8).contains(requests.count))
    for (earlier, later) in zip(requests, requests.dropFirst()) {
      #expect(later - earlier >= .milliseconds(499))
    }
    #expect(room.network.stuckTimerCount == 0)
  }

  @Test func `requests of a viewer do not make the forwarder look at everybody each time`() {
    let (room, _, budi) = meeting(seed: 43)
    let direct = DirectForwarding(room)
    let slot = budi.slots[1].ssrc
    for round in 0..<100 {
      let packets = direct.sent(by: budi) { remote, outbox in
        remote.sendRTCP(capacity: 64, into: outbox) {
          PictureLossIndication(senderSSRC: 1, mediaSSRC: slot).write(into: &$0)
        }
      }
      room.server.forwarder.advance(
        to: room.network.now, into: direct.outbox, events: &room.server.events)
      for packet in packets { direct.receive(packet, from: budi) }
      let due = room.server.forwarder.deadline
      #expect(round < 2 || due.map { $0 > room.network.now } == true)
    }
  }

  @Test func `a viewer that lies in its reports disturbs nobody`() {
    let (room, ana, budi) = meeting(seed: 44)
    var random = RandomSource.seeded(4)
    let slot = budi.slots[1].ssrc
    for round in 0..<1500 {
      room.network.act(as: budi) { outbox, _ in
        budi.remote.sendRTCP(capacity: 1100, into: outbox) { output in
          Self.writeLies(round, slot, &random, into: &output)
        }
      }
      room.network.run(for: .milliseconds(1))
    }
    room.network.run(for: .seconds(1))
    for (viewer, sender) in [(budi, ana), (ana, budi)] {
      for role in [SourceRole.microphone, .camera] {
        let reception = room.reception(of: role, from: sender, by: viewer)
        #expect(reception.gaps == 0 && reception.senders == [sender.name])
      }
    }
    #expect(room.network.stuckTimerCount == 0)
  }

  /// A control packet of one of several kinds with extreme or random fields.
  private static func writeLies(
    _ round: Int, _ ssrc: UInt32, _ random: inout RandomSource,
    into output: inout OutputSpan<UInt8>
  ) {
    let types: [UInt8] = [200, 201, 202, 203, 204, 205, 206, 207]
    let format = UInt8.random(in: 0...31, using: &random)
    let words = Int.random(in: 1...60, using: &random)
    output.append(0x80 | format)
    output.append(types[round % types.count])
    output.append(bigEndian: UInt16(round % 3 == 0 ? 0xffff : words))
    for word in 0..<words {
      switch (round + word) % 4 {
      case 0: output.append(bigEndian: UInt32.max)
      case 1: output.append(bigEndian: ssrc)
      case 2: output.append(bigEndian: UInt32(0))
      default: output.append(bigEndian: UInt32(truncatingIfNeeded: random.next()))
      }
    }
  }

  @Test func `a replaced stream's waiting packets do not hold its slot`() {
    let (room, ana, budi) = meeting(seed: 45)
    let direct = DirectForwarding(room)
    let member = room.server.forwarder.members[ana.id]
    for packet in direct.sound(of: ana, count: 2) { direct.receive(packet, from: ana) }
    member?.source(.microphone)?.track.ssrcs = [777]
    for packet in direct.sound(of: ana, count: 2, ssrc: 777) { direct.receive(packet, from: ana) }
    #expect(direct.forward(to: budi).count == 2)
    for packet in direct.sound(of: ana, count: 2, ssrc: 777) { direct.receive(packet, from: ana) }
    #expect(direct.forward(to: budi).count == 2)
  }

  @Test func `streams that were told without names do not replace each other in turn`() {
    let (room, ana, budi) = meeting(seed: 46)
    let direct = DirectForwarding(room)
    let member = room.server.forwarder.members[ana.id]
    member?.source(.microphone)?.track.ssrcs = [ana.soundSSRC, 777]
    var count = 0
    for _ in 0..<10 {
      for packet in direct.sound(of: ana, count: 1) { direct.receive(packet, from: ana) }
      for packet in direct.sound(of: ana, count: 1, ssrc: 777) { direct.receive(packet, from: ana) }
      count += direct.forward(to: budi).count
    }
    #expect(count == 10)
    ana.sendsSound = false
    room.network.run(for: .seconds(3))
    for packet in direct.sound(of: ana, count: 2, ssrc: 777) { direct.receive(packet, from: ana) }
    #expect(direct.forward(to: budi).count == 2)
  }
}
