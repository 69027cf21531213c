import RTP
import Wire

/// One m-section in which a viewer receives, and what is being sent in it.
final class Slot {
  /// Shown at this height where the viewer said nothing.
  static let defaultHeight = 360
  /// No picture is higher.
  static let heightLimit = 1 << 16
  /// Priorities beyond this are as good as this.
  static let priorityLimit = 1_000_000

  var plan: ReceiveSlot {
    didSet {
      lastPayloadType = nil
      midBytes = Array(plan.mid.utf8)
      layers.writesDescriptors = plan.extensions.dependencyDescriptor != 0
      ssrc = plan.ssrc
      extensionIDs = plan.extensions
      isRepeatable = plan.retransmissionSSRC != nil
      isProtectable = plan.protection.repair != nil
    }
  }
  // What each packet needs of the plan, plain: what is behind dictionaries and calls has its exclusivity checked.
  let kind: MediaKind
  private(set) var ssrc: UInt32
  private(set) var extensionIDs: StreamExtensionIDs
  /// Whether lost packets are repeated on an SSRC of their own.
  private(set) var isRepeatable: Bool
  /// Whether the viewer takes repair packets.
  private(set) var isProtectable: Bool
  let viewer: Member
  private(set) var source: Source?
  /// The stream that is forwarded now.
  var current: IncomingStream?
  /// The stream to forward from its next key frame on.
  var target: IncomingStream?
  /// At which height the viewer's screen shows it; 0 where it does not.
  var height = Slot.defaultHeight
  /// What the viewer is to get of the source; nil for nothing.
  var wanted: LayerTarget? = .everything
  /// How much of it that is, as the owner is told.
  var state = SlotState.live
  var layers: SlotLayers
  /// How long the viewer should hold its sound, and whose that is for.
  var delay = SoundDelay()
  var delaySource: SourceID?
  /// Whether frames of sound go in pairs, the one that waits for the next, and the newest that waited or went.
  var pairsFrames = false
  var waitingFrame: Int64?
  var newestPaired = Int64.min
  /// Sound as it was sent, where the viewer may ask for it again.
  var sentSound = SentSound()
  /// What makes repair packets, where the viewer takes them and it was ever worth it.
  var repair: SlotRepair?
  var packetCount: UInt32 = 0
  var octetCount: UInt32 = 0
  /// Key frames the viewer asked for since its quality was judged last.
  var requestedKeyFrameCount = 0
  /// Whether it waits for a key frame that may not be asked for yet.
  var isOwedKeyFrame = false
  /// Whether the viewer's picture stands still for want of packets that will not come any more.
  var standsStill = false
  var nextReport: Instant?
  var sentReports = SentReports()
  var sending: SlotSending
  /// What each number stood for. Payloads are kept once for all viewers, with the stream they came on.
  var ledger = RepairLedger()
  /// The mid as it is sent.
  private(set) var midBytes: [UInt8]
  /// The answer of `payloadType(for:)` before, which mostly comes again.
  private var lastPayloadType: (codec: PayloadCodec, value: UInt8)?

  init(plan: ReceiveSlot, viewer: Member, random: inout RandomSource) {
    self.plan = plan
    self.viewer = viewer
    layers = SlotLayers(random: &random)
    midBytes = Array(plan.mid.utf8)
    sending = SlotSending(random: &random)
    layers.writesDescriptors = plan.extensions.dependencyDescriptor != 0
    kind = plan.kind
    ssrc = plan.ssrc
    extensionIDs = plan.extensions
    isRepeatable = plan.retransmissionSSRC != nil
    isProtectable = plan.protection.repair != nil
  }

  /// The viewer's payload type for a codec, if it takes that.
  func payloadType(for codec: PayloadCodec) -> UInt8? {
    if let lastPayloadType, lastPayloadType.codec == codec { return lastPayloadType.value }
    guard let value = plan.payloadTypes[codec] else { return nil }
    lastPayloadType = (codec, value)
    return value
  }

  /// Whether what is sent is kept in mind, to be repeated or to be sent when its turn comes.
  var remembersSent: Bool {
    isRepeatable || kind == .video && viewer.link.isLimited
  }

  /// Puts the header extensions that travel on into `list`, under the viewer's ids. The mid goes with each packet until
  /// the viewer is heard to know where it belongs.
  func fill(
    _ list: inout RTPHeaderExtensionList, audioLevel: UInt8?, videoOrientation: UInt8?
  ) {
    let ids = extensionIDs
    list.removeAll()
    if let audioLevel, ids.audioLevel != 0 {
      list.append(id: ids.audioLevel, value: UInt64(audioLevel), byteCount: 1)
    }
    if let videoOrientation, ids.videoOrientation != 0 {
      list.append(id: ids.videoOrientation, value: UInt64(videoOrientation), byteCount: 1)
    }
    if !sending.isKnown { appendMid(to: &list) }
  }

  func appendMid(to list: inout RTPHeaderExtensionList) {
    guard extensionIDs.mid != 0 else { return }
    let mid = midBytes
    list.append(id: extensionIDs.mid, mid.span)
  }

  /// Shows another source, or none.
  func show(_ newSource: Source?) {
    guard newSource !== source else { return }
    source?.slots.removeAll { $0 === self }
    source = newSource
    wanted = .everything
    newSource?.slots.append(self)
    // Two senders may have chosen the same SSRC: an old number must not stand for the new one's packet.
    ledger.removeAll()
    stop()
  }

  /// Stops forwarding until the next key frame (or packet, for sound).
  func stop() {
    current = nil
    target = nil
    standsStill = false
    waitingFrame = nil
    newestPaired = .min
    layers.end()
    nextReport = nil
  }
}
