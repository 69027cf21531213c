public import Wire

/// What each of the sequence numbers stands for that one viewer got, and what it may still have repeated.
///
/// Holds no payload: those are in the ``SharedPacketCache`` of the stream they came on. A packet is given out at most
/// `repeatLimit` times, never twice within a round trip, and all repetitions together are the `share` of what was sent
/// that the viewer's losses are worth.
public struct RepairLedger: Sendable {
  /// A packet as the viewer got it.
  public struct Packet: Sendable, Hashable {
    /// Which of the viewer's inputs it came on.
    public var input: UInt32
    /// Its index in that input's ``SharedPacketCache``.
    public var index: Int64
    /// The timestamp the viewer got.
    public var timestamp: UInt32
    /// The M bit the viewer got.
    public var marker: Bool
    /// The picture id the viewer got, if any.
    public var pictureID: UInt16?
    /// The TL0PICIDX the viewer got, if any.
    public var baseLayerIndex: UInt8?
    /// Whether a dependency descriptor stood beside it.
    public var hasDescriptor: Bool

    /// A packet.
    public init(
      input: UInt32, index: Int64, timestamp: UInt32, marker: Bool, pictureID: UInt16? = nil,
      baseLayerIndex: UInt8? = nil, hasDescriptor: Bool = false
    ) {
      self.input = input
      self.index = index
      self.timestamp = timestamp
      self.marker = marker
      self.pictureID = pictureID
      self.baseLayerIndex = baseLayerIndex
      self.hasDescriptor = hasDescriptor
    }
  }

  /// A packet in half a cache line: most entries are written once and never read, at a time when the last one of the
  /// same viewer has left the caches.
  private struct Entry {
    private static let repeats: UInt8 = 0x0f
    private static let marker: UInt8 = 0x10
    private static let picture: UInt8 = 0x20
    private static let baseLayer: UInt8 = 0x40
    private static let descriptor: UInt8 = 0x80

    /// What was never written is older than anything.
    static let none = Entry()

    let sentAt: Instant
    private let index: Int64
    private let input: UInt32
    private let timestamp: UInt32
    let sequenceNumber: UInt16
    let byteCount: UInt16
    private let pictureID: UInt16
    private let baseLayerIndex: UInt8
    private var flags: UInt8

    private init() {
      sentAt = Instant(nanoseconds: .min)
      index = 0
      input = 0
      timestamp = 0
      sequenceNumber = 0
      byteCount = 0
      pictureID = 0
      baseLayerIndex = 0
      flags = 0
    }

    init(_ packet: Packet, sequenceNumber: UInt16, byteCount: UInt16, sentAt: Instant) {
      self.sentAt = sentAt
      index = packet.index
      input = packet.input
      timestamp = packet.timestamp
      self.sequenceNumber = sequenceNumber
      self.byteCount = byteCount
      pictureID = packet.pictureID ?? 0
      baseLayerIndex = packet.baseLayerIndex ?? 0
      flags =
        (packet.marker ? Self.marker : 0) | (packet.pictureID == nil ? 0 : Self.picture)
        | (packet.baseLayerIndex == nil ? 0 : Self.baseLayer)
        | (packet.hasDescriptor ? Self.descriptor : 0)
    }

    var isPresent: Bool { sentAt.nanoseconds != .min }

    /// Four bits of the flags: at most `repeatLimit`.
    var repeatCount: UInt8 { flags & Self.repeats }

    mutating func noteRepeat() { flags += 1 }

    var packet: Packet {
      Packet(
        input: input, index: index, timestamp: timestamp, marker: flags & Self.marker != 0,
        pictureID: flags & Self.picture != 0 ? pictureID : nil,
        baseLayerIndex: flags & Self.baseLayer != 0 ? baseLayerIndex : nil,
        hasDescriptor: flags & Self.descriptor != 0)
    }
  }

  /// Times one packet is repeated at most.
  public static let repeatLimit: UInt8 = 8
  /// Bytes that may be repeated before anything was earned, and that a quiet stream may save up.
  public static let allowance = 32 << 10
  /// Two requests within this time are one, even where the round trip is shorter or unknown.
  private static let shortestPause = Duration.milliseconds(10)
  private static let smallestRing = 64
  /// What may be repeated of what is sent, in 1/256: a quarter, and a half where a quarter is lost.
  private static let shares = 64...128

  private let limit: Int
  private let age: Duration
  /// By the low bits of the sequence number; grows to the limit.
  private var entries: [Entry] = []
  /// When the packets of `entries` that were repeated were so last; empty before the first repetition.
  private var repeatedAt: [Instant] = []
  /// Where the viewer can begin anew, and since when: nobody needs what came before.
  private var beginning: (sequenceNumber: UInt16, at: Instant)?
  /// Bytes of what `entries` holds.
  private var byteCount = 0
  /// Bytes that may be repeated now.
  private var credit = allowance
  /// What may be repeated of what is sent from now on, in 1/256.
  public private(set) var share = shares.lowerBound

