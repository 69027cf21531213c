import ByteFixtures
import Testing
import Wire

@testable import SCTP

@Suite struct ChunkTests {
  /// The value of the only chunk that `write` appends.
  private func value(_ write: (inout OutputSpan<UInt8>) -> Void) throws -> (UInt8, [UInt8]) {
    let all = [UInt8](capacity: 4096, initializingWith: write)
    var reader = ChunkReader(ByteReader(all.span))
    let chunk = try reader.next()
    let isAtEnd = reader.isAtEnd
    #expect(isAtEnd)
    #expect(all.count.isMultiple(of: 4))
    return (chunk.flags, [UInt8](copying: chunk.value))
  }

  /// Whether every beginning of `value` that is shorter than `least` is refused, and the others not.
  private func refuses<T>(
    _ value: [UInt8], below least: Int, _ parse: (Span<UInt8>) throws -> T
  ) -> Bool {
    (0...value.count).allSatisfy { count in
      let isTaken = (try? parse(value.span.extracting(first: count))) != nil
      return isTaken == (count >= least)
    }
  }

  static let initiation = Initiation(
    tag: 1, window: 2, outgoingStreams: 3, incomingStreams: 4, initialTSN: 5,
    capabilities: [
      .forwardTSN, .reconfiguration, .interleavedData, .interleavedForwardTSN, .zeroChecksum,
    ])

