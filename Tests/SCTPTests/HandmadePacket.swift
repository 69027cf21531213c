import Testing
import Wire

@testable import SCTP

/// A packet that is written out by hand.
struct HandmadePacket {
  var tag: UInt32
  var hasChecksum = true

  func bytes(_ write: (inout OutputSpan<UInt8>) -> Void) -> [UInt8] {
    [UInt8](capacity: 4096) { output in
      output.append(PacketHeader(sourcePort: 5000, destinationPort: 5000, verificationTag: tag))
      write(&output)
      if hasChecksum { output.setChecksum() }
    }
  }
}

/// Another side that is written out by hand: it knows the tags and does as the test likes.
final class HandmadePeer {
  let association: SCTPAssociation
  var events: [SCTPAssociation.Event] = []
  let outbox = Outbox()
  var now = Instant.zero
  var tag: UInt32 = 0x1122_3344
  var nextTSN: UInt32 = 1000
  static let path = Path(local: Pair.addresses[0], remote: Pair.addresses[1])

  init(options: SCTPOptions = .init(), seed: UInt64 = 5) {
    association = SCTPAssociation(options: options, path: Self.path, random: .seeded(seed))
  }

  /// Hands over a packet with the association's tag, or another.
  func send(
    tag: UInt32? = nil, hasChecksum: Bool = true, _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    let packet = HandmadePacket(tag: tag ?? association.localTag, hasChecksum: hasChecksum)
    association.receive(packet.bytes(write).span, at: now, into: outbox, events: &events)
  }

  func advance(by duration: Duration) {
    let end = now + duration
    while let deadline = association.deadline, deadline <= end {
      now = max(now, deadline)
      association.advance(to: now, into: outbox, events: &events)
    }
    now = end
  }

  /// The packets sent since the last time.
  func sent() -> [[UInt8]] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { outbox.bytes(of: $0) }
  }

  /// The chunks of these packets: type, flags, value.
  static func chunks(_ packets: [[UInt8]]) -> [(type: UInt8, flags: UInt8, value: [UInt8])] {
    var all: [(UInt8, UInt8, [UInt8])] = []
    for packet in packets {
      var reader = ByteReader(packet.span)
      _ = try? PacketHeader.read(from: &reader)
      var chunks = ChunkReader(reader)
      while let chunk = try? chunks.next() {
        all.append((chunk.type.rawValue, chunk.flags, [UInt8](copying: chunk.value)))
      }
    }
    return all
  }

  /// The chunks sent since the last time.
  func sentChunks() -> [(type: UInt8, flags: UInt8, value: [UInt8])] { Self.chunks(sent()) }

  func initiation(
    tag: UInt32? = nil, capabilities: Capabilities = [.forwardTSN, .reconfiguration],
    streams: UInt16 = 1024, window: UInt32 = 1 << 20
  ) -> Initiation {
    Initiation(
      tag: tag ?? self.tag, window: window, outgoingStreams: streams, incomingStreams: streams,
      initialTSN: nextTSN, capabilities: capabilities)
  }

  /// Sends INIT and returns the cookie of the answer.
  func requestCookie(_ initiation: Initiation) -> [UInt8] {
    send(tag: 0) { $0.append(initiation) }
    let answer = sentChunks().first { $0.type == 2 }
    guard let answer, let parsed = try? Initiation(parsing: answer.value.span) else { return [] }
    return parsed.cookie ?? []
  }

  /// Goes through the handshake.
  static func connected(
    options: SCTPOptions = .init(),
    capabilities: Capabilities = [.forwardTSN, .reconfiguration], streams: UInt16 = 1024,
    firstTSN: UInt32 = 1000
  ) -> HandmadePeer {
    let peer = HandmadePeer(options: options)
    peer.nextTSN = firstTSN
    let cookie = peer.requestCookie(
      peer.initiation(capabilities: capabilities, streams: streams))
    peer.send { $0.appendCookieEcho(cookie) }
    peer.outbox.removeAll()
    return peer
  }

  /// Sends DATA or I-DATA with the next TSN, or another.
  func sendData(
    _ payload: [UInt8], tsn: UInt32? = nil, stream: UInt16 = 0, number: UInt32 = 0,
    fragment: UInt32 = 0, flags: DataHeader.Flags = [.beginning, .end],
    isInterleaved: Bool = false
  ) {
    let header = DataHeader(
      tsn: tsn ?? nextTSN, stream: stream, messageNumber: number, fragmentNumber: fragment,
      identifier: .binary, flags: flags)
    if tsn == nil { nextTSN &+= 1 }
    send {
      $0.append(DataChunk(header: header, payload: payload[...]), isInterleaved: isInterleaved)
    }
  }

  var messages: [SCTPMessage] {
    events.compactMap { if case .message(let message) = $0 { message } else { nil } }
  }
}
