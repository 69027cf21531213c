import Wire

/// One packet of an RTCP datagram.
public enum RTCPPacket: Equatable, Sendable {
  /// A sender report.
  case senderReport(SenderReport)
  /// A receiver report.
  case receiverReport(ReceiverReport)
  /// Names of sources.
  case sourceDescription(SourceDescription)
  /// Sources that leave.
  case goodbye(Goodbye)
  /// Lost packets, to be sent again.
  case genericNACK(GenericNACK)
  /// A picture that cannot be decoded any longer.
  case pictureLossIndication(PictureLossIndication)
  /// A request for a picture that needs no other.
  case fullIntraRequest(FullIntraRequest)
  /// The bit rate a receiver thinks it can take.
  case receiverEstimatedMaximumBitrate(ReceiverEstimatedMaximumBitrate)
  /// Arrival times of all packets of a transport.
  case transportFeedback(TransportFeedback)
  /// Well framed, but of a type or format that is not read here: APP, extended reports and others.
  case other(type: UInt8, format: UInt8)
  /// Of a type that is read here, but its content makes no sense. The packets after it still may.
  case malformed(type: UInt8)
}

extension RTCPPacket {
  /// Length in bytes; 0 for what is not written here.
  public var byteCount: Int {
    switch self {
    case .senderReport(let packet): packet.byteCount
    case .receiverReport(let packet): packet.byteCount
    case .sourceDescription(let packet): packet.byteCount
    case .goodbye(let packet): packet.byteCount
    case .genericNACK(let packet): packet.byteCount
    case .pictureLossIndication: PictureLossIndication.byteCount
    case .fullIntraRequest(let packet): packet.byteCount
    case .receiverEstimatedMaximumBitrate(let packet): packet.byteCount
    case .transportFeedback(let packet): packet.byteCount
    case .other, .malformed: 0
    }
  }

  /// Appends the packet; without room for all of it, or where it is not written here, nothing, and the answer is
  /// false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    switch self {
    case .senderReport(let packet): packet.write(into: &output)
    case .receiverReport(let packet): packet.write(into: &output)
    case .sourceDescription(let packet): packet.write(into: &output)
    case .goodbye(let packet): packet.write(into: &output)
    case .genericNACK(let packet): packet.write(into: &output)
    case .pictureLossIndication(let packet): packet.write(into: &output)
    case .fullIntraRequest(let packet): packet.write(into: &output)
    case .receiverEstimatedMaximumBitrate(let packet): packet.write(into: &output)
    case .transportFeedback(let packet): packet.write(into: &output)
    case .other, .malformed: false
    }
  }
}