  @Test func `INIT is written byte for byte`() throws {
    let all = [UInt8](capacity: 100) { $0.append(Self.initiation) }
    #expect(
      all
        == bytes(
          """
          01000028 00000001 00000002 00030004 00000005 c0000004 80080008 82c040c2 80010008 00000001
          """))
    #expect(Self.initiation.byteCount == all.count)
  }

  @Test func `INIT and INIT ACK read what was written`() throws {
    var chunk = Self.initiation
    let offer = try value { $0.append(chunk) }.1
    #expect(try Initiation(parsing: offer.span) == chunk)
    chunk.cookie = [1, 2, 3]
    let answer = try value { $0.append(chunk) }.1
    #expect(try Initiation(parsing: answer.span) == chunk)
    #expect([UInt8](capacity: 100) { $0.append(chunk) }.count == chunk.byteCount)
  }

  @Test func `a parameter cut short makes INIT invalid`() throws {
    let value = try value { $0.append(Self.initiation) }.1
    let boundaries: Set = [16, 20, 28, 36]
    for count in 0...value.count {
      let isTaken = (try? Initiation(parsing: value.span.extracting(first: count))) != nil
      #expect(isTaken == boundaries.contains(count))
    }
  }

  @Test(
    arguments: [
      (0x4abc, false, true), (0x0abc, false, false), (0x8abc, true, false), (0xcabc, true, true),
    ] as [(UInt16, Bool, Bool)])
  func `an unknown parameter says what to do with it`(
    type: UInt16, goesOn: Bool, isReported: Bool
  ) throws {
    let value = [UInt8](capacity: 64) { output in
      output.append(copying: bytes("00000001 00000002 00030004 00000005").span)
      output.appendParameter(type, length: 7)
      output.append(copying: [7, 8, 9, 0].span)
      output.appendParameter(0xc000, length: 4)
    }
    let parsed = try Initiation(parsing: value.span)
    #expect(parsed.capabilities.contains(.forwardTSN) == goesOn)
    let whole = [UInt8(type >> 8), UInt8(type & 255), 0, 7, 7, 8, 9]
    #expect(parsed.unrecognized == (isReported ? [whole] : []))
  }

  @Test func `no more unknown parameters are told back than a few`() throws {
    let value = [UInt8](capacity: 1000) { output in
      output.append(copying: bytes("00000001 00000002 00030004 00000005").span)
      for _ in 0..<100 { output.appendParameter(0xcabc, length: 4) }
    }
    #expect(try Initiation(parsing: value.span).unrecognized.count == 4)
  }

  @Test(arguments: [true, false])
  func `data reads what was written`(isInterleaved: Bool) throws {
    for isFirst in [true, false] {
      let header = DataHeader(
        tsn: .max, stream: 7, messageNumber: isInterleaved ? 0xfedc_ba98 : 0xba98,
        fragmentNumber: isInterleaved && !isFirst ? 9 : 0,
        identifier: .init(rawValue: isInterleaved && !isFirst ? 0 : 53),
        flags: isFirst ? [.beginning, .unordered] : [.end, .immediate])
      let chunk = DataChunk(header: header, payload: [9, 1, 2, 3, 9][1..<4])
      let (flags, value) = try value { $0.append(chunk, isInterleaved: isInterleaved) }
      var reader = ByteReader(value.span)
      let read = try DataHeader.read(from: &reader, flags: flags, isInterleaved: isInterleaved)
      #expect(read == header)
      let payload = [UInt8](copying: reader.remaining)
      #expect(payload == [1, 2, 3])
      #expect(chunk.byteCount(isInterleaved: isInterleaved) == (isInterleaved ? 24 : 20))
      #expect(
        refuses(value, below: isInterleaved ? 16 : 12) {
          var reader = ByteReader($0)
          return try DataHeader.read(from: &reader, flags: 3, isInterleaved: isInterleaved)
        })
    }
  }

  @Test func `I-DATA is written byte for byte`() {
    let header = DataHeader(
      tsn: 1, stream: 2, messageNumber: 3, fragmentNumber: 0, identifier: .binary,
      flags: [.beginning])
    let first = [UInt8](capacity: 100) {
      $0.append(DataChunk(header: header, payload: [5]), isInterleaved: true)
    }
    #expect(first == bytes("40020015 00000001 00020000 00000003 00000035 05000000"))
    var later = header
    later.flags = [.end, .unordered]
    later.fragmentNumber = 6
    let second = [UInt8](capacity: 100) {
      $0.append(DataChunk(header: later, payload: [5, 6, 7, 8]), isInterleaved: true)
    }
    #expect(second == bytes("40050018 00000001 00020000 00000003 00000006 05060708"))
  }

  @Test func `SACK refuses to be shorter than it says`() throws {
    let sack = SelectiveAcknowledgement(
      cumulativeTSN: 1, advertisedWindow: 2, gapBlocks: [.init(start: 3, end: 4)],
      duplicates: [5, 6])
    let value = try value { $0.append(sack) }.1
    #expect(try SelectiveAcknowledgement(parsing: value.span) == sack)
    #expect(refuses(value, below: value.count) { try SelectiveAcknowledgement(parsing: $0) })
  }

  @Test(arguments: [true, false])
  func `FORWARD-TSN reads what was written`(isInterleaved: Bool) throws {
    let chunk = ForwardTSN(
      newCumulativeTSN: 1,
      skipped: [
        .init(stream: 2, isUnordered: false, messageNumber: 3),
        .init(
          stream: 4, isUnordered: isInterleaved, messageNumber: isInterleaved ? .max : 0xffff),
      ])
    let value = try value { $0.append(chunk, isInterleaved: isInterleaved) }.1
    #expect(value.count + 4 == chunk.byteCount(isInterleaved: isInterleaved))
    #expect(try ForwardTSN(parsing: value.span, isInterleaved: isInterleaved) == chunk)
    let entry = isInterleaved ? 8 : 4
    for count in 0...value.count {
      let parsed = try? ForwardTSN(
        parsing: value.span.extracting(first: count), isInterleaved: isInterleaved)
      #expect((parsed != nil) == (count >= 4 && (count - 4).isMultiple(of: entry)))
    }
  }

  @Test func `I-FORWARD-TSN is written byte for byte`() {
    let chunk = ForwardTSN(
      newCumulativeTSN: 9, skipped: [.init(stream: 2, isUnordered: true, messageNumber: 3)])
    let all = [UInt8](capacity: 100) { $0.append(chunk, isInterleaved: true) }
    #expect(all == bytes("c2000010 00000009 00020001 00000003"))
  }

  @Test func `RE-CONFIG reads what was written`() throws {
    for streams in [[], [1], [1, 2], [1, 2, 3]] as [[UInt16]] {
      let chunk = Reconfiguration([
        .outgoingReset(.init(number: 1, responseNumber: 2, lastTSN: 3, streams: streams)),
        .response(.init(number: 4, result: .inProgress)),
      ])
      let value = try value { $0.append(chunk) }.1
      #expect(try Reconfiguration(parsing: value.span) == chunk)
      #expect([UInt8](capacity: 200) { $0.append(chunk) }.count == chunk.byteCount)
    }
    let request = Reconfiguration([
      .outgoingReset(.init(number: 1, responseNumber: 2, lastTSN: 3, streams: [4]))
    ])
    let value = try value { $0.append(request) }.1
    for count in 1..<value.count {
      #expect(throws: Truncated.self) {
        try Reconfiguration(parsing: value.span.extracting(first: count))
      }
    }
  }

  @Test func `an unknown result is a refusal`() throws {
    let value = bytes("0010000c 00000001 00000063")
    #expect(
      try Reconfiguration(parsing: value.span).parameters
        == [.response(.init(number: 1, result: .denied))])
  }

  @Test func `a heartbeat comes back only as it was sent`() throws {
    let value = try value { $0.append(Heartbeat(nonce: 0x0102_0304_0506_0708)) }.1
    #expect(value == bytes("0001000c 01020304 05060708"))
    #expect(try Heartbeat(parsing: value.span).nonce == 0x0102_0304_0506_0708)
    #expect(refuses(value, below: value.count) { try Heartbeat(parsing: $0) })
    var longer = value
    longer += [0, 0, 0, 0]
    longer[3] = 16
    #expect(throws: Truncated.self) { try Heartbeat(parsing: longer.span) }
  }

  @Test func `SHUTDOWN needs its TSN`() {
    #expect(refuses([0, 0, 0, 1], below: 4) { try Shutdown(parsing: $0) })
  }

  @Test func `the header needs twelve bytes`() {
    let header = [UInt8](repeating: 1, count: 12)
    #expect(
      refuses(header, below: 12) {
        var reader = ByteReader($0)
        return try PacketHeader.read(from: &reader)
      })
  }

  @Test(arguments: 0...3)
  func `a chunk shorter than its header ends the packet`(length: UInt8) {
    let packet: [UInt8] = [0, 3, 0, length, 1, 2, 3, 4]
    var reader = ChunkReader(ByteReader(packet.span))
    #expect(throws: Truncated.self) {
      let chunk = try reader.next()
      _ = chunk.type
    }
  }

  @Test func `a chunk longer than the packet ends it`() {
    let packet: [UInt8] = [0, 3, 0, 9, 1, 2, 3, 4]
    var reader = ChunkReader(ByteReader(packet.span))
    #expect(throws: Truncated.self) {
      let chunk = try reader.next()
      _ = chunk.type
    }
  }

  @Test func `the last padding may be missing`() throws {
    let packet: [UInt8] = [0, 3, 0, 5, 1, 0, 0, 0, 11, 0, 0, 5, 7]
    var reader = ChunkReader(ByteReader(packet.span))
    let first = try reader.next()
    let firstValue = [UInt8](copying: first.value)
    #expect(firstValue == [1])
    let second = try reader.next()
    let secondValue = [UInt8](copying: second.value)
    #expect(secondValue == [7])
    let isAtEnd = reader.isAtEnd
    #expect(isAtEnd)
  }

  @Test func `two bits of an unknown chunk's type say what to do with it`() {
    #expect(!ChunkType(rawValue: 0x3f).isSkippedWhereUnknown)
    #expect(!ChunkType(rawValue: 0x3f).isReportedWhereUnknown)
    #expect(!ChunkType(rawValue: 0x7f).isSkippedWhereUnknown)
    #expect(ChunkType(rawValue: 0x7f).isReportedWhereUnknown)
    #expect(ChunkType(rawValue: 0xbf).isSkippedWhereUnknown)
    #expect(!ChunkType(rawValue: 0xbf).isReportedWhereUnknown)
    #expect(ChunkType(rawValue: 0xff).isSkippedWhereUnknown)
    #expect(ChunkType(rawValue: 0xff).isReportedWhereUnknown)
  }
}
