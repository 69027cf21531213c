import BWE
import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

@Suite struct ProtectedSoundTests {
  private static let near = LinkConditions(delay: .milliseconds(10))

  private static func lossy(_ loss: LinkConditions.Loss, delay: Duration = .milliseconds(50))
    -> LinkConditions
  {
    LinkConditions(delay: delay, loss: loss)
  }

  @Test func `redundancy is taken off for who does not take it, and passed on to who does`() {
    let room = VirtualRoom(seed: 1)
    let speaker = room.joinSpeaker(1, distance: 1)
    let (_, plain) = room.joinListener(2, takesRedundancy: false)
    let (_, redundant) = room.joinListener(3, takesRedundancy: true)
    room.network.run(for: .seconds(10))
    for listener in [plain, redundant] {
      #expect(listener.share(of: speaker.name, 50..<480, within: .milliseconds(30)) == 1)
      #expect(zip(listener.numbers, listener.numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
      #expect(listener.isConsistent && listener.levels == [30])
    }
    #expect(plain.depths.allSatisfy { $0 == 0 })
    #expect(redundant.depths.first == 0 && redundant.depths.dropFirst().allSatisfy { $0 == 1 })
  }

  @Test func `what a sender's way loses comes out of the next packet, in order and once`() {
    let room = VirtualRoom(seed: 2)
    let speaker = room.joinSpeaker(1, distance: 1)
    let (_, listener) = room.joinListener(2, takesRedundancy: false)
    room.network.run(for: .seconds(1))
    room.setConditions(
      Self.lossy(.bernoulli(0.1), delay: .milliseconds(10)), of: speaker, .outgoing)
    room.network.run(for: .seconds(40))
    let share = listener.share(of: speaker.name, 100..<2000, within: .milliseconds(60))
    #expect(share > 0.98 && share < 1, "\(share)")
    #expect(zip(listener.numbers, listener.numbers.dropFirst()).allSatisfy { $1.isNewer(than: $0) })
    #expect(listener.isConsistent)
  }

  @Test func `redundancy begins with a viewer's loss and ends with it`() {
    let room = VirtualRoom(seed: 3)
    _ = room.joinSpeaker(1)
    let (viewer, listener) = room.joinListener(2, takesRedundancy: true)
    let (_, other) = room.joinListener(3, takesRedundancy: true)
    room.network.run(for: .seconds(5))
    #expect(listener.depths.allSatisfy { $0 == 0 })
    room.setConditions(Self.lossy(.bernoulli(0.2), delay: .milliseconds(10)), of: viewer, .incoming)
    room.network.run(for: .seconds(10))
    #expect(listener.depths.suffix(100).allSatisfy { $0 == 3 })
    room.setConditions(Self.near, of: viewer, .incoming)
    room.network.run(for: .seconds(30))
    #expect(listener.depths.suffix(100).allSatisfy { $0 == 0 })
    #expect(other.depths.allSatisfy { $0 == 0 })
    #expect(listener.isConsistent && other.isConsistent)
  }

  @Test func `another voice in the slot brings nothing of the one before it`() {
    let room = VirtualRoom(seed: 4)
    for name in 1...3 { _ = room.joinSpeaker(UInt8(name), distance: name - 1) }
    let (viewer, listener) = room.joinListener(9, takesRedundancy: true)
    room.setConditions(Self.lossy(.bernoulli(0.2), delay: .milliseconds(10)), of: viewer, .incoming)
    room.network.run(for: .seconds(5))
    for _ in 0..<3 {
      for loud in room.clients where loud !== viewer {
        for client in room.clients { room.setLive(client === loud, client, .microphone) }
        room.network.run(for: .seconds(2))
      }
    }
    #expect(Set(listener.heard.map(\.sender)) == [1, 2, 3])
    #expect(listener.mixedCount == 0)
    #expect(listener.isConsistent)
    #expect(listener.depths.contains(3))
  }

