import Wire

/// What a sender has sent, and how its media clock and wall clock belong together (RFC 3550 §6.4.1).
public struct SenderReport: Equatable, Sendable {
  /// The sender.
  public var ssrc: UInt32
  /// Wall-clock time of the report: seconds since 1900 in the upper half, their fraction in the lower.
  public var ntpTimestamp: UInt64
  /// The same moment on the media clock.
  public var rtpTimestamp: UInt32
  /// Packets sent; wraps.
  public var packetCount: UInt32
  /// Payload bytes sent, without padding; wraps.
  public var octetCount: UInt32
  /// How the sender receives others; the first 31 are written.
  public var blocks: [ReportBlock]

  /// A report with all its fields.
  public init(
    ssrc: UInt32, ntpTimestamp: UInt64, rtpTimestamp: UInt32, packetCount: UInt32,
    octetCount: UInt32, blocks: [ReportBlock] = []
  ) {
    self.ssrc = ssrc
    self.ntpTimestamp = ntpTimestamp
    self.rtpTimestamp = rtpTimestamp
    self.packetCount = packetCount
    self.octetCount = octetCount
    self.blocks = blocks
  }

  init(parsing body: Span<UInt8>, count: UInt8) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      ssrc = try reader.readUInt32()
      ntpTimestamp = try reader.readUInt64()
      rtpTimestamp = try reader.readUInt32()
      packetCount = try reader.readUInt32()
      octetCount = try reader.readUInt32()
      blocks = try [ReportBlock](from: &reader, count: count)
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int {
    28 + min(blocks.count, ReportBlock.maximumCount) * ReportBlock.byteCount
  }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    let written = blocks.prefix(ReportBlock.maximumCount)
    guard output.startRTCP(RTCPType.senderReport, count: written.count, byteCount: byteCount)
    else { return false }
    output.append(bigEndian: ssrc)
    output.append(bigEndian: ntpTimestamp)
    output.append(bigEndian: rtpTimestamp)
    output.append(bigEndian: packetCount)
    output.append(bigEndian: octetCount)
    for block in written { block.write(into: &output) }
    return true
  }
}
