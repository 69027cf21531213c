import ByteFixtures
import Testing
import Wire

@testable import SCTP

/// A peer that is past DTLS and lies.
@Suite struct HostilePeerTests {
  @Test func `packets that are none are counted and dropped`() {
    let peer = HandmadePeer.connected()
    let good = HandmadePacket(tag: peer.association.localTag).bytes {
      $0.append(Heartbeat(nonce: 1))
    }
    let before = peer.association.metrics.droppedPackets
    var packets: [[UInt8]] = (0..<16).map { Array(good.prefix($0)) }
    for port in [0, 2] {
      var packet = good
      packet[port] ^= 1
      packets.append(packet)
    }
    packets.append(HandmadePacket(tag: 0).bytes { $0.append(Heartbeat(nonce: 1)) })
    packets.append(
      HandmadePacket(tag: peer.association.peerTag).bytes { $0.append(Heartbeat(nonce: 1)) })
    for packet in packets {
      peer.association.receive(
        packet.span, at: peer.now, into: peer.outbox, events: &peer.events)
    }
    #expect(peer.association.metrics.droppedPackets == before + UInt64(packets.count))
    #expect(peer.sent().isEmpty)
    #expect(peer.association.state == .established)
  }

  @Test func `every truncation and every flipped bit of a packet is survived`() {
    for bit in 0..<8 {
      let peer = HandmadePeer.connected()
      let tag = peer.association.localTag
      let packet = HandmadePacket(tag: tag, hasChecksum: false).bytes { output in
        output.append(
          SelectiveAcknowledgement(
            cumulativeTSN: 1, advertisedWindow: 2, gapBlocks: [.init(start: 3, end: 4)]))
        output.append(ForwardTSN(newCumulativeTSN: 1000), isInterleaved: false)
        output.append(Heartbeat(nonce: 1))
        output.append(
          Reconfiguration([
            .outgoingReset(.init(number: 1, responseNumber: 2, lastTSN: 3, streams: [1]))
          ]))
      }
      for index in 12..<packet.count {
        var damaged = packet
        damaged[index] ^= 1 << UInt8(bit)
        peer.association.receive(
          damaged.span, at: peer.now, into: peer.outbox, events: &peer.events)
        peer.association.receive(
          packet.span.extracting(first: index), at: peer.now, into: peer.outbox,
          events: &peer.events)
      }
      #expect(peer.messages.isEmpty)
    }
  }

  @Test func `INIT with other chunks in its packet is dropped`() {
    let peer = HandmadePeer()
    peer.send(tag: 0) { output in
      output.append(peer.initiation())
      output.append(Heartbeat(nonce: 1))
    }
    #expect(peer.sent().isEmpty)
  }

  @Test func `INIT with a tag is dropped, one without tag of its own too`() {
    let peer = HandmadePeer()
    peer.send(tag: 7) { $0.append(peer.initiation()) }
    peer.send(tag: 0) { $0.append(peer.initiation(tag: 0)) }
    #expect(peer.sent().isEmpty)
  }

  @Test func `INIT without streams is refused with ABORT`() {
    let peer = HandmadePeer()
    peer.send(tag: 0) { $0.append(peer.initiation(streams: 0)) }
    #expect(peer.sentChunks().map(\.type) == [6])
  }

  @Test func `INIT never comes without checksum`() {
    let peer = HandmadePeer()
    peer.send(tag: 0, hasChecksum: false) { $0.append(peer.initiation()) }
    #expect(peer.sent().isEmpty)
  }

  @Test func `INIT ACK without cookie ends the association`() {
    let peer = HandmadePeer()
    peer.association.connect(at: peer.now, into: peer.outbox, events: &peer.events)
    peer.outbox.removeAll()
    var answer = peer.initiation()
    answer.cookie = []
    let value = [UInt8](capacity: 200) { $0.append(answer) }
    peer.send { output in
      output.appendChunk(.initiationAcknowledgement, length: 20)
      output.append(copying: value.span.extracting(4..<20))
    }
    let chunks = peer.sentChunks()
    #expect(chunks.map(\.type) == [6])
    #expect(chunks.first?.value == bytes("0002000a 00000001 0007"))
    #expect(peer.events == [.failed(.protocolViolation)])
  }

