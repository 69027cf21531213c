import Wire

/// A request for a picture that can be decoded alone (RFC 5104 §4.3.1).
public struct FullIntraRequest: Equatable, Sendable {
  /// One source that is asked.
  public struct Entry: Equatable, Sendable {
    /// The source.
    public var ssrc: UInt32
    /// Counts requests to this source; a repetition keeps its number.
    public var sequenceNumber: UInt8

    /// Asks `ssrc` for the time that `sequenceNumber` tells.
    public init(ssrc: UInt32, sequenceNumber: UInt8) {
      self.ssrc = ssrc
      self.sequenceNumber = sequenceNumber
    }
  }

  /// Who asks.
  public var senderSSRC: UInt32
  /// Who is asked.
  public var entries: [Entry]

  /// Asks the sources of `entries`.
  public init(senderSSRC: UInt32, entries: [Entry]) {
    self.senderSSRC = senderSSRC
    self.entries = entries
  }

  init(parsing body: Span<UInt8>) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      senderSSRC = try reader.readUInt32()
      // The media source is unused and zero; sources stand in the entries.
      try reader.skip(4)
      entries = []
      while !reader.isAtEnd {
        let ssrc = try reader.readUInt32()
        entries.append(Entry(ssrc: ssrc, sequenceNumber: try reader.readUInt8()))
        try reader.skip(3)
      }
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int { 12 + entries.count * 8 }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    guard
      output.startRTCP(
        RTCPType.payloadFeedback, count: Int(FeedbackFormat.fullIntraRequest),
        byteCount: byteCount)
    else { return false }
    output.append(bigEndian: senderSSRC)
    output.append(bigEndian: 0 as UInt32)
    for entry in entries {
      output.append(bigEndian: entry.ssrc)
      output.append(entry.sequenceNumber)
      output.append(bigEndian24: 0)
    }
    return true
  }
}
