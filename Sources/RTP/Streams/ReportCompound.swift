import Wire

/// One datagram of reports: sender reports or a receiver report, and the name that joins their sources
/// (RFC 3550 §6.1, RFC 8108 §5.3).
public struct ReportCompound: Equatable, Sendable {
  /// The most bytes of one datagram: with protection it fits any path.
  public static let byteLimit = 1152

  /// The reports of those who send; the report blocks stand in the first.
  public private(set) var senderReports: [SenderReport]
  /// The report of one who does not send, or what did not fit the sender reports.
  public private(set) var receiverReport: ReceiverReport?
  /// Names of the reporters.
  public private(set) var description: SourceDescription

  /// Length in bytes.
  public var byteCount: Int {
    senderReports.reduce(0) { $0 + $1.byteCount } + (receiverReport?.byteCount ?? 0)
      + description.byteCount
  }

  /// Appends the packets; without room for all of them, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    guard byteCount <= output.freeCapacity else { return false }
    for report in senderReports { report.write(into: &output) }
    receiverReport?.write(into: &output)
    description.write(into: &output)
    return true
  }

  /// As many datagrams as it takes to tell of everything sent and received. Each starts with a report, as a
  /// compound must, and names its reporters `cname`; `receiver` reports where nobody sends.
  public static func split(
    senderReports: [SenderReport], blocks: [ReportBlock], receiver: UInt32, cname: String
  ) -> [ReportCompound] {
    var compounds: [ReportCompound] = []
    var blocks = blocks[...]
    for report in senderReports {
      let chunk = SourceDescription.Chunk(ssrc: report.ssrc, cname: cname)
      var current = ReportCompound(
        senderReports: [report], receiverReport: nil,
        description: SourceDescription(chunks: [chunk]))
      if let last = compounds.last,
        last.byteCount + current.byteCount <= byteLimit, last.description.chunks.count < 31
      {
        compounds.removeLast()
        current = ReportCompound(
          senderReports: last.senderReports + [report], receiverReport: nil,
          description: SourceDescription(chunks: last.description.chunks + [chunk]))
      } else {
        current.take(&blocks)
      }
      compounds.append(current)
    }
    while !blocks.isEmpty {
      var current = ReportCompound(
        senderReports: [],
        receiverReport: ReceiverReport(ssrc: senderReports.first?.ssrc ?? receiver),
        description: SourceDescription(ssrc: senderReports.first?.ssrc ?? receiver, cname: cname))
      current.take(&blocks)
      compounds.append(current)
    }
    return compounds
  }

  /// Takes as many of `blocks` as one report holds, within the limit.
  private mutating func take(_ blocks: inout ArraySlice<ReportBlock>) {
    let room = (Self.byteLimit - byteCount) / ReportBlock.byteCount
    let count = min(blocks.count, max(room, 0), ReportBlock.maximumCount)
    if senderReports.isEmpty {
      receiverReport?.blocks = Array(blocks.prefix(count))
    } else {
      senderReports[0].blocks = Array(blocks.prefix(count))
    }
    blocks = blocks.dropFirst(count)
  }
}