  @Test(arguments: [0x3f, 0x7f, 0xbf, 0xff, 0x0f, 0xc1] as [UInt8])
  func `an unknown chunk is passed over or ends the packet, and is told or not`(type: UInt8) {
    let peer = HandmadePeer.connected()
    peer.send { output in
      output.appendChunk(ChunkType(rawValue: type), length: 6)
      output.append(copying: [1, 2, 0, 0].span)
      output.append(Heartbeat(nonce: 1))
    }
    let chunks = peer.sentChunks()
    #expect(chunks.contains { $0.type == 5 } == (type & 0x80 != 0))
    let report = chunks.first { $0.type == 9 }
    #expect((report != nil) == (type & 0x40 != 0))
    if let report { #expect(report.value == [0, 6, 0, 10, type, 0, 0, 6, 1, 2]) }
    #expect(peer.association.state == .established)
  }

  @Test func `many unknown chunks draw few reports`() {
    let peer = HandmadePeer.connected()
    peer.send { output in
      for _ in 0..<200 { output.appendChunk(ChunkType(rawValue: 0xff), length: 4) }
    }
    #expect(peer.sentChunks().count <= 8)
  }

  @Test func `heartbeats are answered with what they hold, a bounded number of times`() {
    let peer = HandmadePeer.connected()
    peer.send { output in
      output.appendChunk(.heartbeat, length: 9)
      output.append(copying: [1, 2, 3, 4, 5, 0, 0, 0].span)
    }
    let answer = peer.sentChunks()
    #expect(answer.map(\.type) == [5])
    #expect(answer.first?.value == [1, 2, 3, 4, 5])
    peer.send { output in for _ in 0..<200 { output.append(Heartbeat(nonce: 1)) } }
    #expect(peer.sentChunks().count <= 8)
  }

  @Test func `data without bytes ends the association`() {
    for isInterleaved in [true, false] {
      let peer = HandmadePeer.connected(
        capabilities: isInterleaved
          ? [.forwardTSN, .interleavedData, .interleavedForwardTSN] : [.forwardTSN])
      peer.sendData([], isInterleaved: isInterleaved)
      #expect(peer.events.last == .failed(.protocolViolation))
      let chunks = peer.sentChunks()
      #expect(chunks.map(\.type) == [6])
      #expect(chunks.first?.value == bytes("00090008 000003e8"))
    }
  }

  @Test func `the wrong kind of data ends the association`() {
    let plain = HandmadePeer.connected()
    plain.sendData([1], isInterleaved: true)
    #expect(plain.events.last == .failed(.protocolViolation))
    let interleaved = HandmadePeer.connected(
      capabilities: [.forwardTSN, .interleavedData, .interleavedForwardTSN])
    interleaved.sendData([1])
    #expect(interleaved.events.last == .failed(.protocolViolation))
  }

  @Test(arguments: [true, false])
  func `a message longer than we take ends the association`(isUnordered: Bool) {
    var options = SCTPOptions()
    options.maximumReceivedMessageSize = 10_000
    let kind: DataHeader.Flags = isUnordered ? [.unordered] : []
    let peer = HandmadePeer.connected(options: options)
    let piece = [UInt8](repeating: 1, count: 1000)
    peer.sendData(piece, flags: kind.union(.beginning))
    for _ in 0..<9 { peer.sendData(piece, flags: kind) }
    #expect(peer.association.state == .established)
    peer.sendData([1], flags: kind.union(.end))
    #expect(peer.events.last == .failed(.messageTooLong))
    let chunks = peer.sentChunks()
    #expect(chunks.last?.type == 6)
  }

  @Test func `one message too long ends it also when its pieces come in any order`() {
    var options = SCTPOptions()
    options.maximumReceivedMessageSize = 2000
    let peer = HandmadePeer.connected(options: options)
    let piece = [UInt8](repeating: 1, count: 1000)
    peer.sendData(piece, tsn: 1002, flags: [.unordered, .end])
    peer.sendData(piece, tsn: 1000, flags: [.unordered, .beginning])
    peer.sendData(piece, tsn: 1001, flags: [.unordered])
    #expect(peer.events.last == .failed(.messageTooLong))
  }

  @Test func `data on a stream that does not exist is acknowledged and told`() {
    let peer = HandmadePeer.connected(streams: 16)
    peer.sendData([1], stream: 16)
    let report = peer.sentChunks().first { $0.type == 9 }
    #expect(report?.value == bytes("00010008 00100000"))
    peer.sendData([2], stream: 15)
    #expect(peer.messages.map(\.payload) == [[2]])
  }

  @Test func `the other side's 65,535 streams are not all ours`() {
    let peer = HandmadePeer.connected(streams: 65_535)
    #expect(peer.association.negotiatedIncomingStreams == 1024)
    peer.sendData([1], stream: 1024)
    #expect(peer.messages.isEmpty)
    #expect(peer.association.state == .established)
  }

  @Test func `who ignores our window is not served beyond it`() {
    var options = SCTPOptions()
    options.receiveWindow = 100_000
    let peer = HandmadePeer.connected(options: options)
    // The first TSN never comes, and all the rest does.
    for tsn in 1001..<4000 {
      peer.sendData([UInt8](repeating: 1, count: 1000), tsn: UInt32(tsn), number: 1)
      #expect(peer.association.metrics.heldReceiveBytes <= 102_000)
    }
    #expect(peer.association.state == .established)
    let sacks = peer.sentChunks().filter { $0.type == 3 }
    let last = sacks.last.flatMap { try? SelectiveAcknowledgement(parsing: $0.value.span) }
    #expect(last?.advertisedWindow == 0)
    // What fills the hole is taken, and frees everything.
    peer.sendData([1], tsn: 1000, number: 0)
    #expect(peer.association.state == .established)
  }

  @Test func `who goes on without end where there is no room is thrown out`() {
    var options = SCTPOptions()
    options.receiveWindow = 100_000
    options.maximumReceivedMessageSize = 50_000
    let peer = HandmadePeer.connected(options: options)
    var stream: UInt16 = 0
    while peer.association.state == .established, stream < 1000 {
      // Each stream has a message without end.
      peer.sendData([UInt8](repeating: 1, count: 1000), stream: stream, flags: [.beginning])
      stream += 1
      #expect(peer.association.metrics.heldReceiveBytes <= 153_000)
    }
    #expect(peer.events.last == .failed(.receiveBufferExceeded))
  }

  @Test func `many tiny fragments cost the window as much as they cost us`() {
    var options = SCTPOptions()
    options.receiveWindow = 100_000
    let peer = HandmadePeer.connected(options: options)
    for tsn in 1001..<6000 { peer.sendData([1], tsn: UInt32(tsn), number: 1, flags: []) }
    #expect(peer.association.metrics.heldReceiveBytes <= 100_100)
    #expect(peer.association.metrics.droppedChunks > 3000)
  }

  @Test func `TSNs from far away are dropped, and holes are bounded`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], tsn: 1000 + 70_000, number: 1)
    peer.sendData([1], tsn: 1000 &- 70_000, number: 1)
    #expect(peer.association.metrics.droppedChunks == 1)
    #expect(peer.association.metrics.duplicateChunks == 1)
    for index in 0..<5000 { peer.sendData([1], tsn: UInt32(1002 + 2 * index), number: 1) }
    #expect(peer.association.metrics.droppedChunks == 5000 - 1024 + 1)
    let sack = peer.sentChunks().last { $0.type == 3 }
    #expect((sack?.value.count ?? .max) < 1160)
  }

  @Test func `a fragment that contradicts others ends the association`() {
    let twice = HandmadePeer.connected()
    twice.sendData([1], flags: [.beginning])
    #expect(twice.association.state == .established)
    twice.sendData([1], flags: [.beginning])
    #expect(twice.events.last == .failed(.protocolViolation))
    let middle = HandmadePeer.connected(
      capabilities: [.forwardTSN, .interleavedData, .interleavedForwardTSN])
    middle.sendData([1], flags: [], isInterleaved: true)
    #expect(middle.events.last == .failed(.protocolViolation))
  }

  @Test func `SACKs of what was never sent change nothing`() {
    let peer = HandmadePeer.connected()
    for tsn in [peer.association.localInitialTSN, .max, 0] {
      peer.send {
        $0.append(
          SelectiveAcknowledgement(
            cumulativeTSN: tsn, advertisedWindow: 1,
            gapBlocks: [.init(start: 9, end: 3), .init(start: 0, end: .max)]))
      }
    }
    #expect(peer.association.state == .established)
  }

  @Test func `ABORT needs the right tag`() {
    let peer = HandmadePeer.connected()
    peer.send(tag: peer.association.peerTag) { $0.appendAbort(nil) }
    peer.send { $0.appendAbort(nil, isReflected: true) }
    #expect(peer.association.state == .established)
    peer.send(tag: peer.association.peerTag) { $0.appendAbort(nil, isReflected: true) }
    #expect(peer.events.last == .failed(.abortedByPeer(cause: 0)))
  }

  @Test func `authentication and address chunks are as unknown as others`() {
    let peer = HandmadePeer.connected()
    for type in [15, 128, 193] as [UInt8] {
      peer.send { output in
        output.appendChunk(ChunkType(rawValue: type), length: 16)
        output.append(repeating: 0xff, count: 12)
      }
    }
    #expect(peer.association.state == .established)
    #expect(peer.sentChunks().map(\.type) == [9])
  }
}
