import Media
import Peer
import RTP
import SDP
import Wire

/// One stream of a remote track: the only one, or a simulcast layer.
final class ReceivingLayer {
  /// Its name; empty where it is alone.
  let rid: String
  /// Its source; nil before its first packet.
  var stream: ReceivedStream?
  /// The source of its repetitions.
  var repairSSRC: UInt32?
  /// The codec of the last packet.
  var payloadType: UInt8?
  var frames: FrameReceiver?

  init(rid: String) { self.rid = rid }
}

/// All that is received for one transceiver.
final class ReceivingTrack {
  let id: TransceiverID
  /// What was agreed last.
  private(set) var section: NegotiatedSection
  private(set) var codecs: [UInt8: NegotiatedCodec] = [:]
  private(set) var repairs: [UInt8: UInt8] = [:]
  private(set) var extensions = StreamExtensionIDs()
  private(set) var layers: [ReceivingLayer] = []
  /// In which form it is wanted.
  var delivery: MediaDelivery
  /// Whether media flows.
  var isFlowing = false

  init(_ agreed: NegotiatedTransceiver, delivery: MediaDelivery) {
    id = agreed.id
    self.delivery = delivery
    section = agreed.section
    apply(agreed.section)
  }

  /// Whether packets are to be taken.
  var isReceiving: Bool { section.weReceive && !section.isRejected }

  /// When the last packet came.
  var lastPacketAt: Instant? {
    layers.compactMap { $0.stream?.lastPacketReceivedAt }.max()
  }

  /// Takes over what was agreed.
  func apply(_ new: NegotiatedSection) {
    section = new
    codecs = Dictionary(
      new.codecs.map { ($0.payloadType, $0) }, uniquingKeysWith: { first, _ in first })
    repairs = new.repairedPayloadTypes
    extensions = new.readExtensions
    let rids = new.receiveRIDs.isEmpty ? [""] : new.receiveRIDs
    layers = rids.map { rid in layers.first { $0.rid == rid } ?? ReceivingLayer(rid: rid) }
  }

  func layer(_ rid: String) -> ReceivingLayer? { layers.first { $0.rid == rid } }

  /// A stream of this track as it is to be received.
  func stream(ssrc: UInt32, payloadType: UInt8, defaults: MediaDefaults) -> ReceivedStream {
    let codec = codecs[payloadType] ?? section.codecs.first
    let feedback = codec?.feedback ?? []
    var options = ReceivedStream.Options(ssrc: ssrc, clockRate: codec?.clockRate ?? 90_000)
    options.extensions = extensions
    options.rtxPayloadTypes = defaults.usesRetransmission ? repairs : [:]
    options.asksForRepair = defaults.asksForRepair && feedback.contains("nack")
    if section.kind == .video {
      if defaults.usesPictureLoss, feedback.contains("nack pli") {
        options.keyFrameRequest = .pictureLoss
      } else if defaults.usesIntraRequest, feedback.contains("ccm fir") {
        options.keyFrameRequest = .fullIntra
      }
    }
    return ReceivedStream(options: options)
  }
}
