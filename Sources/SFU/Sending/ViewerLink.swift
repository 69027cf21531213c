import BWE
import Peer
import RTP
import Wire

/// The way to one viewer: numbers every packet over the whole transport, hears what became of each, and says how
/// much may be sent.
final class ViewerLink {
  /// What a packet is to the one who counts and paces it.
  enum PacketKind {
    case audio
    case video
    case retransmission
    case protection
    case padding
  }

  /// A packet that waits: what it stands for is read out of memory when its turn comes.
  struct QueuedPacket {
    var ssrc: UInt32
    var sequenceNumber: UInt16
    var isRepeat: Bool
  }

  /// What leaves at once after a pause: the pictures of senders come in bursts of a few packets, and runs of them are
  /// cheap to send.
  static let burst = Duration.milliseconds(40)
  /// Bits per second where nothing limits: a viewer that says nothing of what arrives.
  static let unlimited = 1_000_000_000
  /// Bits per second a viewer starts with, where nobody hinted at anything.
  static let startBitrate = 2_500_000
  /// A hint counts within these.
  static let startRange = 300_000...10_000_000
  private static let overfullDelay = Duration.milliseconds(100)
  private static let narrowedTime = Duration.seconds(3)
  /// The tag of SRTP.
  static let tagByteCount = 16
  /// What the headers of IP and UDP add.
  static let datagramOverhead = 28

  let remote: RemotePeer
  var counters = LinkCounters()
  var estimator: SendSideEstimator
  var sequencer = TransportSequencer()
  var estimatorEvents: [SendSideEstimator.Event] = []
  var pacer: Pacer
  /// Whether the forwarder has it among those for whom packets wait.
  var isReleasing = false
  private var hasStarted = false
  /// Whether packets are numbered for transport-wide feedback in any slot.
  var isNumbered = false
  /// Whether the viewer has told of losses or of an estimate of its own.
  var hasReports = false
  /// The path the estimate is of.
  var path: Path?
  /// The round trip by the viewer's reports, smoothed.
  var reportedRoundTrip: Duration?
  /// The share of packets lost by the viewer's reports, smoothed.
  var reportedLoss = 0.0
  /// Whether the target changed, or an alarm did, since this was last taken.
  var needsAllocation = false
  var wasCongested = false
  /// When more was sent than fitted, the last time.
  var overfullAt: Instant?

  /// A link that has sent nothing. `startBitrate` is what somebody thinks fits, in bits per second.
  init(remote: RemotePeer, startBitrate: Int? = nil) {
    self.remote = remote
    var options = SendSideEstimator.Options()
    options.startBitrate = min(
      max(startBitrate ?? Self.startBitrate, Self.startRange.lowerBound),
      Self.startRange.upperBound)
    estimator = SendSideEstimator(options: options)
    pacer = Pacer(bitrate: options.startBitrate, burst: Self.burst)
    // Until somebody says what is wanted, nothing is probed for.
    estimator.setDesiredBitrate(0, at: .zero, events: &estimatorEvents)
  }

  /// Whether anything limits what may be sent.
  var isLimited: Bool { isNumbered || hasReports }

  /// Bits per second for everything: repetitions, protection and padding included.
  var targetBitrate: Int { isLimited ? estimator.targetBitrate : Self.unlimited }

  /// The share of packets lost of late, 0 to 1.
  var lossRate: Double { isNumbered ? max(estimator.lossRate, 0) : reportedLoss }

  /// The share of packets that is lost whatever is sent, 0 to 1: not what a queue of our own making has swallowed.
  var ownLossRate: Double {
    isNumbered ? max(estimator.lossRateBesideQueues, 0) : reportedLoss
  }

  /// The time to the viewer and back.
  var roundTrip: Duration {
    reportedRoundTrip ?? remote.roundTripTime ?? estimator.roundTrip
  }

  /// How long packets wait on the way.
  var queueDelay: Duration { isNumbered ? estimator.queueDelay : .zero }

  /// Whether the target is lower for a moment, to see what comes of it.
  var isTrying: Bool { isNumbered && estimator.isTrying }

  /// Whether packets queue or are lost, more than a moment's accident.
  var isCongested: Bool { queueDelay > .milliseconds(150) || lossRate > 0.1 }

  /// Whether what is sent now only makes a queue longer that is there already.
  var isOverfull: Bool { queueDelay > Self.overfullDelay && !isTrying }

  /// Whether that was so of late: what was lost then is still being asked for.
  func isNarrowed(at now: Instant) -> Bool {
    overfullAt.map { now - $0 <= Self.narrowedTime } ?? false
  }

  /// Says what could be used, in bits per second; a probe looks whether it fits.
  func setDesired(bitrate: Int, at now: Instant) {
    estimator.setDesiredBitrate(max(bitrate, 0), at: now, events: &estimatorEvents)
    settle(at: now)
  }

