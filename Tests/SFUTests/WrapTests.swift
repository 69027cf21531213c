import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Row 6: numbers that wrap, through both encryptions and the rewriting between them.
struct WrapTests {
  /// Sound of `ana` with these positions in its stream, in this order; gives what the viewer received.
  private func forward(
    _ positions: [Int64], sentInOrder: Bool = true, room: VirtualRoom, from ana: VirtualClient,
    to budi: VirtualClient
  ) -> [Int64: RTPHeader] {
    let direct = DirectForwarding(room)
    var datagrams: [Int64: [UInt8]] = [:]
    for position in positions.sorted() {
      let packet = direct.sent(by: ana) { remote, outbox in
        let header = RTPHeader(
          payloadType: 111, sequenceNumber: UInt16(truncatingIfNeeded: position),
          timestamp: UInt32(truncatingIfNeeded: position &* 960), ssrc: ana.soundSSRC)
        let payload = (0..<8).map { UInt8(truncatingIfNeeded: position >> (8 * $0)) }
        _ = remote.sendRTP(
          header, extensions: RTPHeaderExtensionList(), payload: payload.span, into: outbox)
      }
      datagrams[position] = packet.first
    }
    var received: [Int64: RTPHeader] = [:]
    for position in positions {
      guard let bytes = datagrams[position] else { continue }
      direct.receive(bytes, from: ana)
      for packet in direct.forward(to: budi) {
        var value: UInt64 = 0
        for byte in packet.payload.reversed() { value = value << 8 | UInt64(byte) }
        received[Int64(bitPattern: value)] = packet.header
      }
    }
    return received
  }

  /// A room whose first member has sent nothing yet.
  private func quietRoom(seed: UInt64) -> (VirtualRoom, VirtualClient, VirtualClient) {
    let room = VirtualRoom(seed: seed)
    let (ana, budi) = (room.join(1), room.join(2))
    for client in [ana, budi] {
      client.sendsSound = false
      client.sendsPicture = false
    }
    room.network.run(for: .seconds(1))
    return (room, ana, budi)
  }

  /// Every packet keeps its distance to the first, in numbers and in time.
  private func expectDistances(_ received: [Int64: RTPHeader], first: Int64) {
    guard let start = received[first] else {
      Issue.record("the first packet did not arrive")
      return
    }
    for (position, header) in received {
      let distance = position - first
      #expect(header.sequenceNumber &- start.sequenceNumber == UInt16(truncatingIfNeeded: distance))
      #expect(header.timestamp &- start.timestamp == UInt32(truncatingIfNeeded: distance * 960))
    }
  }

  @Test func `packets that overtake each other at the wrap keep their places`() {
    let (room, ana, budi) = quietRoom(seed: 60)
    let positions: [Int64] = [65_532, 65_533, 65_535, 65_536, 65_537, 65_534, 65_538]
    let received = forward(positions, room: room, from: ana, to: budi)
    #expect(Set(received.keys) == Set(positions))
    expectDistances(received, first: 65_532)
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func `over many rollovers with loss and reordering numbers equal a 64-bit model`(seed: UInt64) {
    let (room, ana, budi) = quietRoom(seed: 61 + seed)
    var random = RandomSource.seeded(seed)
    // So that the timestamp wraps on the way as well.
    let start: Int64 = 4_473_924 - 40_000
    var positions: [Int64] = [start]
    var position = start
    for _ in 0..<600 {
      position += Int64.random(in: 1...(Bool.random(using: &random) ? 3 : 1_000), using: &random)
      positions.append(position)
    }
    for index in stride(from: 5, to: positions.count - 1, by: 7)
    where positions[index + 1] - positions[index] < 60 {
      positions.swapAt(index, index + 1)
    }
    let received = forward(positions, room: room, from: ana, to: budi)
    #expect(Set(received.keys) == Set(positions))
    expectDistances(received, first: start)
  }

  @Test func `who loses a packet among jumps by half the numbers hears what comes after`() {
    let (room, ana, budi) = quietRoom(seed: 71)
    let positions = (0..<20 as Range<Int64>).map { 10 + $0 * 32_767 }
    #expect(forward(Array(positions[..<5]), room: room, from: ana, to: budi).count == 5)
    budi.isDeaf = true
    #expect(forward(Array(positions[5..<9]), room: room, from: ana, to: budi).isEmpty)
    budi.isDeaf = false
    let after = forward(Array(positions[9...]), room: room, from: ana, to: budi)
    #expect(after.count == positions[9...].count)
  }

  @Test func `a jump by half the numbers ends nothing`() {
    let (room, ana, budi) = quietRoom(seed: 70)
    var positions: [Int64] = [10, 11]
    for jump in [32_767, 32_768, 32_769, 65_535] as [Int64] {
      let last = positions[positions.count - 1]
      positions += (0..<20).map { last + jump + $0 }
    }
    let received = forward(positions, room: room, from: ana, to: budi)
    #expect(received.count >= 42)
    // It goes on afterwards.
    room.network.run(for: .seconds(1))
    ana.sendsPicture = true
    room.network.run(for: .seconds(2))
    #expect(room.reception(of: .camera, from: ana, by: budi).frames > 30)
  }
}
