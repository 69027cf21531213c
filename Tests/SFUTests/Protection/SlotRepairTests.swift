import Media
import RTP
import Testing
import Wire

@testable import SFU

@Suite struct SlotRepairTests {
  private struct Sent {
    var packets: [[UInt8]] = []
    var repairs: [(after: Int, payload: [UInt8])] = []
    var mediaBytes = 0
    var repairBytes = 0
  }

  /// Frames of `size` packets as they would leave, and what repairs them.
  private func send(frames: Int, of size: Int, share: Double, seed: UInt64 = 1) -> Sent {
    var random = RandomSource.seeded(seed)
    var repair = SlotRepair(ssrc: 7, firstSequenceNumber: 0)
    var sent = Sent()
    for number in 0..<frames * size {
      let padding = UInt8(random.next() % 3)
      let header = RTPHeader(
        payloadType: 96, sequenceNumber: UInt16(truncatingIfNeeded: 65_500 + number),
        timestamp: UInt32(number / size) * 3000, ssrc: 7, marker: number % size == size - 1,
        hasPadding: padding > 0)
      let head = [UInt8](capacity: 12) { header.write(into: &$0) }
      let body = random.bytes(600 + Int(random.next() % 500))
      repair.add(
        header, head: head.span, payload: body.span, paddingCount: padding, share: share)
      let tail = padding > 0 ? [UInt8](repeating: 0, count: Int(padding) - 1) + [padding] : []
      sent.packets.append(head + body + tail)
      sent.mediaBytes += sent.packets[number].count
      while let payload = repair.take() {
        sent.repairs.append((number, payload))
        sent.repairBytes += payload.count + 12
      }
    }
    return sent
  }

  /// The share of lost packets that a receiver brings back, where packet and repair are lost alike.
  private func recovered(_ sent: Sent, lost: (Int) -> Bool) -> (share: Double, isExact: Bool) {
    var decoder = FlexibleFECDecoder(ssrc: 7)
    var (lostCount, backCount, isExact) = (0, 0, true)
    var place = 0
    var next = 0
    for (number, packet) in sent.packets.enumerated() {
      var back: [[UInt8]] = []
      if lost(place) { lostCount += 1 } else { back += decoder.receive(media: packet.span) }
      place += 1
      while next < sent.repairs.count, sent.repairs[next].after == number {
        let repair = sent.repairs[next].payload
        if !lost(place) { back += decoder.receive(repair: repair.span) }
        place += 1
        next += 1
      }
      backCount += back.count
      isExact = isExact && back.allSatisfy { sent.packets.contains($0) }
    }
    return (Double(backCount) / Double(max(lostCount, 1)), isExact)
  }

  @Test(arguments: [0.08, 0.15, 0.3], [1, 2, 8, 30])
  func `repair takes the share it was given, and no more`(share: Double, size: Int) {
    let sent = send(frames: 600 / size, of: size, share: share)
    let taken = Double(sent.repairBytes) / Double(sent.mediaBytes)
    #expect(taken <= share && taken > share * 0.85, "\(taken)")
  }

  @Test func `without a share nothing is sent`() {
    #expect(send(frames: 100, of: 5, share: 0).repairs.isEmpty)
  }

  @Test(arguments: [(0.03, 0.1, 0.65), (0.05, 0.15, 0.6), (0.1, 0.3, 0.6), (0.2, 0.3, 0.3)])
  func `scattered losses come back without being asked for`(
    loss: Double, share: Double, aim: Double
  ) {
    var random = RandomSource.seeded(3)
    let sent = send(frames: 800, of: 5, share: share)
    let result = recovered(sent) { _ in Double.random(in: 0..<1, using: &random) < loss }
    #expect(result.isExact)
    #expect(result.share > aim, "\(result.share)")
  }

  @Test func `two losses in a row come back where frames are large`() {
    let sent = send(frames: 100, of: 12, share: 0.25)
    let result = recovered(sent) { $0 % 40 == 7 || $0 % 40 == 8 }
    #expect(result.isExact && result.share > 0.8, "\(result.share)")
  }

  @Test func `a packet that comes late is left out and disturbs nothing`() {
    var repair = SlotRepair(ssrc: 7, firstSequenceNumber: 0)
    var decoder = FlexibleFECDecoder(ssrc: 7)
    var recovered: [[UInt8]] = []
    for number in [10, 11, 9, 12, 13] as [UInt16] {
      let header = RTPHeader(payloadType: 96, sequenceNumber: number, timestamp: 1, ssrc: 7)
      let head = [UInt8](capacity: 12) { header.write(into: &$0) }
      repair.add(header, head: head.span, payload: [1, 2].span, paddingCount: 0, share: 0.8)
      let whole = head + [1, 2]
      if number != 11 { recovered += decoder.receive(media: whole.span) }
    }
    while let payload = repair.take() { recovered += decoder.receive(repair: payload.span) }
    #expect(recovered.count == 1 && recovered.first?[3] == 11)
  }
}
