import Wire

@testable import SCTP

/// One chunk as the sending side wrote it.
enum WrittenChunk: Equatable {
  case data(DataHeader, payload: [UInt8])
  case forward(ForwardTSN)

  /// All chunks of `bytes`, which must be DATA or FORWARD-TSN of either kind.
  static func read(_ bytes: [UInt8]) throws -> [WrittenChunk] {
    var chunks: [WrittenChunk] = []
    var reader = ByteReader(bytes.span)
    while !reader.isAtEnd {
      let type = ChunkType(rawValue: try reader.readUInt8())
      let flags = try reader.readUInt8()
      let length = Int(try reader.readUInt16())
      let value = try reader.take(length - 4)
      try reader.skip(padded(length) - length)
      switch type {
      case .data, .interleavedData:
        var inner = ByteReader(value)
        let header = try DataHeader.read(
          from: &inner, flags: flags, isInterleaved: type == .interleavedData)
        let payload = inner.remaining
        chunks.append(.data(header, payload: payload.indices.map { payload[$0] }))
      case .forwardTSN, .interleavedForwardTSN:
        chunks.append(
          .forward(
            try ForwardTSN(parsing: value, isInterleaved: type == .interleavedForwardTSN)))
      default: throw Truncated()
      }
    }
    return chunks
  }
}

extension SendingSide {
  /// The chunks of the next packet, if one may leave.
  mutating func nextPacket(at now: Instant) throws -> [WrittenChunk]? {
    guard wantsToSend(at: now) else { return nil }
    let bytes = [UInt8](capacity: options.maximumPacketSize - 12) { write(into: &$0, at: now) }
    return try WrittenChunk.read(bytes)
  }

  /// The chunks of all packets that may leave now.
  mutating func allPackets(at now: Instant) throws -> [[WrittenChunk]] {
    var packets: [[WrittenChunk]] = []
    while let packet = try nextPacket(at: now) { packets.append(packet) }
    return packets
  }

  /// The headers of the data chunks that may leave now.
  mutating func sentHeaders(at now: Instant) throws -> [DataHeader] {
    try allPackets(at: now).flatMap { packet in
      packet.compactMap { chunk in
        if case .data(let header, _) = chunk { header } else { nil }
      }
    }
  }
}
