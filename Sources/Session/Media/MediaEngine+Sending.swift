package import Media
package import RTP
import SDP
package import Wire

extension MediaEngine {
  /// Payload bytes of one packet at most: beyond it, no path takes the datagram.
  static let payloadLimit = 1420

  /// Sends one packet. An empty `rid` means the only, or the first, encoding.
  package func send(
    _ packet: OutgoingPacket, on id: TransceiverID, rid: String = "", at now: Instant,
    into outbox: Outbox
  ) throws(MediaSendError) {
    let (track, encoding) = try sendingEncoding(id, rid)
    let codec = track.agreed.section.codecs.first { $0.payloadType == packet.payloadType }
    guard let codec else { throw .notAgreed }
    encoding.use(codec)
    try emit(packet, of: encoding, at: now, into: outbox)
  }

  /// Cuts a frame into packets and sends them. The codec is the best that was agreed on where `codec` is nil. An
  /// empty `rid` means the only, or the first, encoding.
  package func send(
    _ frame: EncodedFrame, codec: MediaCodec? = nil, audioLevel: AudioLevel? = nil,
    on id: TransceiverID, rid: String = "", at now: Instant, into outbox: Outbox
  ) throws(MediaSendError) {
    let (track, encoding) = try sendingEncoding(id, rid)
    guard let agreed = track.agreed.section.sendingCodec(codec) else { throw .notAgreed }
    let payloads = encoding.payloads(
      of: frame, codec: agreed.kind, datagramSize: datagramSize, random: &random)
    guard !payloads.isEmpty else { throw .malformedFrame }
    encoding.use(agreed.codec)
    for payload in payloads {
      try emit(
        OutgoingPacket(
          payloadType: agreed.codec.payloadType, timestamp: frame.timestamp,
          marker: payload.marker, payload: payload.bytes, audioLevel: audioLevel), of: encoding,
        at: now, into: outbox)
    }
    track.frameCount += 1
    track.frameRate.note(at: now)
    encoding.frameRate.note(at: now)
    encoding.stream.noteFrame(isKeyFrame: frame.isKeyFrame)
    if let size = FrameSize(of: frame, codec: agreed.kind) { encoding.frameSize = size }
  }

  private func sendingEncoding(
    _ id: TransceiverID, _ rid: String
  ) throws(MediaSendError) -> (SendingTrack, SendingEncoding) {
    guard transport.isConnected else { throw .notConnected }
    guard let track = sending.first(where: { $0.id == id }), track.isSending else {
      throw .notSending
    }
    guard let encoding = track.encoding(rid) else { throw .noSuchEncoding }
    return (track, encoding)
  }

  private func emit(
    _ packet: OutgoingPacket, of encoding: SendingEncoding, at now: Instant, into outbox: Outbox
  ) throws(MediaSendError) {
    guard packet.payload.count <= Self.payloadLimit else { throw .tooLong }
    if defaults.sendsReports { schedule.start(at: now) }
    let header = encoding.stream.makeHeader(
      for: packet, at: now, transport: &sequencer, extensions: &extensions)
    guard
      transport.sendRTP(
        header, extensions: extensions, payload: packet.payload.span, paddingCount: 0,
        into: outbox)
    else { throw transport.isConnected ? .refusedNumber : .notConnected }
  }

  /// Sends all repetitions that were asked for.
  func sendRepairs(of encoding: SendingEncoding, at now: Instant, into outbox: Outbox) {
    while let header = encoding.stream.makeRepair(
      at: now, transport: &sequencer, extensions: &extensions, payload: &repairPayload)
    {
      _ = transport.sendRTP(
        header, extensions: extensions, payload: repairPayload.span, paddingCount: 0, into: outbox)
    }
  }
}
