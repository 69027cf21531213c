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
    var type: UInt8 = 0
    do throws(Truncated) {
      let first = try reader.readUInt8()
      type = try reader.readUInt8()
      let words = try reader.readUInt16()
      var body = try reader.take(Int(words) * 4)
      guard first >> 6 == 2 else { throw Truncated() }
      if first & 0x20 != 0 {
        let padding = body.isEmpty ? 0 : Int(body[body.count - 1])
        guard 0 < padding, padding <= body.count else { return .malformed(type: type) }
        body = body.extracting(droppingLast: padding)
      }
      let count = first & 0x1f
      return (try? parse(type, count, body)) ?? .malformed(type: type)
    } catch {
      // Where the next packet would start is not known any longer.
      reader = ByteReader(reader.remaining.extracting(first: 0))
      return .malformed(type: type)
    }
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
