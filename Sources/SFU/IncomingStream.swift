import RTP
import Wire

/// One RTP stream from a sender: a source without simulcast, or one layer of a source with it.
final class IncomingStream {
  /// How long after its last packet a layer counts as switched off by its sender.
  static let activityTimeout = Duration.milliseconds(1500)

  /// A packet of this turn that waits to be forwarded.
  struct Pending {
    /// What is sent on of the sender's header.
    var header: RTPHeader
    /// The codec of its payload type.
    var codec: PayloadCodec
    /// Its place in the stream, without packets that are not forwarded.
    var index: Int64
    /// Where its payload lies in the turn's bytes, without padding.
    var payload: Range<Int>
    /// Whether a decoder can start here.
    var isKeyFrameStart: Bool
    /// Its picture numbers, and where they lie in the payload.
    var numbers: FrameInspection.PictureNumbers?
    /// The audio level byte as sent.
    var audioLevel: UInt8?
    /// The video orientation byte as sent.
    var videoOrientation: UInt8?
    /// Bytes to pad with, so that a run of packets has one length.
    var paddingCount: UInt8 = 0
  }

  let ssrc: UInt32
  /// The place among the layers of its source, smallest picture first.
  let layer: Int
  let source: Source
  var unwrapper = SequenceUnwrapper()
  var compactor = SequenceCompactor()
  var statistics: ReceptionStatistics
  var losses = NACKGenerator()
  var keyFrames = KeyFrameRequests()
  var lastPacketAt: Instant?
  /// Picture height of the last key frame, where the codec tells.
  var height: Int?
  /// The sender's last report: its clock, and when it arrived.
  var senderReport: (ntp: UInt64, timestamp: UInt32, arrival: Instant)?
  var pending: [Pending] = []

  init(ssrc: UInt32, layer: Int, source: Source) {
    self.ssrc = ssrc
    self.layer = layer
    self.source = source
    statistics = ReceptionStatistics(clockRate: source.track.clockRate)
    pending.reserveCapacity(64)
  }

  /// Whether the sender is sending it at the moment.
  func isActive(at now: Instant) -> Bool {
    guard let lastPacketAt else { return false }
    return now - lastPacketAt < Self.activityTimeout
  }

  /// Picture height for choosing among layers, guessed where no key frame told it.
  var expectedHeight: Int {
    height ?? 720 >> min(max(source.layerCount - 1 - layer, 0), 4)
  }
}
