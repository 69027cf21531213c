import RTP
import Wire

/// One RTP stream from a sender: a source without simulcast, or one layer of a source with it.
final class IncomingStream {
  /// How long after its last packet a layer counts as switched off by its sender.
  static let activityTimeout = LayerMeter.activityTimeout

  /// How long after a gap a repeated packet of sound is of use: players wait no longer.
  static let soundPatience = Duration.milliseconds(300)

  /// After so long lost sound is asked for a second time, where requests are lost as well.
  static let echo = Duration.milliseconds(20)

  /// What comes so much later than it was taken was held up on its way.
  private static let latenessLimit = Duration.milliseconds(150)

  /// A layer that misses so many turns, for at least so long, was switched off by its sender: it goes on with smaller pictures.
  private static let missedTurnLimit = 5
  private static let shortestSilence = Duration.milliseconds(300)

  /// How long a layer is left alone after more of it was lost than could be repeated. Longer than `activityTimeout`: where its
  /// sender has switched it off, that is noticed.
  private static let restTime = Duration.seconds(2)

  /// A packet of this turn that waits to be forwarded.
  struct Pending {
    /// What is sent on of the sender's header.
    var header: RTPHeader
    /// The codec of its payload type.
    var codec: PayloadCodec
    /// Its place in the stream.
    var index: Int64
    /// Where its payload lies in the turn's bytes, without padding.
    var payload: Range<Int>
    /// Whether a decoder can start here.
    var isKeyFrameStart: Bool
    /// Whether packets that follow it in the stream have come before.
    var isLate = false
    /// What its payload tells of layers.
    var layer = PacketLayer.none
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
  var meter = LayerMeter()
  var statistics: ReceptionStatistics
  var losses = NACKGenerator()
  /// Where its counts stood when its quality was judged last.
  var judged = ReceptionCounts()
  private(set) var keyFrames = KeyFrameDemand(insists: true)
  var lastPacketAt: Instant?
  /// When it began, or began again after a pause.
  private(set) var begunAt: Instant?
  /// Its newest frame, when that began to come, and how many packets had been lost by then.
  private var newestFrame: (timestamp: UInt32, at: Instant, lostCount: Int64)?
  /// Picture height of the last key frame, where the codec tells.
  var height: Int?
  /// When the last key frame began.
  var lastKeyFrameAt: Instant?
  /// The sender's clock by its last report.
  var clock: SenderClock?
  var pending: [Pending] = []
  /// What came of late, for viewers that did not get it or whose turn comes later.
  var cache: SharedPacketCache
  /// The newest packet that was kept.
  var newestIndex = Int64.min
  /// Where the last key frame begins, and when it came.
  var lastKeyFrame: (index: Int64, at: Instant)?
  /// Whether somebody who is being sent the stream needs a key frame: an old one is of no use there.
  var needsNewKeyFrame = false
  /// What the dependency descriptors of its last packets mean.
  var frames = DescribedFrames()
  var descriptors = DependencyDescriptorReader()
  /// Whether packets were left out since nobody knows what they mean: nothing goes on before the next key frame.
  var lacksStructure = false
  private var restsUntil: Instant?
  /// Pictures of the smallest size since its last packet.
  private var missedTurnCount = 0
  /// Whether its sender goes on without it.
  private var isSilent = false
  /// What silence is long. Where one ended early, as pictures of one size were left out, the next is waited for longer.
  private var longSilence = shortestSilence
  /// Where H264 pictures begin.
  var keyPictures = H264KeyPictures()
  /// What VP9 pictures refer to.
  var references = VP9ReferenceReader()
  /// Picture heights of the spatial layers within the stream, where they are told.
  var layerHeights = [Int?](repeating: nil, count: LayerMeter.layerLimit)
  /// The last frames, where it is a voice.
  var sound = SoundHistory()
  /// How late frames of it come for having been lost first.
  var lateness = SoundLateness()
  /// Lost packets brought back by the sender's repair packets.
  var repair: IncomingRepair
  var repairedCount: UInt64 = 0
  /// Whether its last packet carried earlier frames with it. Then a neighbour that was merely overtaken is there already.
  var isRedundant = false {
    didSet { losses.reorderDelay = isRedundant ? .zero : .milliseconds(5) }
  }

