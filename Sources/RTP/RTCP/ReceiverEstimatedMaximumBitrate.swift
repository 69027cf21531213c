import Wire

/// REMB: the bit rate a receiver thinks its path can take (draft-alvestrand-rmcat-remb-03 §2.2).
public struct ReceiverEstimatedMaximumBitrate: Equatable, Sendable {
  private static let identifier: UInt32 = 0x5245_4d42

  /// Who reports.
  public var senderSSRC: UInt32
  /// Bits per second over all of `ssrcs`. Told in 18 bits and a power of two, so rounded down when
  /// written; saturates when read.
  public var bitrate: UInt64
  /// The sources that share the bit rate; the first 255 are written.
  public var ssrcs: [UInt32]

  /// `ssrcs` may send `bitrate` bits per second together.
  public init(senderSSRC: UInt32, bitrate: UInt64, ssrcs: [UInt32]) {
    self.senderSSRC = senderSSRC
    self.bitrate = bitrate
    self.ssrcs = ssrcs
  }

  /// Whether an application-layer feedback packet is this one.
  static func isPresent(in body: Span<UInt8>) -> Bool {
    guard body.count >= 12 else { return false }
    var reader = ByteReader(body.extracting(droppingFirst: 8))
    return (try? reader.readUInt32()) == identifier
  }

  init(parsing body: Span<UInt8>) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      senderSSRC = try reader.readUInt32()
      // The media source is unused and zero; then comes the identifier.
      try reader.skip(8)
      let count = Int(try reader.readUInt8())
      let scaled = try reader.readUInt24()
      let mantissa = UInt64(scaled & 0x3_ffff)
      let exponent = UInt64(scaled >> 18)
      bitrate = mantissa.leadingZeroBitCount >= exponent ? mantissa << exponent : .max
      ssrcs = []
      guard reader.remainingCount >= count * 4 else { throw Truncated() }
      for _ in 0..<count { ssrcs.append(try reader.readUInt32()) }
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int { 20 + min(ssrcs.count, 255) * 4 }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    guard
      output.startRTCP(
        RTCPType.payloadFeedback, count: Int(FeedbackFormat.applicationLayer),
        byteCount: byteCount)
    else { return false }
    output.append(bigEndian: senderSSRC)
    output.append(bigEndian: 0 as UInt32)
    output.append(bigEndian: Self.identifier)
    let written = ssrcs.prefix(255)
    output.append(UInt8(truncatingIfNeeded: written.count))
    let exponent = max(0, 46 - bitrate.leadingZeroBitCount)
    let mantissa = UInt32(truncatingIfNeeded: bitrate >> UInt64(exponent))
    output.append(bigEndian24: UInt32(truncatingIfNeeded: exponent) << 18 | mantissa)
    for ssrc in written { output.append(bigEndian: ssrc) }
    return true
  }
}
