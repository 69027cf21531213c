import Media
import Peer
import RTP
import SDP
import Wire

/// One stream of a track that is sent: the only one, or a simulcast layer.
final class SendingEncoding {
  /// Its layer; empty where it is alone.
  let rid: String
  var stream: OutgoingStream
  /// Whether it is to be sent.
  var isActive: Bool
  /// The codec of the last packet.
  private(set) var payloadType: UInt8?
  var frameRate = FrameRate()
  var frameSize: FrameSize?
  private var packetizer: Packetizer?

  init(_ stream: OutgoingStream, rid: String, isActive: Bool) {
    self.stream = stream
    self.rid = rid
    self.isActive = isActive
  }

  /// Goes on with a codec; its clock is that of the reports.
  func use(_ codec: NegotiatedCodec) {
    guard payloadType != codec.payloadType else { return }
    payloadType = codec.payloadType
    stream.options.clockRate = codec.clockRate
  }

  /// Cuts a frame into payloads.
  func payloads(
    of frame: EncodedFrame, codec: MediaCodec, datagramSize: Int, random: inout RandomSource
  ) -> [RTPPayload] {
    if packetizer?.codec != codec {
      packetizer = Packetizer(
        codec: codec, maximumPayloadSize: stream.payloadLimit(datagramByteCount: datagramSize),
        firstPictureID: UInt16(truncatingIfNeeded: random.next()) & 0x7fff)
    }
    return packetizer?.packetize(frame) ?? []
  }
}

/// All that is sent for one transceiver.
final class SendingTrack {
  let id: TransceiverID
  /// What was agreed last.
  var agreed: NegotiatedTransceiver
  /// All encodings that ever were: a source that comes back must go on with its numbers.
  var encodings: [SendingEncoding] = []
  /// The same for all encodings, so that who switches between them finds one clock.
  let timestampOffset: UInt32
  /// Frames that were given to be sent.
  var frameCount: UInt64 = 0
  var frameRate = FrameRate()

  init(_ agreed: NegotiatedTransceiver, timestampOffset: UInt32) {
    id = agreed.id
    self.agreed = agreed
    self.timestampOffset = timestampOffset
  }

  /// Whether packets are to leave.
  var isSending: Bool { agreed.section.weSend && !agreed.section.isRejected }

  /// The encoding with that name; an empty name means the first.
  func encoding(_ rid: String) -> SendingEncoding? {
    guard let encoding = rid.isEmpty ? encodings.first : encodings.first(where: { $0.rid == rid }),
      encoding.isActive
    else { return nil }
    return encoding
  }

  /// Takes over what was agreed: streams are added, changed and switched, and none is taken away.
  func apply(
    _ new: NegotiatedTransceiver, defaults: MediaDefaults, random: inout RandomSource
  ) {
    agreed = new
    let rids = new.section.sendRIDs
    for encoding in encodings { encoding.isActive = false }
    for (place, encoding) in new.encodings.enumerated() {
      let isAgreed = rids.isEmpty ? place == 0 : rids.contains(encoding.rid)
      let options = options(of: encoding, isLayer: !rids.isEmpty, defaults: defaults)
      if let known = encodings.first(where: { $0.stream.options.ssrc == encoding.ssrc }) {
        known.stream.options = options
        known.isActive = isAgreed && encoding.isActive
      } else if isAgreed {
        let stream = OutgoingStream(
          options: options, timestampOffset: timestampOffset, random: &random)
        encodings.append(
          SendingEncoding(stream, rid: encoding.rid, isActive: encoding.isActive))
      }
    }
  }

  private func options(
    of encoding: SendEncoding, isLayer: Bool, defaults: MediaDefaults
  ) -> OutgoingStream.Options {
    let section = agreed.section
    var options = OutgoingStream.Options(
      ssrc: encoding.ssrc, clockRate: section.codecs.first?.clockRate ?? 90_000)
    options.mid = section.mid
    options.rid = isLayer ? encoding.rid : ""
    options.extensions = section.writtenExtensions
    let types = section.repairPayloadTypes
    if defaults.usesRetransmission, encoding.rtxSSRC != 0, !types.isEmpty {
      options.rtxSSRC = encoding.rtxSSRC
      options.rtxPayloadTypes = types
    }
    let limits = defaults.retransmissionCache
    options.cache = .init(
      packetCount: limits.packetCount, byteCount: limits.byteCount, age: limits.age)
    return options
  }
}