  /// A ledger of the last `packetCount` packets (rounded up to a power of two, at most 16,384) of at most that age.
  public init(packetCount: Int = 1024, age: Duration = .seconds(2)) {
    var limit = Self.smallestRing
    while limit < min(packetCount, 1 << 14) { limit <<= 1 }
    self.limit = limit
    self.age = age
  }

  /// Bytes of memory that the ledger takes.
  public var byteCapacity: Int {
    entries.capacity * MemoryLayout<Entry>.stride
      + repeatedAt.capacity * MemoryLayout<Instant>.stride
  }

  /// Takes the share of packets lost on the way to the viewer, 0 to 1: the more is lost the more may be repeated, since
  /// repetitions are lost too.
  public mutating func setLoss(_ rate: Double) {
    let wanted = rate > 0 ? Int(min(rate, 1) * 512) : 0
    share = min(max(wanted, Self.shares.lowerBound), Self.shares.upperBound)
  }

  /// Notes a packet that was sent with a payload of `byteCount` bytes.
  public mutating func note(
    _ packet: Packet, sequenceNumber: UInt16, byteCount count: Int, at now: Instant
  ) {
    var place = self.place(of: sequenceNumber)
    while entries.count < limit, entries.isEmpty || isRecent(entries[place], now) {
      grow()
      place = self.place(of: sequenceNumber)
    }
    byteCount -= Int(entries[place].byteCount)
    let size = UInt16(clamping: count)
    entries[place] = Entry(packet, sequenceNumber: sequenceNumber, byteCount: size, sentAt: now)
    byteCount += Int(size)
    credit = min(
      credit + (Int(size) * share) >> 8, max(Self.allowance, (byteCount * share) >> 8))
  }

  /// A picture begins with `sequenceNumber` that needs none before it.
  public mutating func begin(with sequenceNumber: UInt16, at now: Instant) {
    beginning = (sequenceNumber, now)
  }

  /// How long ago the packet with that number was noted; nil where that is not known any more, or nobody needs it.
  public func age(of sequenceNumber: UInt16, at now: Instant) -> Duration? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[place(of: sequenceNumber)]
    guard entry.sequenceNumber == sequenceNumber, isRecent(entry, now), isNeeded(entry)
    else { return nil }
    return now - entry.sentAt
  }

  /// What the number stands for, if that is known still; for a packet that is sent for the first time.
  public func packet(_ sequenceNumber: UInt16, at now: Instant) -> Packet? {
    guard !entries.isEmpty else { return nil }
    let entry = entries[place(of: sequenceNumber)]
    guard entry.sequenceNumber == sequenceNumber, isRecent(entry, now) else { return nil }
    return entry.packet
  }

  /// What the number stands for, if it may be repeated now; notes that it was.
  public mutating func take(
    _ sequenceNumber: UInt16, at now: Instant, roundTrip: Duration
  ) -> Packet? {
    guard !entries.isEmpty else { return nil }
    let place = self.place(of: sequenceNumber)
    let entry = entries[place]
    guard entry.sequenceNumber == sequenceNumber, isRecent(entry, now),
      entry.repeatCount < Self.repeatLimit, Int(entry.byteCount) <= credit
    else { return nil }
    if repeatedAt.isEmpty { repeatedAt = Array(repeating: .zero, count: entries.count) }
    if entry.repeatCount > 0, now - repeatedAt[place] < max(roundTrip, Self.shortestPause) {
      return nil
    }
    credit -= Int(entry.byteCount)
    entries[place].noteRepeat()
    repeatedAt[place] = now
    return entry.packet
  }

  /// Forgets what was sent; what was earned stays.
  public mutating func removeAll() {
    entries.removeAll()
    repeatedAt.removeAll()
    byteCount = 0
    beginning = nil
  }

  /// Numbers wrap: one that seems older and was noted later belongs to the next round.
  private func isNeeded(_ entry: Entry) -> Bool {
    guard let beginning else { return true }
    return entry.sentAt > beginning.at
      || !beginning.sequenceNumber.isNewer(than: entry.sequenceNumber)
  }

  private func place(of sequenceNumber: UInt16) -> Int {
    Int(sequenceNumber) & (max(entries.count, 1) - 1)
  }

  private func isRecent(_ entry: Entry, _ now: Instant) -> Bool {
    entry.isPresent && now - entry.sentAt <= age
  }

  private mutating func grow() {
    let old = entries
    let oldRepeatedAt = repeatedAt
    entries = Array(repeating: .none, count: max(old.count * 2, Self.smallestRing))
    if !repeatedAt.isEmpty { repeatedAt = Array(repeating: .zero, count: entries.count) }
    for (oldPlace, entry) in old.enumerated() where entry.isPresent {
      let place = place(of: entry.sequenceNumber)
      entries[place] = entry
      if !repeatedAt.isEmpty { repeatedAt[place] = oldRepeatedAt[oldPlace] }
    }
  }
}
