import ByteFixtures
import RTP
import Testing
import Wire

/// All packets of a datagram.
func packets(_ datagram: [UInt8]) -> [RTCPPacket] {
  var reader = RTCPReader(datagram.span)
  var found: [RTCPPacket] = []
  while let packet = reader.next() { found.append(packet) }
  return found
}

@Suite struct RTCPTests {
  static let block = ReportBlock(
    ssrc: 0x0102_0304, fractionLost: 51, cumulativeLost: -2, highestSequenceNumber: 0x0001_fffe,
    jitter: 900, lastSenderReport: 0x1234_5678, delaySinceLastSenderReport: 0x1_8000)
  static let senderReport = SenderReport(
    ssrc: 7, ntpTimestamp: 0x8391_aabb_ccdd_eeff, rtpTimestamp: 90_000, packetCount: 12,
    octetCount: 3456, blocks: [block, block])
  static let receiverReport = ReceiverReport(ssrc: 8, blocks: [block])
  static let description = SourceDescription(ssrc: 9, cname: "somebody@example")
  static let goodbye = Goodbye(ssrcs: [10, 11])
  static let nack = GenericNACK(
    senderSSRC: 12, mediaSSRC: 13, sequenceNumbers: [65534, 65535, 0, 14, 15, 100])
  static let pictureLoss = PictureLossIndication(senderSSRC: 14, mediaSSRC: 15)
  static let intraRequest = FullIntraRequest(
    senderSSRC: 16,
    entries: [.init(ssrc: 17, sequenceNumber: 255), .init(ssrc: 18, sequenceNumber: 0)])
  static let bitrate = ReceiverEstimatedMaximumBitrate(
    senderSSRC: 19, bitrate: 2_500_000, ssrcs: [20, 21])
  static let feedback = TransportFeedback(
    senderSSRC: 22, mediaSSRC: 23, baseSequenceNumber: 65_530, statusCount: 40,
    referenceTime: 0xff_fffe, feedbackCount: 200,
    arrivals: [
      .init(offset: 0, delta: 255), .init(offset: 1, delta: 256), .init(offset: 2, delta: -1),
      .init(offset: 20, delta: 0), .init(offset: 39, delta: .min),
    ])

  static let compound: [RTCPPacket] = [
    .senderReport(senderReport), .receiverReport(receiverReport), .sourceDescription(description),
    .goodbye(goodbye), .genericNACK(nack), .pictureLossIndication(pictureLoss),
    .fullIntraRequest(intraRequest), .receiverEstimatedMaximumBitrate(bitrate),
    .transportFeedback(feedback),
  ]

  static var compoundBytes: [UInt8] {
    written { output in
      senderReport.write(into: &output)
      receiverReport.write(into: &output)
      description.write(into: &output)
      goodbye.write(into: &output)
      nack.write(into: &output)
      pictureLoss.write(into: &output)
      intraRequest.write(into: &output)
      bitrate.write(into: &output)
      feedback.write(into: &output)
    }
  }

  @Test func `everything written is read again`() {
    #expect(packets(Self.compoundBytes) == Self.compound)
  }

  @Test func `byte counts are those written`() {
    #expect(written { Self.senderReport.write(into: &$0) }.count == Self.senderReport.byteCount)
    #expect(written { Self.receiverReport.write(into: &$0) }.count == Self.receiverReport.byteCount)
    #expect(written { Self.goodbye.write(into: &$0) }.count == Self.goodbye.byteCount)
    #expect(written { Self.nack.write(into: &$0) }.count == Self.nack.byteCount)
    #expect(written { Self.intraRequest.write(into: &$0) }.count == Self.intraRequest.byteCount)
    #expect(written { Self.bitrate.write(into: &$0) }.count == Self.bitrate.byteCount)
    #expect(written { Self.feedback.write(into: &$0) }.count == Self.feedback.byteCount)
    for count in 0...9 {
      let description = SourceDescription(ssrc: 1, cname: String(repeating: "x", count: count))
      let data = written { description.write(into: &$0) }
      #expect(data.count == description.byteCount)
      #expect(data.count % 4 == 0)
      #expect(data.last == 0)
      let chunk = SourceDescription.Chunk(
        ssrc: 1, cname: count == 0 ? nil : description.chunks[0].cname)
      #expect(packets(data) == [.sourceDescription(.init(chunks: [chunk]))])
    }
  }

