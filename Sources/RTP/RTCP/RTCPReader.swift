import Wire

/// Walks the packets of an RTCP datagram, compound (RFC 3550 §6.1) or reduced in size (RFC 5506).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |V=2|P| count   |      type     |       length in words - 1     |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// Bad content costs that packet; a length past the end ends the walk, and what came before stands.
public struct RTCPReader: ~Escapable {
  private var reader: ByteReader

  /// A reader at the start of a decrypted datagram.
  @_lifetime(copy datagram)
  public init(_ datagram: Span<UInt8>) { reader = ByteReader(datagram) }

  /// The next packet, or nil at the end.
  @_lifetime(self: copy self)
  public mutating func next() -> RTCPPacket? {
    guard !reader.isAtEnd else { return nil }
    var part = Part()
    do throws(Truncated) {
      let body = try takeBody(of: &part)
      guard !part.isMalformed else { return .malformed(type: part.type) }
      return (try? parse(part.type, part.count, body)) ?? .malformed(type: part.type)
    } catch {
      // Where the next packet would start is not known any longer.
      reader = ByteReader(reader.remaining.extracting(first: 0))
      return .malformed(type: part.type)
    }
  }

  /// Reads the next packet into `feedback`, whose memory is used again, where it is transport-wide feedback that makes
  /// sense. Otherwise nothing is read and the answer is false.
  @_lifetime(self: copy self)
  public mutating func next(into feedback: inout TransportFeedback) -> Bool {
    let start = reader
    var part = Part()
    do {
      let body = try takeBody(of: &part)
      if part.type == RTCPType.transportFeedback, part.count == FeedbackFormat.transportWide,
        !part.isMalformed
      {
        try feedback.read(body)
        return true
      }
    } catch {}
    reader = start
    return false
  }

  /// What the first word of a packet says.
  private struct Part {
    var type: UInt8 = 0
    /// The five bits that count blocks or name a format.
    var count: UInt8 = 0
    /// Whether the padding is longer than the packet.
    var isMalformed = false
  }

  /// Takes the next packet and gives what is behind its first word, without padding.
  @_lifetime(copy self)
  private mutating func takeBody(of part: inout Part) throws(Truncated) -> Span<UInt8> {
    let first = try reader.readUInt8()
    part.type = try reader.readUInt8()
    part.count = first & 0x1f
    let words = try reader.readUInt16()
    let body = try reader.take(Int(words) * 4)
    guard first >> 6 == 2 else { throw Truncated() }
    guard first & 0x20 != 0 else { return body }
    let padding = body.isEmpty ? 0 : Int(body[body.count - 1])
    part.isMalformed = padding == 0 || padding > body.count
    return part.isMalformed ? body : body.extracting(droppingLast: padding)
  }

  private func parse(
    _ type: UInt8, _ count: UInt8, _ body: Span<UInt8>
  ) throws(RTPError) -> RTCPPacket {
    switch (type, count) {
    case (RTCPType.senderReport, _):
      .senderReport(try SenderReport(parsing: body, count: count))
    case (RTCPType.receiverReport, _):
      .receiverReport(try ReceiverReport(parsing: body, count: count))
    case (RTCPType.sourceDescription, _):
      .sourceDescription(try SourceDescription(parsing: body, count: count))
    case (RTCPType.goodbye, _):
      .goodbye(try Goodbye(parsing: body, count: count))
    case (RTCPType.transportFeedback, FeedbackFormat.genericNACK):
      .genericNACK(try GenericNACK(parsing: body))
    case (RTCPType.transportFeedback, FeedbackFormat.transportWide):
      .transportFeedback(try TransportFeedback(parsing: body))
    case (RTCPType.payloadFeedback, FeedbackFormat.pictureLoss):
      .pictureLossIndication(try PictureLossIndication(parsing: body))
    case (RTCPType.payloadFeedback, FeedbackFormat.fullIntraRequest):
      .fullIntraRequest(try FullIntraRequest(parsing: body))
    case (RTCPType.payloadFeedback, FeedbackFormat.applicationLayer)
    where ReceiverEstimatedMaximumBitrate.isPresent(in: body):
      .receiverEstimatedMaximumBitrate(try ReceiverEstimatedMaximumBitrate(parsing: body))
    default:
      .other(type: type, format: count)
    }
  }
}
