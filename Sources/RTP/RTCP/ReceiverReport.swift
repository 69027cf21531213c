import Wire

/// How somebody who sends nothing receives others (RFC 3550 §6.4.2).
public struct ReceiverReport: Equatable, Sendable {
  /// Who reports.
  public var ssrc: UInt32
  /// One block for each source; the first 31 are written.
  public var blocks: [ReportBlock]

  /// A report with all its fields.
  public init(ssrc: UInt32, blocks: [ReportBlock] = []) {
    self.ssrc = ssrc
    self.blocks = blocks
  }

  init(parsing body: Span<UInt8>, count: UInt8) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      ssrc = try reader.readUInt32()
      blocks = try [ReportBlock](from: &reader, count: count)
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int {
    8 + min(blocks.count, ReportBlock.maximumCount) * ReportBlock.byteCount
  }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    let written = blocks.prefix(ReportBlock.maximumCount)
    guard output.startRTCP(RTCPType.receiverReport, count: written.count, byteCount: byteCount)
    else { return false }
    output.append(bigEndian: ssrc)
    for block in written { block.write(into: &output) }
    return true
  }
}
