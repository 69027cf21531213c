public import Media
public import RTP

/// What happened to the media of a session.
public enum MediaEvent: Sendable {
  /// A packet of a remote track came, in the order of the network.
  case packet(TransceiverID, rid: String, ReceivedPacket)
  /// A frame of a remote track came whole, in order.
  case frame(TransceiverID, rid: String, MediaCodec, ReceivedFrame)
  /// The other side needs a key frame of what this encoding sends: at most two a second.
  case keyFrameRequested(TransceiverID, rid: String)
  /// Media of a remote track has begun to flow, or does again.
  case unmuted(TransceiverID)
  /// No media of a remote track flows: its sender said goodbye, or nothing came for some time.
  case muted(TransceiverID)
  /// What became of packets this side sent, as the other tells: for an estimate of the bandwidth.
  case transportFeedback([TransportPacketResult])
}

/// Why media was not sent.
public enum MediaSendError: Error, Hashable, Sendable {
  /// There is no such transceiver, or its direction is not to send.
  case notSending
  /// There is no such encoding, or it is switched off.
  case noSuchEncoding
  /// There is no path, or there are no keys yet.
  case notConnected
  /// The codec or payload type was not agreed on.
  case notAgreed
  /// The frame makes no sense in its codec's format.
  case malformedFrame
  /// The payload does not fit a datagram.
  case tooLong
  /// The sequence number was used before, or is too far behind.
  case refusedNumber
}
