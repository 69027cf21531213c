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