  @Test func `lost sound is asked for where the answer can come in time`() {
    for (delay, aim) in [(20, 0.995...1.0), (60, 0.97...1.0), (150, 0.0...0.93)] {
      let room = VirtualRoom(seed: 5)
      let speaker = room.joinSpeaker(1, repeats: true)
      let (_, listener) = room.joinListener(2, takesRedundancy: false)
      room.network.run(for: .seconds(1))
      let way = Self.lossy(.bernoulli(0.1), delay: .milliseconds(Int64(delay)))
      room.setConditions(way, of: speaker, .outgoing)
      room.setConditions(Self.lossy(.none, delay: way.delay), of: speaker, .incoming)
      room.network.run(for: .seconds(40))
      let share = listener.share(of: speaker.name, 200..<2000, within: .milliseconds(400))
      #expect(aim.contains(share), "\(delay) ms: \(share)")
      #expect(Set(listener.numbers).count == listener.numbers.count)
      #expect(listener.isConsistent)
    }
  }

  /// Bursts of 1.5 packets; shares of frames that were there 200 ms after they were sent, over 50 ms each way.
  @Test(arguments: [(0.1, 0.985), (0.2, 0.97), (0.3, 0.95)])
  func `redundancy makes the better part of a viewer's losses good`(loss: Double, aim: Double) {
    var shares: [Double] = []
    for takesRedundancy in [false, true] {
      let room = VirtualRoom(seed: 6)
      let speaker = room.joinSpeaker(1, distance: 1)
      let (viewer, listener) = room.joinListener(2, takesRedundancy: takesRedundancy)
      room.network.run(for: .seconds(1))
      room.setConditions(
        Self.lossy(.bursts(rate: loss, meanLength: 1.5)), of: viewer, .incoming)
      room.network.run(for: .seconds(42))
      shares.append(
        listener.share(of: speaker.name, 200..<2000, within: .milliseconds(200)))
      #expect(listener.isConsistent)
    }
    #expect(shares[0] < 1 - loss * 0.8 && shares[1] > aim, "\(loss): \(shares)")
  }

  @Test func `at a fifth lost, sound that is asked for again is there in time`() {
    let room = VirtualRoom(seed: 7)
    let speaker = room.joinSpeaker(1, distance: 1)
    let (viewer, listener) = room.joinListener(2, takesRedundancy: true)
    room.renegotiate(viewer, slots: { if $0.kind == .audio { $0.protection.repeatsSound = true } })
    room.network.run(for: .seconds(1))
    room.setConditions(Self.lossy(.bursts(rate: 0.2, meanLength: 2)), of: viewer, .incoming)
    for _ in 0..<2000 {
      room.network.run(for: .milliseconds(20))
      room.network.act(as: viewer) { outbox, _ in
        let request = GenericNACK(
          senderSSRC: 1, mediaSSRC: 10_000, sequenceNumbers: listener.missing(among: 6))
        guard !request.items.isEmpty else { return }
        viewer.remote.sendRTCP(capacity: 100, into: outbox) { request.write(into: &$0) }
      }
    }
    let share = listener.share(of: speaker.name, 300..<2000, within: .milliseconds(250))
    #expect(share > 0.99, "\(share)")
    #expect(Set(listener.numbers).count == listener.numbers.count && listener.isConsistent)
  }

  @Test func `sound that is sent again makes pictures wait the longer`() throws {
    let room = VirtualRoom(seed: 8)
    _ = room.joinSpeaker(1)
    let (viewer, listener) = room.joinListener(2, takesRedundancy: false)
    room.renegotiate(viewer, slots: { if $0.kind == .audio { $0.protection.repeatsSound = true } })
    room.setConditions(
      Self.lossy(.bernoulli(0.2), delay: .milliseconds(10)), of: viewer, .incoming)
    room.network.run(for: .seconds(5))
    let link = try #require(room.server.forwarder.members[viewer.id]?.link)
    // Sound takes a third of that.
    link.pacer.setBitrate(80_000)
    room.network.run(for: .milliseconds(200))
    #expect(link.pacer.count == 0)
    let repeated = link.counters.repeatedPacketCount
    let newest = try #require(listener.numbers.max { $1.isNewer(than: $0) })
    room.network.act(as: viewer) { outbox, _ in
      let request = GenericNACK(
        senderSSRC: 1, mediaSSRC: 10_000, sequenceNumbers: (0..<14).map { newest &- $0 })
      viewer.remote.sendRTCP(capacity: 100, into: outbox) { request.write(into: &$0) }
    }
    room.network.run(for: .milliseconds(11))
    #expect(link.counters.repeatedPacketCount >= repeated + 10)
    let passes = link.pacer.passes(byteCount: 1000, at: room.network.now)
    #expect(!passes)
  }
}
