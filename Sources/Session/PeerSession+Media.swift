public import Media
public import RTP
public import Wire

extension PeerSession {
  /// What is agreed for each transceiver at present.
  package var agreedMedia: [NegotiatedTransceiver] { exchange.negotiatedTransceivers }

  /// Makes streams of what was agreed.
  func applyMedia() {
    let negotiated = agreedMedia
    if media == nil, !negotiated.isEmpty {
      media = MediaEngine(
        transport: makeRemote(), defaults: configuration.media,
        datagramSize: configuration.maximumDatagramSize, epoch: configuration.epoch,
        random: random.split())
      media?.deliveries = deliveries
    }
    media?.apply(negotiated)
  }

  /// Sends one packet of the track of a transceiver. An empty `rid` means the only, or the first, encoding.
  ///
  /// Payload types are those of the transceiver's `agreed` codecs; numbers and names are added here.
  public func send(
    _ packet: OutgoingPacket, on id: TransceiverID, rid: String = "", at now: Instant,
    into outbox: Outbox
  ) throws(MediaSendError) {
    try sendMedia(at: now, into: outbox) { engine, inner throws(MediaSendError) in
      try engine.send(packet, on: id, rid: rid, at: now, into: inner)
    }
  }

  /// Sends one frame of the track of a transceiver, cut into packets. The codec is the best that was agreed on
  /// where `codec` is nil; an empty `rid` means the only, or the first, encoding.
  public func send(
    _ frame: EncodedFrame, codec: MediaCodec? = nil, audioLevel: AudioLevel? = nil,
    on id: TransceiverID, rid: String = "", at now: Instant, into outbox: Outbox
  ) throws(MediaSendError) {
    try sendMedia(at: now, into: outbox) { engine, inner throws(MediaSendError) in
      try engine.send(
        frame, codec: codec, audioLevel: audioLevel, on: id, rid: rid, at: now, into: inner)
    }
  }

  /// Asks the other side for a key frame of the track of a transceiver; all its layers where `rid` is empty. What
  /// cannot be decoded is asked for anyway.
  public func requestKeyFrame(
    of id: TransceiverID, rid: String = "", at now: Instant, into outbox: Outbox
  ) {
    media?.requestKeyFrame(of: id, rid: rid)
    advance(to: now, into: outbox)
  }

  /// Says in which form the remote track of a transceiver is wanted: what nobody reads need not be made.
  public func setDelivery(_ delivery: MediaDelivery, of id: TransceiverID) {
    deliveries[id] = delivery
    media?.setDelivery(delivery, of: id)
  }

  /// How the timestamps of a remote track and its sender's clock belong together, once its sender told: tracks of one
  /// sender are played in step by it.
  public func senderClock(of id: TransceiverID, rid: String = "") -> SenderClock? {
    media?.senderClock(of: id, rid: rid)
  }

  private func sendMedia(
    at now: Instant, into outbox: Outbox,
    _ body: (MediaEngine, Outbox) throws(MediaSendError) -> Void
  ) throws(MediaSendError) {
    guard let media else { throw isClosed ? .notConnected : .notSending }
    var failure: MediaSendError?
    send(at: now, into: outbox) { inner in
      do throws(MediaSendError) { try body(media, inner) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