  init(ssrc: UInt32, layer: Int, source: Source) {
    self.ssrc = ssrc
    self.layer = layer
    self.source = source
    cache = SharedPacketCache(
      limits: .init(packetCount: source.id.role.kind == .video ? 1024 : 128))
    repair = IncomingRepair(ssrc: ssrc)
    statistics = ReceptionStatistics(clockRate: source.track.clockRate)
    pending.reserveCapacity(64)
    if source.id.role.kind == .audio {
      losses.patience = Self.soundPatience
    } else {
      losses.isModest = true
    }
  }

  /// Has its sender asked for a key frame.
  func wantKeyFrame() {
    keyFrames.want()
    source.wakeup.call(.zero)
  }

  /// A key frame has come, or none is needed any longer.
  func satisfyKeyFrames() { keyFrames.satisfy() }

  /// Whether to ask for a key frame now; notes that it was done.
  func takeKeyFrameRequest(at now: Instant) -> Bool { keyFrames.take(at: now) }

  /// Whether the sender is sending it at the moment.
  func isActive(at now: Instant) -> Bool {
    guard let lastPacketAt else { return false }
    return !isSilent && now - lastPacketAt < Self.activityTimeout
  }

  /// A packet has come. True where none was expected.
  @discardableResult
  func note(packetAt now: Instant) -> Bool {
    let isBack = !isActive(at: now)
    if let lastPacketAt, isBack {
      let isEarly = now - lastPacketAt < Self.activityTimeout
      longSilence = isEarly ? longSilence * 2 : Self.shortestSilence
    }
    if isBack { begunAt = now }
    isSilent = false
    missedTurnCount = 0
    lastPacketAt = now
    return isBack
  }

  /// Whether a frame of this time is another than the newest.
  func isNewFrame(_ timestamp: UInt32) -> Bool { newestFrame?.timestamp != timestamp }

  /// A frame begins to come. True where it came as soon after the one before as it was taken, and nothing was lost between:
  /// however long the pause was, its sender made it.
  func noteFrame(_ timestamp: UInt32, at now: Instant) -> Bool {
    let lostCount = statistics.lostCount
    defer { newestFrame = (timestamp, now, lostCount) }
    guard let newestFrame, lostCount <= newestFrame.lostCount else { return false }
    let ticks = Int64(Int32(bitPattern: timestamp &- newestFrame.timestamp))
    let taken = Duration.microseconds(ticks * 1_000_000 / Int64(max(statistics.clockRate, 1)))
    return now - newestFrame.at - taken < Self.latenessLimit
  }

  /// A picture of the smallest size has come. True where that shows that this larger one is not sent any more.
  func missTurn(at now: Instant) -> Bool {
    missedTurnCount += 1
    guard !isSilent, missedTurnCount >= Self.missedTurnLimit, let lastPacketAt,
      now - lastPacketAt >= longSilence
    else { return false }
    isSilent = true
    return true
  }

  /// Whether it was given up a moment ago: who can have a smaller picture is not to wait for it.
  func rests(at now: Instant) -> Bool { restsUntil.map { now < $0 } ?? false }

  /// Whether somebody goes on with it, or is to.
  var isAwaited: Bool { source.slots.contains { ($0.target ?? $0.current) === self } }

  /// More of it is missing than can be repeated. For a while the smaller pictures of its source go before it; where there are none
  /// it goes on with a key frame.
  func giveUp(at now: Instant) {
    restsUntil = now + Self.restTime
    lastKeyFrame = nil
    source.layersChanged(at: now)
    guard isAwaited else { return }
    needsNewKeyFrame = true
    wantKeyFrame()
  }

  /// A key frame began without the packet that says what the others mean: they are of no use to anybody, and neither is what
  /// is kept of them.
  func leaveOutToNextKeyFrame() {
    lacksStructure = true
    lastKeyFrame = nil
    keyFrames.want()
  }

  /// Picture height for choosing among layers, guessed where no key frame told it.
  var expectedHeight: Int {
    height ?? 720 >> min(max(source.layerCount - 1 - layer, 0), 4)
  }
}