  @Test func `without room nothing is written`() {
    let whole = Self.compoundBytes.count
    for capacity in 0..<whole {
      let data = written(capacity: capacity) { output in
        Self.senderReport.write(into: &output)
        Self.description.write(into: &output)
        Self.nack.write(into: &output)
        Self.bitrate.write(into: &output)
        Self.feedback.write(into: &output)
      }
      for packet in packets(data) { #expect(Self.compound.contains(packet)) }
    }
  }

  @Test func `a truncated datagram yields what is whole and one malformed packet`() {
    let whole = Self.compoundBytes
    for count in 0..<whole.count {
      let found = packets(Array(whole.prefix(count)))
      let good = found.prefix { if case .malformed = $0 { false } else { true } }
      #expect(Array(good) == Array(Self.compound.prefix(good.count)))
      #expect(found.count - good.count <= 1)
    }
  }

  @Test func `bad content costs one packet only`() {
    // A report that claims more blocks than it has, then a picture loss indication.
    var data = bytes("9f c9 0001 00000001")
    data += written { Self.pictureLoss.write(into: &$0) }
    #expect(packets(data) == [.malformed(type: 201), .pictureLossIndication(Self.pictureLoss)])
  }

  @Test(arguments: [
    // REMB that claims 255 sources in 20 bytes.
    "8fce0004 00000001 00000000 52454d42 ff000000",
    // NACK cut in an item, BYE without its sources, PLI without its media source.
    "81cd0001 00000001", "9fcb0001 00000001", "81ce0001 00000001",
    // SDES whose item runs past the end, and one whose list has no end.
    "81ca0002 00000001 01ff6161", "81ca0002 00000001 01026161",
    // FIR cut in an entry.
    "84ce0003 00000001 00000000 00000002",
    // SR without sender info.
    "80c80001 00000001",
    // Padding of zero bytes, and of more than there is.
    "a1ce0003 00000001 00000002 00000000", "a1ce0003 00000001 00000002 000000ff",
    // Another version.
    "01ce0002 00000001 00000002",
  ])
  func `a packet that lies is malformed`(data: String) {
    let found = packets(bytes(data))
    #expect(found.count == 1)
    if case .malformed = found.first {} else { Issue.record("\(found)") }
  }

  @Test func `padding at the end is cut off`() {
    #expect(
      packets(bytes("a1ce0003 0000000e 0000000f 00000004"))
        == [.pictureLossIndication(Self.pictureLoss)])
  }

  @Test func `other types and formats are passed over`() {
    // APP, XR, slice loss indication, an application-layer message that is no REMB.
    let data = bytes(
      "80cc0002 00000001 61626364 80cf0001 00000001 82ce0002 00000001 00000002"
        + "8fce0003 00000001 00000000 41424344")
    #expect(
      packets(data) == [
        .other(type: 204, format: 0), .other(type: 207, format: 0), .other(type: 206, format: 2),
        .other(type: 206, format: 15),
      ])
  }

  @Test func `missing numbers are packed and unpacked over a wrap`() {
    #expect(Self.nack.items.count == 3)
    #expect(Self.nack.sequenceNumbers == [65534, 65535, 0, 14, 15, 100])
  }

  @Test(arguments: [0, 1, 0x3_ffff, 0x4_0000, 1_234_567, 10_000_000_000, UInt64.max])
  func `bit rates keep 18 bits`(bitrate: UInt64) {
    let data = written {
      ReceiverEstimatedMaximumBitrate(senderSSRC: 1, bitrate: bitrate, ssrcs: []).write(into: &$0)
    }
    guard case .receiverEstimatedMaximumBitrate(let read) = packets(data).first else {
      Issue.record("not read")
      return
    }
    #expect(read.bitrate <= bitrate)
    #expect(bitrate - read.bitrate <= bitrate >> 17)
  }

  @Test func `a bit rate beyond 64 bits saturates`() {
    let found = packets(bytes("8fce0004 00000001 00000000 52454d42 00ffffff"))
    #expect(
      found == [
        .receiverEstimatedMaximumBitrate(.init(senderSSRC: 1, bitrate: .max, ssrcs: []))
      ])
  }

  @Test func `no bytes can trap`() {
    var random = RandomSource.seeded(5)
    let whole = Self.compoundBytes
    for _ in 0..<20_000 {
      var data = whole
      for _ in 0..<1 + random.next() % 8 {
        data[Int(random.next() % UInt64(data.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      _ = packets(data)
      _ = packets(random.bytes(Int(random.next() % 80)))
    }
  }
}
