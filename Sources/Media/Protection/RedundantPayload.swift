import Wire

/// Redundant audio data: earlier blocks in front of the current one (RFC 2198 §3).
///
///       0                   1                    2                   3
///       0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///      |1|   block PT  |  timestamp offset         |   block length    |   for each earlier block
///      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///      |0|   block PT  |   for the current one
///      +-+-+-+-+-+-+-+-+
public struct RedundantPayload: Sendable, Hashable {
  /// The largest timestamp offset: 14 bits.
  public static let largestOffset: UInt16 = 0x3fff
  /// The longest earlier block: 10 bits.
  public static let longestBlock = 0x3ff
  /// Earlier blocks that are read; more make no sense.
  public static let blockLimit = 32

  /// An earlier block.
  public struct Block: Sendable, Hashable {
    /// Its own payload type, 0–127.
    public var payloadType: UInt8
    /// How much earlier than the packet's its timestamp is.
    public var timestampOffset: UInt16
    /// Its payload.
    public var bytes: [UInt8]

    /// A block.
    public init(payloadType: UInt8, timestampOffset: UInt16, bytes: [UInt8]) {
      self.payloadType = payloadType
      self.timestampOffset = timestampOffset
      self.bytes = bytes
    }
  }

  /// The earlier blocks, oldest first.
  public var earlier: [Block]
  /// The payload type of the current block, 0–127.
  public var payloadType: UInt8
  /// The current block.
  public var bytes: [UInt8]

  /// A payload of blocks.
  public init(earlier: [Block], payloadType: UInt8, bytes: [UInt8]) {
    self.earlier = earlier
    self.payloadType = payloadType
    self.bytes = bytes
  }

  /// Reads a payload; nil where lengths contradict it.
  public init?(parsing payload: Span<UInt8>) {
    var reader = ByteReader(payload)
    var headers: [(payloadType: UInt8, offset: UInt16, count: Int)] = []
    do throws(Truncated) {
      var first = try reader.readUInt8()
      while first & 0x80 != 0 {
        guard headers.count < Self.blockLimit else { return nil }
        let rest = try reader.readUInt24()
        headers.append(
          (first & 0x7f, UInt16(truncatingIfNeeded: rest >> 10), Int(rest & 0x3ff)))
        first = try reader.readUInt8()
      }
      payloadType = first
      earlier = []
      for header in headers {
        let data = try reader.take(header.count)
        earlier.append(
          Block(
            payloadType: header.payloadType, timestampOffset: header.offset,
            bytes: [UInt8](capacity: header.count) { $0.append(copying: data) }))
      }
    } catch {
      return nil
    }
    let rest = reader.remaining
    bytes = [UInt8](capacity: rest.count) { $0.append(copying: rest) }
  }

  /// The payload's bytes. Earlier blocks that are too long or too old to be told of are left out.
  public var encoded: [UInt8] {
    let told = earlier.filter {
      $0.bytes.count <= Self.longestBlock && $0.timestampOffset <= Self.largestOffset
    }
    let count = told.reduce(1 + bytes.count) { $0 + 4 + $1.bytes.count }
    return [UInt8](capacity: count) { output in
      for block in told {
        output.append(0x80 | block.payloadType)
        output.append(
          bigEndian24: UInt32(block.timestampOffset) << 10 | UInt32(block.bytes.count))
      }
      output.append(payloadType & 0x7f)
      for block in told { output.append(copying: block.bytes.span) }
      output.append(copying: bytes.span)
    }
  }
}
