import ByteFixtures
import Media
import RTP
import Testing
import Wire

extension FlexibleFECDecoder {
  fileprivate mutating func receive(media packet: [UInt8]) -> [[UInt8]] {
    receive(media: packet.span)
  }

  fileprivate mutating func receive(repair payload: [UInt8]) -> [[UInt8]] {
    receive(repair: payload.span)
  }
}

@Suite struct FlexibleFECTests {
  /// Packets with lengths, markers, timestamps and padding of their own.
  private func packets(_ count: Int, from first: UInt16 = 65_530, seed: UInt64 = 1) -> [[UInt8]] {
    var random = RandomSource.seeded(seed)
    return (0..<count).map { number in
      let sequence = first &+ UInt16(number)
      let head: [UInt8] = [
        0x80, 96 | (number % 3 == 0 ? 0x80 : 0), UInt8(sequence >> 8), UInt8(sequence & 0xff),
      ]
      return head + random.bytes(4) + [0, 0, 0, 7] + random.bytes(Int(random.next() % 300))
    }
  }

  private func repair(_ packets: [[UInt8]]) -> [UInt8] {
    var encoder = FlexibleFECEncoder(ssrc: 7)
    for packet in packets {
      let isAdded = encoder.add(packet.span)
      #expect(isAdded)
    }
    return encoder.finish() ?? []
  }

  @Test func `the header is that of the draft`() {
    let first = bytes("8060 fffe 00000010 00000007 aabb")
    let second = bytes("80e1 0001 00000030 00000007 01")
    // 14 numbers on, so that the mask still fits its first part.
    let third = bytes("8060 000c 00000000 00000007")
    #expect(
      repair([first, second, third])
        == bytes("00e1 0003 00000020 01000000 00000007 fffe c801 abbb"))
  }

  @Test func `the mask grows with what it tells of`() {
    let all = packets(109)
    #expect(Array(repair([all[0], all[15]])[18..<24]) == bytes("4000 c0000000"))
    #expect(Array(repair([all[0], all[45]])[18..<24]) == bytes("4000 80000001"))
    #expect(Array(repair([all[0], all[46]])[18..<32]) == bytes("4000 00000000 c000000000000000"))
    #expect(Array(repair([all[0], all[108]])[18..<32]) == bytes("4000 00000000 8000000000000001"))
  }

  @Test(arguments: [2, 10, 15, 16, 46, 47, 109])
  func `any single loss is made good, whatever comes first`(count: Int) {
    let all = packets(count, seed: UInt64(count))
    let payload = repair(all)
    for lost in stride(from: 0, to: count, by: max(count / 10, 1)) {
      for comesFirst in [true, false] {
        var decoder = FlexibleFECDecoder(ssrc: 7)
        // Something before, so that numbers are placed.
        _ = decoder.receive(media: packets(1, from: 65_529)[0])
        var recovered: [[UInt8]] = []
        if comesFirst { recovered += decoder.receive(repair: payload) }
        for (index, packet) in all.enumerated() where index != lost {
          recovered += decoder.receive(media: packet)
        }
        if !comesFirst { recovered += decoder.receive(repair: payload) }
        let isSame = recovered == [all[lost]]
        #expect(isSame, "\(lost) of \(count)")
        #expect(decoder.recoveredCount == 1)
      }
    }
  }

  @Test func `rows and columns bring back a burst`() {
    let all = packets(16)
    let rows = (0..<4).map { row in repair(Array(all[row * 4..<row * 4 + 4])) }
    let columns = (0..<4).map { column in
      repair(stride(from: column, to: 16, by: 4).map { all[$0] })
    }
    var decoder = FlexibleFECDecoder(ssrc: 7)
    var recovered: [[UInt8]] = []
    // A row and one more are lost: columns make good three of the row, then all follows.
    let lost: Set = [4, 5, 6, 7, 9]
    for (index, packet) in all.enumerated() where !lost.contains(index) {
      recovered += decoder.receive(media: packet)
    }
    for payload in columns + rows { recovered += decoder.receive(repair: payload) }
    let isSame = Set(recovered) == Set(lost.map { all[$0] })
    #expect(isSame)
    #expect(recovered.count == 5)
  }

  @Test func `two losses in one group are beyond it, and nothing wrong comes`() {
    let all = packets(10)
    var decoder = FlexibleFECDecoder(ssrc: 7)
    for packet in all.dropFirst(2) {
      let recovered = decoder.receive(media: packet)
      #expect(recovered.isEmpty)
    }
    let recovered = decoder.receive(repair: repair(all))
    #expect(recovered.isEmpty)
    // A retransmission helps the other one.
    let helped = decoder.receive(media: all[1]) == [all[0]]
    #expect(helped)
  }

  @Test func `the encoder takes packets of its source in order, within the span`() {
    let all = packets(120)
    var encoder = FlexibleFECEncoder(ssrc: 7)
    #expect(encoder.isEmpty)
    #expect(encoder.finish() == nil)
    let taken = [all[1], all[3], all[2], all[3], all[109], all[110], [0x80], all[0]].map {
      encoder.add($0.span)
    }
    #expect(taken == [true, true, false, false, true, false, false, false])
    var other = FlexibleFECEncoder(ssrc: 8)
    let first = all[0]
    let isTaken = other.add(first.span)
    #expect(!isTaken)
  }

  @Test func `repair packets that lie change nothing`() {
    let all = packets(4)
    let whole = repair(all)
    var decoder = FlexibleFECDecoder(ssrc: 7)
    for packet in all.dropFirst() { _ = decoder.receive(media: packet) }
    for count in 0..<20 {
      let recovered = decoder.receive(repair: Array(whole.prefix(count)))
      #expect(recovered.isEmpty)
    }
    // Retransmission, fixed mask, two sources, another source, no mask at all.
    for (index, value) in [(0, 0x80), (0, 0x40), (8, 2), (15, 9), (18, 0x80)] as [(Int, UInt8)] {
      var bad = whole
      if index == 0 { bad[0] |= value } else { bad[index] = value }
      if index == 18 { bad[19] = 0 }
      let recovered = decoder.receive(repair: bad)
      #expect(recovered.isEmpty, "\(index)")
    }
    // A length that does not fit what is left.
    var long = whole
    long[2] ^= 0xff
    let recovered = decoder.receive(repair: long)
    #expect(recovered.isEmpty)
    #expect(decoder.recoveredCount == 0)
    #expect(decoder.malformedCount == 26)
  }

  @Test func `any bytes are survived`() {
    var random = RandomSource.seeded(2)
    var decoder = FlexibleFECDecoder(ssrc: 7)
    let all = packets(400)
    for number in 0..<4000 {
      if number % 3 == 0 {
        _ = decoder.receive(media: all[Int(random.next() % 400)])
      } else {
        var payload = [0, 0, 0, 20] + random.bytes(4) + [1, 0, 0, 0, 0, 0, 0, 7]
        payload += random.bytes(2 + Int(random.next() % 60))
        _ = decoder.receive(repair: payload)
      }
    }
  }
}
