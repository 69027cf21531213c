import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct TransportFeedbackTests {
  private func read(_ data: [UInt8]) -> TransportFeedback? {
    guard case .transportFeedback(let feedback) = packets(data).first else { return nil }
    return feedback
  }

  /// A feedback packet with the given chunks and deltas.
  private func packet(_ statusCount: String, _ content: String) -> [UInt8] {
    let body = bytes("00000001 00000002 000a" + statusCount + "000005 07" + content)
    let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    return [0x8f, 205, 0, UInt8(padded.count / 4)] + padded
  }

  @Test func `a run tells of many packets`() {
    let feedback = read(packet("0003", "2003 01 02 03"))
    #expect(feedback?.baseSequenceNumber == 10)
    #expect(feedback?.referenceTime == 5)
    #expect(feedback?.feedbackCount == 7)
    #expect(feedback?.arrivals.map(\.offset) == [0, 1, 2])
    #expect(feedback?.arrivals.map(\.delta) == [1, 2, 3])
  }

  @Test func `a one-bit vector tells of fourteen packets`() {
    // 10 then 10000000 000001: the first and the last arrived.
    let feedback = read(packet("000e", "a001 04 05"))
    #expect(feedback?.arrivals.map(\.offset) == [0, 13])
    #expect(feedback?.arrivals.map(\.delta) == [4, 5])
  }

  @Test func `a two-bit vector tells of large deltas`() {
    // 11 then 10 01 00 00 00 00 10.
    let feedback = read(packet("0007", "e402 ffff 09 7fff"))
    #expect(feedback?.arrivals.map(\.offset) == [0, 1, 6])
    #expect(feedback?.arrivals.map(\.delta) == [-1, 9, .max])
  }

  @Test func `symbols beyond the count are passed over`() {
    #expect(read(packet("0001", "bfff 04"))?.arrivals.count == 1)
  }

  @Test(arguments: [
    ("0001", "c000 04"), ("0001", "6001 04"), ("0005", "2000 2005 0102030405"), ("0010", "2001 01"),
    ("0007", "ffff"), ("0100", "3fff 01"), ("0001", "4001 04"),
  ])
  func `counts and symbols that lie are refused`(statusCount: String, content: String) {
    // The first is good: nothing arrived. The rest use the reserved symbol, an empty run, too few
    // chunks or too few deltas.
    if content == "c000 04" {
      #expect(read(packet(statusCount, content))?.arrivals.isEmpty == true)
    } else if content == "4001 04" {
      // The padding byte completes the delta.
      #expect(read(packet(statusCount, content))?.arrivals.map(\.delta) == [0x0400])
    } else {
      #expect(packets(packet(statusCount, content)) == [.malformed(type: 205)])
    }
  }

  @Test func `a long outage takes two bytes a run`() {
    let feedback = TransportFeedback(
      senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: 0, statusCount: .max, referenceTime: 0,
      feedbackCount: 0, arrivals: [.init(offset: 0, delta: 1), .init(offset: 65534, delta: 1)])
    #expect(feedback.byteCount < 64)
    #expect(read(written { feedback.write(into: &$0) }) == feedback)
  }

  @Test func `any pattern of arrivals survives the wire`() {
    var random = RandomSource.seeded(11)
    for round in 0..<2000 {
      let statusCount = UInt16(1 + random.next() % 300)
      let density = random.next() % 101
      let largeShare = round % 3 == 0 ? 50 : 2 as UInt64
      var arrivals: [TransportFeedback.Arrival] = []
      for offset in 0..<statusCount where random.next() % 100 < density {
        let isLarge = random.next() % 100 < largeShare
        let delta = isLarge ? Int16(truncatingIfNeeded: random.next()) : Int16(random.next() % 256)
        arrivals.append(.init(offset: offset, delta: delta))
      }
      let feedback = TransportFeedback(
        senderSSRC: 1, mediaSSRC: 2, baseSequenceNumber: UInt16(truncatingIfNeeded: random.next()),
        statusCount: statusCount, referenceTime: UInt32(random.next() & 0xff_ffff),
        feedbackCount: UInt8(truncatingIfNeeded: round), arrivals: arrivals)
      let data = written { feedback.write(into: &$0) }
      #expect(data.count == feedback.byteCount)
      #expect(read(data) == feedback)
    }
  }

  @Test func `feedback is read into the memory of the one before, and nothing else is`() throws {
    let first = packet("0003", "2003 01 02 03")
    let second = packet("0002", "c400 0b")
    let other = written { PictureLossIndication(senderSSRC: 1, mediaSSRC: 2).write(into: &$0) }
    let lying = packet("0100", "3fff 01")
    let datagram = first + other + lying + second
    var reader = RTCPReader(datagram.span)
    var feedback = TransportFeedback()
    var told: [TransportFeedback] = []
    var others: [RTCPPacket] = []
    while true {
      let isFeedback = reader.next(into: &feedback)
      if isFeedback {
        told.append(feedback)
      } else if let other = reader.next() {
        others.append(other)
      } else {
        break
      }
    }
    #expect(told == [read(first), read(second)].compactMap(\.self))
    #expect(told.last?.arrivals.map(\.offset) == [1])
    #expect(others == packets(other) + [.malformed(type: 205)])
  }
}