  /// Media can flow from now on.
  func start(at now: Instant) {
    path = remote.selectedPath
    guard isNumbered, !hasStarted else { return }
    hasStarted = true
    estimator.start(at: now, events: &estimatorEvents)
    settle(at: now)
  }

  /// Bytes on the wire of a packet with such a payload, near enough to share out time by.
  static func wireByteCount(payload: Int) -> Int {
    payload + RTPHeader.fixedByteCount + tagByteCount + datagramOverhead + 12
  }

  /// Has a packet wait for its turn. False where too many wait: then it is as good as lost.
  func enqueue(_ packet: QueuedPacket, byteCount: Int, at now: Instant) -> Bool {
    let isQueued = pacer.add(
      packet.number, byteCount: byteCount, priority: packet.isRepeat ? .retransmission : .video,
      at: now)
    if isQueued { counters.pacedPacketCount &+= 1 } else { counters.expiredPacketCount &+= 1 }
    return isQueued
  }

  /// Begins anew where the path is another one: what was learnt of the old one says nothing of this.
  func followPath(at now: Instant) {
    guard let selected = remote.selectedPath, selected != path else { return }
    let isFirst = path == nil
    path = selected
    guard !isFirst else { return }
    reportedRoundTrip = nil
    estimator.changePath(at: now, events: &estimatorEvents)
    needsAllocation = true
    settle(at: now)
  }

  /// Sends one packet. `extensions` are all but the transport-wide number, which is added here under `numberID`;
  /// 0 for a stream without. False where it could not be sent: no path, no keys, or a sequence number used before.
  @discardableResult
  func send(
    _ header: RTPHeader, extensions: inout RTPHeaderExtensionList, numberID: UInt8,
    payload: Span<UInt8>, paddingCount: UInt8 = 0, kind: PacketKind, probe: Int? = nil,
    at now: Instant, into outbox: Outbox
  ) -> Bool {
    var byteCount =
      RTPHeader.fixedByteCount + payload.count + Int(paddingCount) + Self.tagByteCount
    if numberID == 0 {
      byteCount += extensions.byteCount
    } else {
      extensions.append(id: numberID, value: 0, byteCount: 2)
      byteCount += extensions.byteCount
      let number = sequencer.next(byteCount: byteCount, ssrc: header.ssrc, at: now)
      extensions.setLast(UInt64(number), byteCount: 2)
      estimator.sent(number, byteCount: byteCount, probe: probe, at: now)
    }
    let isSent = remote.sendRTP(
      header, extensions: extensions, payload: payload, paddingCount: paddingCount, into: outbox)
    guard isSent else { return false }
    counters.note(kind, byteCount: byteCount)
    // Sound and protection leave at once, and what follows waits the longer.
    if isLimited, kind == .audio || kind == .protection {
      pacer.passed(byteCount: byteCount + Self.datagramOverhead, at: now)
    }
    return true
  }

  /// Time has passed.
  func advance(to now: Instant) {
    guard isLimited else { return }
    if !hasStarted, path != nil { start(at: now) }
    estimator.advance(to: now, events: &estimatorEvents)
    settle(at: now)
  }

  /// When to call `advance`.
  var deadline: Instant? { isLimited ? estimator.deadline : nil }

  /// Acts on what the estimator said.
  func settle(at now: Instant) {
    for event in estimatorEvents {
      switch event {
      case .targetChanged(let bitrate):
        needsAllocation = true
        pacer.setBitrate(bitrate)
      case .probe(let cluster):
        counters.probeCount &+= 1
        pacer.add(cluster)
      }
    }
    estimatorEvents.removeAll(keepingCapacity: true)
    if isOverfull { overfullAt = now }
    let congested = isCongested
    if congested != wasCongested {
      wasCongested = congested
      needsAllocation = true
    }
  }
}

extension ViewerLink.QueuedPacket {
  /// The packet under the one number that the pacer knows it by.
  var number: Int { Int(ssrc) << 17 | Int(sequenceNumber) << 1 | (isRepeat ? 1 : 0) }

  /// The packet with that number.
  init(number: Int) {
    ssrc = UInt32(truncatingIfNeeded: number >> 17)
    sequenceNumber = UInt16(truncatingIfNeeded: number >> 1)
    isRepeat = number & 1 == 1
  }
}

extension LinkCounters {
  mutating func note(_ kind: ViewerLink.PacketKind, byteCount count: Int) {
    let count = UInt64(truncatingIfNeeded: count)
    packetCount &+= 1
    byteCount &+= count
    switch kind {
    case .video: break
    case .audio:
      soundPacketCount &+= 1
      soundByteCount &+= count
    case .retransmission:
      repeatedPacketCount &+= 1
      repeatedByteCount &+= count
    case .protection:
      protectionPacketCount &+= 1
      protectionByteCount &+= count
    case .padding:
      paddingPacketCount &+= 1
      paddingByteCount &+= count
    }
  }
}
