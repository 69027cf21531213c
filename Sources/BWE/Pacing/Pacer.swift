public import Wire

/// Spreads packets over time at a bitrate: audio at once, then retransmissions, then video; probes at their own bitrate,
/// filled with padding where nothing waits.
///
/// A packet is a number that its owner gave it. Call `next` until it gives nothing, again at `deadline`.
public struct Pacer: Sendable {
  /// Which packets go first.
  public enum Priority: Sendable {
    /// Never waits.
    case audio
    /// Waits before all video.
    case retransmission
    /// Waits for its turn.
    case video
  }

  /// What to send now.
  public enum Release: Sendable {
    /// A packet, as part of a probe where it has an id.
    case packet(Int, probe: Int?)
    /// About so many bytes of retransmissions or padding.
    case padding(byteCount: Int, probe: Int?)
  }

  /// The target is exceeded by this much, so that a queue shrinks.
  private static let pace = 1.1
  private static let paddingByteCount = 1000
  private static let probeLimit = 8

  private let queueTimeLimit: Duration
  private let queueCountLimit: Int
  /// A pause is made up for by at most this much at once.
  private let burst: Duration
  private var audio = PacketQueue()
  private var retransmissions = PacketQueue()
  private var video = PacketQueue()
  private var bitrate: Double
  private var paddingBitrate = 0.0
  /// When the next packet may leave.
  private var freeAt = Instant.zero
  private var paddingFreeAt = Instant.zero
  private var probes: [ProbeCluster] = []
  private var probe: ProbeProgress?

  /// A pacer at a bitrate, whose queue is emptied faster where packets would wait longer than `queueTimeLimit`. After a
  /// pause what fits into `burst` leaves at once.
  public init(
    bitrate: Int, queueTimeLimit: Duration = .milliseconds(500), queueCountLimit: Int = 4096,
    burst: Duration = .milliseconds(5)
  ) {
    self.burst = min(max(burst, .zero), .milliseconds(100))
    self.bitrate = Double(bitrate).clamped(to: 1000...1e12)
    self.queueTimeLimit = max(queueTimeLimit, .milliseconds(10))
    self.queueCountLimit = queueCountLimit
  }

  /// Packets that wait.
  public var count: Int { audio.count + retransmissions.count + video.count }

  /// Bytes that wait.
  public var byteCount: Int { audio.byteCount + retransmissions.byteCount + video.byteCount }

  /// Sets the bits per second of packets, and of padding where less than that is sent.
  public mutating func setBitrate(_ bitrate: Int, padding: Int = 0) {
    self.bitrate = Double(bitrate).clamped(to: 1000...1e12)
    paddingBitrate = Double(padding).clamped(to: 0...self.bitrate)
  }

  /// Sends a probe as soon as those before it are done.
  public mutating func add(_ cluster: ProbeCluster) {
    if probes.count < Self.probeLimit { probes.append(cluster) }
  }

  /// Takes a packet of `byteCount` bytes, headers of IP and UDP included; false where too many wait.
  public mutating func add(
    _ packet: Int, byteCount: Int, priority: Priority, at now: Instant
  ) -> Bool {
    guard count < queueCountLimit else { return false }
    let size = min(max(byteCount, 1), 65_535)
    switch priority {
    case .audio: audio.append(packet, size, now)
    case .retransmission: retransmissions.append(packet, size, now)
    case .video: video.append(packet, size, now)
    }
    return true
  }

  /// Whether a probe is under way or waits.
  public var isProbing: Bool { probe != nil || !probes.isEmpty }

  /// Whether a packet of `byteCount` bytes may leave past the queue: nothing waits, nothing is probed for and its turn
  /// has come. It counts as sent then.
  public mutating func passes(byteCount: Int, at now: Instant) -> Bool {
    guard freeAt <= now, count == 0, !isProbing else { return false }
    account(byteCount, now)
    return true
  }

  /// Notes a packet that left past the queue in any case, as sound does.
  public mutating func passed(byteCount: Int, at now: Instant) { account(byteCount, now) }

  /// When `next` has something; the past where it has already.
  public var deadline: Instant? {
    if audio.count > 0 { return .zero }
    if let probe { return probe.nextSend }
    if !probes.isEmpty { return .zero }
    if count > 0 { return freeAt }
    return paddingBitrate > 0 ? max(paddingFreeAt, freeAt) : nil
  }

  /// What to send at `now`, if anything.
  public mutating func next(at now: Instant) -> Release? {
    if let item = audio.next() {
      account(item.byteCount, now)
      return .packet(item.packet, probe: nil)
    }
    if probe == nil, let cluster = probes.first {
      probes.removeFirst()
      probe = ProbeProgress(cluster, at: now)
    }
    if let probe { return nextOfProbe(probe, at: now) }
    guard freeAt <= now else { return nil }
    if let item = retransmissions.next() ?? video.next() {
      account(item.byteCount, now)
      return .packet(item.packet, probe: nil)
    }
    guard paddingBitrate > 0, paddingFreeAt <= now else { return nil }
    account(Self.paddingByteCount, now)
    return .padding(byteCount: Self.paddingByteCount, probe: nil)
  }

  private mutating func nextOfProbe(_ progress: ProbeProgress, at now: Instant) -> Release? {
    guard progress.nextSend <= now else { return nil }
    let item = retransmissions.next() ?? video.next()
    let size = item?.byteCount ?? Self.paddingByteCount
    var progress = progress
    progress.sent(size)
    probe = progress.isDone ? nil : progress
    account(size, now)
    let id = progress.cluster.id
    guard let item else { return .padding(byteCount: size, probe: id) }
    return .packet(item.packet, probe: id)
  }

  private mutating func account(_ byteCount: Int, _ now: Instant) {
    let time = Duration(clampedSeconds: Double(byteCount) * 8 / currentBitrate(at: now))
    // A probe is no reason for what comes after to wait long.
    freeAt = min(max(freeAt, now - burst) + time, now + .milliseconds(500))
    guard paddingBitrate > 0 else { return }
    paddingFreeAt =
      max(paddingFreeAt, now - burst)
      + Duration(clampedSeconds: Double(byteCount) * 8 / max(paddingBitrate, 1000))
  }

  private func currentBitrate(at now: Instant) -> Double {
    let paced = bitrate * Self.pace
    guard let oldest = video.oldest ?? retransmissions.oldest else { return paced }
    let left = max(queueTimeLimit - (now - oldest), .milliseconds(10))
    return max(paced, Double(byteCount) * 8 / left.seconds)
  }
}
