public import Wire

/// What was sent a short while ago, for those who did not get it.
///
/// Bounded in packets, bytes and time. A packet is given out at most `repeatLimit` times, never twice within a
/// round trip, and all repetitions together are a half of what is stored: asking for everything again and
/// again makes nobody send more.
public struct RetransmissionCache: Sendable {
  /// How much is kept.
  public struct Limits: Sendable, Hashable {
    /// The most packets.
    public var packetCount: Int
    /// The most bytes of payload.
    public var byteCount: Int
    /// The oldest packet.
    public var age: Duration

    /// Limits.
    public init(
      packetCount: Int = 2048, byteCount: Int = 2 << 20, age: Duration = .seconds(3)
    ) {
      self.packetCount = packetCount
      self.byteCount = byteCount
      self.age = age
    }
  }

  /// A packet as it was sent, without what every repetition has of its own.
  public struct Packet: Sendable, Equatable {
    /// Its payload type.
    public let payloadType: UInt8
    /// Its M bit.
    public let marker: Bool
    /// Its sequence number.
    public let sequenceNumber: UInt16
    /// Its timestamp.
    public let timestamp: UInt32
    /// Its payload.
    public let payload: [UInt8]
    /// What it told of loudness.
    public let audioLevel: AudioLevel?
    /// What it told of the picture.
    public let videoOrientation: VideoOrientation?

    /// A packet.
    public init(
      payloadType: UInt8, marker: Bool, sequenceNumber: UInt16, timestamp: UInt32,
      payload: [UInt8], audioLevel: AudioLevel? = nil, videoOrientation: VideoOrientation? = nil
    ) {
      self.payloadType = payloadType
      self.marker = marker
      self.sequenceNumber = sequenceNumber
      self.timestamp = timestamp
      self.payload = payload
      self.audioLevel = audioLevel
      self.videoOrientation = videoOrientation
    }
  }

  private struct Entry {
    let packet: Packet
    let storedAt: Instant
    var repeatCount = 0
    var lastRepeatAt: Instant?
  }

  /// Times one packet is repeated at most.
  public static let repeatLimit = 8
  /// Bytes that may be repeated before anything was earned, and that a quiet stream may save up.
  public static let allowance = 32 << 10
  /// Two requests within this time are one, even where the round trip is shorter or unknown.
  private static let shortestPause = Duration.milliseconds(10)

  private let limits: Limits
  private var entries: [UInt16: Entry] = [:]
  /// The numbers of `entries`, oldest first, from `start` on.
  private var order: [UInt16] = []
  private var start = 0
  /// Bytes of payload that are kept.
  public private(set) var byteCount = 0
  /// Bytes that may be repeated now.
  private var credit = allowance

  /// An empty cache.
  public init(limits: Limits = .init()) { self.limits = limits }

  /// Packets that are kept.
  public var packetCount: Int { entries.count }

  /// Keeps a packet that is being sent.
  public mutating func store(_ packet: Packet, at now: Instant) {
    let number = packet.sequenceNumber
    credit = min(credit + packet.payload.count / 2, max(Self.allowance, byteCount / 2))
    expire(before: now - limits.age)
    // A number that comes again after a whole circle, or twice from a sender who counts by itself.
    if let old = entries.updateValue(Entry(packet: packet, storedAt: now), forKey: number) {
      byteCount -= old.packet.payload.count
      order.removeFirst(start)
      start = 0
      order.removeAll { $0 == number }
    }
    order.append(number)
    byteCount += packet.payload.count
    while entries.count > limits.packetCount || byteCount > limits.byteCount { removeOldest() }
  }

  /// The packet with that number, if it is there and may be repeated now; notes that it was.
  public mutating func take(
    _ sequenceNumber: UInt16, at now: Instant, roundTrip: Duration
  ) -> Packet? {
    guard let entry = entries[sequenceNumber], now - entry.storedAt <= limits.age,
      entry.repeatCount < Self.repeatLimit, entry.packet.payload.count <= credit
    else { return nil }
    if let last = entry.lastRepeatAt, now - last < max(roundTrip, Self.shortestPause) { return nil }
    credit -= entry.packet.payload.count
    entries[sequenceNumber]?.repeatCount += 1
    entries[sequenceNumber]?.lastRepeatAt = now
    return entry.packet
  }

  /// Forgets everything.
  public mutating func removeAll() {
    entries.removeAll()
    order.removeAll()
    start = 0
    byteCount = 0
  }

  private mutating func expire(before time: Instant) {
    while start < order.count, let entry = entries[order[start]], entry.storedAt < time {
      removeOldest()
    }
  }

  private mutating func removeOldest() {
    guard start < order.count else { return }
    if let old = entries.removeValue(forKey: order[start]) {
      byteCount -= old.packet.payload.count
    }
    start += 1
    guard start >= 1024 else { return }
    order.removeFirst(start)
    start = 0
  }
}
