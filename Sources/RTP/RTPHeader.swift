import Wire

/// An RTP header (RFC 3550 §5.1) as plain values; positions count from the packet's first byte.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                           timestamp                           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |           synchronization source (SSRC) identifier            |
///     +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
///     |       contributing sources, then the header extension         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// It can be read before decryption: SRTP leaves the header in the clear.
public struct RTPHeader: Equatable, Sendable {
  /// Length of the fixed part in bytes.
  public static let fixedByteCount = 12

  /// The P bit: the payload ends with padding.
  public var hasPadding: Bool
  /// The M bit.
  public var marker: Bool
  /// The payload type, 0–127.
  public var payloadType: UInt8
  /// The sequence number; wraps.
  public var sequenceNumber: UInt16
  /// The media timestamp in units of the payload's clock; wraps.
  public var timestamp: UInt32
  /// The synchronization source.
  public var ssrc: UInt32
  /// How many contributing sources follow the fixed part, 0–15.
  public private(set) var contributingSourceCount: Int
  /// The "defined by profile" bits of the header extension, or nil without one.
  public private(set) var extensionProfile: UInt16?
  /// Where the extension's elements lie, without its four bytes of profile and length.
  public private(set) var extensionRange: Range<Int>
  /// Length of the whole header; the payload starts here.
  public private(set) var byteCount: Int

  /// A header without contributing sources and without an extension.
  public init(
    payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32,
    marker: Bool = false, hasPadding: Bool = false
  ) {
    self.hasPadding = hasPadding
    self.marker = marker
    self.payloadType = payloadType & 0x7f
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
    contributingSourceCount = 0
    extensionProfile = nil
    extensionRange = Self.fixedByteCount..<Self.fixedByteCount
    byteCount = Self.fixedByteCount
  }

  /// Reads the header at the start of `packet`, encrypted or not.
  public init(parsing packet: Span<UInt8>) throws(RTPError) {
    guard packet.isEmpty || packet[0] >> 6 == 2 else { throw .wrongVersion }
    do throws(Truncated) {
      var reader = ByteReader(packet)
      let first = try reader.readUInt8()
      let second = try reader.readUInt8()
      hasPadding = first & 0x20 != 0
      marker = second & 0x80 != 0
      payloadType = second & 0x7f
      sequenceNumber = try reader.readUInt16()
      timestamp = try reader.readUInt32()
      ssrc = try reader.readUInt32()
      contributingSourceCount = Int(first & 0x0f)
      try reader.skip(contributingSourceCount * 4)
      extensionProfile = nil
      var extensionCount = 0
      if first & 0x10 != 0 {
        extensionProfile = try reader.readUInt16()
        extensionCount = Int(try reader.readUInt16()) * 4
        try reader.skip(extensionCount)
      }
      byteCount = packet.count - reader.remainingCount
      extensionRange = byteCount - extensionCount..<byteCount
    } catch {
      throw .truncated
    }
  }

  /// The contributing source at `index` of the packet this header was read from.
  public func contributingSource(_ index: Int, in packet: Span<UInt8>) -> UInt32? {
    guard (0..<contributingSourceCount).contains(index), packet.count >= byteCount else {
      return nil
    }
    var reader = ByteReader(packet.extracting(droppingFirst: Self.fixedByteCount + index * 4))
    return try? reader.readUInt32()
  }
}
