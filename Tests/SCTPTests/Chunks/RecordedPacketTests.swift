import ByteFixtures
import Testing
import Wire

@testable import SCTP

/// Packets that other stacks have sent, with what stands in them.
@Suite struct RecordedPacketTests {
  private func first(_ hexadecimal: String, _ check: (borrowing Chunk) throws -> Void) throws {
    let packet = bytes(hexadecimal)
    var reader = ByteReader(packet.span)
    let header = try PacketHeader.read(from: &reader)
    #expect(header.sourcePort == 5000 && header.destinationPort == 5000)
    #expect(header.checksum == CRC32C.checksum(ofPacket: packet.span))
    var chunks = ChunkReader(reader)
    let chunk = try chunks.next()
    try check(chunk)
    let isAtEnd = chunks.isAtEnd
    #expect(isAtEnd)
  }

  /// The packet as we write it.
  private func written(
    tag: UInt32, _ write: (inout OutputSpan<UInt8>) -> Void
  ) -> [UInt8] {
    HandmadePacket(tag: tag).bytes(write)
  }

  @Test func `INIT of a browser`() throws {
    let packet =
      "1388138800000000ae5f854d010000562452170300020000010008003092614bc000000480080009c00fc1"
      + "80820000008002002489992738156ca469abf5a11ac89dc274af07e51ab3fa38045017da1e3390f17780"
      + "040006000100008003000680c10000"
    try first(packet) { chunk in
      let type = chunk.type
      #expect(type == .initiation)
      let initiation = try Initiation(parsing: chunk.value)
      #expect(initiation.tag == 0x2452_1703)
      #expect(initiation.window == 0x2_0000)
      #expect(initiation.outgoingStreams == 256 && initiation.incomingStreams == 2048)
      #expect(initiation.initialTSN == 0x3092_614b)
      #expect(initiation.capabilities == [.forwardTSN, .reconfiguration])
      #expect(initiation.unrecognized.isEmpty)
    }
  }

  @Test func `DATA with padding`() throws {
    let packet = "138813880fc0f8a185217dad000300119a0f13fd00010001000000334d000000"
    try first(packet) { chunk in
      var reader = ByteReader(chunk.value)
      let header = try DataHeader.read(from: &reader, flags: chunk.flags, isInterleaved: false)
      #expect(
        header
          == DataHeader(
            tsn: 2_584_679_421, stream: 1, messageNumber: 1, identifier: .string,
            flags: [.beginning, .end]))
      let payload = [UInt8](copying: reader.remaining)
      #expect(payload == [0x4d])
      let data = DataChunk(header: header, payload: [0x4d])
      #expect(written(tag: 0x0fc0_f8a1) { $0.append(data, isInterleaved: false) } == bytes(packet))
    }
  }

  @Test func `SACK with gaps and a duplicate`() throws {
    let packet =
      "13881388f71faf4b4fe61a210300001c847f5b9d0001f4a0000200010002000200040004847f5ba1"
    try first(packet) { chunk in
      let sack = try SelectiveAcknowledgement(parsing: chunk.value)
      #expect(sack.cumulativeTSN == 2_222_939_037)
      #expect(sack.advertisedWindow == 128_160)
      #expect(sack.gapBlocks == [.init(start: 2, end: 2), .init(start: 4, end: 4)])
      #expect(sack.duplicates == [2_222_939_041])
      #expect(written(tag: 0xf71f_af4b) { $0.append(sack) } == bytes(packet))
    }
  }

  @Test func `FORWARD-TSN`() throws {
    let packet = "138813880fc0f8a1bf44c9a3c000000c000004d2000c0022"
    try first(packet) { chunk in
      let forward = try ForwardTSN(parsing: chunk.value, isInterleaved: false)
      #expect(
        forward
          == ForwardTSN(
            newCumulativeTSN: 1234,
            skipped: [.init(stream: 12, isUnordered: false, messageNumber: 34)]))
      let again = written(tag: 0x0fc0_f8a1) { $0.append(forward, isInterleaved: false) }
      #expect(again == bytes(packet))
    }
  }

  @Test func `a request to reset one stream`() throws {
    let packet =
      "13881388c8e86e6be9e7059182000016000d00128bd80a5be48bec738bd80a5e00010000"
    try first(packet) { chunk in
      let parsed = try Reconfiguration(parsing: chunk.value)
      let request = Reconfiguration.OutgoingReset(
        number: 2_346_191_451, responseNumber: 3_834_375_283, lastTSN: 2_346_191_454,
        streams: [1])
      #expect(parsed == Reconfiguration([.outgoingReset(request)]))
      #expect(written(tag: 0xc8e8_6e6b) { $0.append(parsed) } == bytes(packet))
    }
  }

  @Test func `an answer to a request`() throws {
    let packet = "13881388b1bf7efd4437a952820000100010000c91531f5400000001"
    try first(packet) { chunk in
      let parsed = try Reconfiguration(parsing: chunk.value)
      #expect(
        parsed == Reconfiguration([.response(.init(number: 2_438_143_828, result: .performed))]))
      #expect(written(tag: 0xb1bf_7efd) { $0.append(parsed) } == bytes(packet))
    }
  }

  @Test func `a request for more streams`() throws {
    try first("13881388e90d96fe16b6d3d3820000100011000cca02f63000100000") { chunk in
      let parsed = try Reconfiguration(parsing: chunk.value)
      #expect(parsed == Reconfiguration([.addOutgoingStreams(number: 3_389_191_728, count: 16)]))
    }
  }

  @Test func `ABORT with a cause`() throws {
    let packet =
      "13881388e05957c2143effc00600003b000d0037457870656374656420422d62697420666f722054534e3d346365"
      + "31663137662c205349443d303030312c2053534e3d3030303000"
    try first(packet) { chunk in
      let code = ErrorCause.firstCode(in: chunk.value)
      #expect(code == 13)
      let text = Array("Expected B-bit for TSN=4ce1f17f, SID=0001, SSN=0000".utf8)
      let cause = ErrorCause(code: .protocolViolation, value: text)
      #expect(written(tag: 0xe059_57c2) { $0.appendAbort(cause) } == bytes(packet))
    }
  }

  @Test func `ERROR of an invalid stream`() throws {
    let packet = "13881388e05957c2fce57e650900000c0001000830390000"
    try first(packet) { chunk in
      let code = ErrorCause.firstCode(in: chunk.value)
      #expect(code == 1)
      let again = written(tag: 0xe059_57c2) { $0.appendError([.invalidStream(12345)]) }
      #expect(again == bytes(packet))
    }
  }

  @Test func `SHUTDOWN and its answer`() throws {
    let packet = "13881388ef9c1872ca511f8b07000008a0b834d8"
    try first(packet) { chunk in
      let shutdown = try Shutdown(parsing: chunk.value)
      #expect(shutdown.cumulativeTSN == 0xa0b8_34d8)
      #expect(written(tag: 0xef9c_1872) { $0.append(shutdown) } == bytes(packet))
    }
    let answer = "1388138800000000b9a6d45b08000004"
    #expect(written(tag: 0) { $0.appendShutdownAcknowledgement() } == bytes(answer))
  }

  @Test func `COOKIE ECHO`() {
    let cookie = Array("12345678".utf8)
    #expect(
      written(tag: 0x3df2_428d) { $0.appendCookieEcho(cookie) }
        == bytes("138813883df2428dca7547bd0a00000c3132333435363738"))
  }
}
