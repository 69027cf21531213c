public import Wire

/// The packets that came on one stream a short while ago, kept once for all its viewers.
///
/// Payloads lie in one ring of bytes that grows to the limit and is then used again; keeping a packet allocates nothing. A
/// viewer's ``RepairLedger`` tells which of these its sequence numbers stand for.
public struct SharedPacketCache: Sendable {
  /// How much is kept.
  public struct Limits: Sendable, Hashable {
    /// The most packets; rounded up to a power of two, at most 16,384.
    public var packetCount: Int
    /// The most bytes of payload.
    public var byteCount: Int
    /// The oldest packet.
    public var age: Duration

    /// Limits.
    public init(packetCount: Int = 2048, byteCount: Int = 1 << 20, age: Duration = .seconds(2)) {
      self.packetCount = packetCount
      self.byteCount = byteCount
      self.age = age
    }
  }

  /// What is known of a packet besides its payload.
  public struct Packet: Sendable, Equatable {
    /// Its sequence number without wrapping.
    public let index: Int64
    /// Its payload type.
    public let payloadType: UInt8
    /// Its M bit.
    public let marker: Bool
    /// Its timestamp.
    public let timestamp: UInt32
    /// The audio level byte beside it (RFC 6464), if any.
    public let audioLevel: UInt8?
    /// The video orientation byte beside it, if any.
    public let videoOrientation: UInt8?

    /// A packet.
    public init(
      index: Int64, payloadType: UInt8, marker: Bool, timestamp: UInt32,
      audioLevel: UInt8? = nil, videoOrientation: UInt8? = nil
    ) {
      self.audioLevel = audioLevel
      self.videoOrientation = videoOrientation
      self.index = index
      self.payloadType = payloadType
      self.marker = marker
      self.timestamp = timestamp
    }
  }

  private struct Entry {
    let packet: Packet
    let storedAt: Instant
    /// Where the payload starts, counted from the first byte that was ever kept.
    let start: Int
    let count: Int
  }

  private static let smallestRing = 1 << 14

  private let limits: Limits
  private let mask: Int64
  /// By the low bits of the index.
  private var entries: [Entry?]
  /// Payloads, by position modulo the count.
  private var ring: [UInt8] = []
  /// The position of the next payload.
  private var end = 0
  /// The newest packet, and one that none which may still be asked for is older than.
  private var newest = Int64.min
  private var tail = Int64.min

  /// An empty cache.
  public init(limits: Limits = .init()) {
    self.limits = limits
    var count: Int64 = 16
    while count < min(limits.packetCount, 1 << 14) { count <<= 1 }
    mask = count - 1
    entries = []
  }

  /// Bytes of memory that payloads take.
  public var byteCapacity: Int { ring.count }

  /// Keeps a packet that came. One that does not fit at all is not kept.
  public mutating func store(_ packet: Packet, payload: Span<UInt8>, at now: Instant) {
    guard payload.count <= limits.byteCount else { return }
    if entries.isEmpty { entries = Array(repeating: nil, count: Int(mask) + 1) }
    let place = Int(packet.index & mask)
    // A packet that comes late does not push a newer one out.
    if let old = entries[place], old.packet.index >= packet.index { return }
    makeRoom(payload.count, at: now)
    if newest == .min { tail = packet.index }
    newest = max(newest, packet.index)
    guard payload.count <= ring.count else { return }
    let start = Self.start(from: end, count: payload.count, in: ring.count)
    let first = ring.isEmpty ? 0 : start % ring.count
    // One check of bounds for all bytes: this runs for every packet that comes.
    var bytes = ring.mutableSpan
    var target = bytes._mutatingExtracting(first..<first + payload.count)
    for offset in payload.indices { target[offset] = payload[offset] }
    entries[place] = Entry(packet: packet, storedAt: now, start: start, count: payload.count)
    end = start + payload.count
  }

  /// The packet with that index, if it is there still.
  public func packet(at index: Int64, now: Instant) -> Packet? {
    entry(at: index, now: now)?.packet
  }

  /// The length of the payload of the packet with that index, if it is there still.
  public func byteCount(at index: Int64, now: Instant) -> Int? {
    entry(at: index, now: now)?.count
  }

  /// Appends the payload of the packet with that index. False where it is not there any more, or `output` has no room.
  @_lifetime(output: copy output)
  public func appendPayload(
    at index: Int64, now: Instant, to output: inout OutputSpan<UInt8>
  ) -> Bool {
    guard let entry = entry(at: index, now: now), output.freeCapacity >= entry.count
    else { return false }
    guard entry.count > 0 else { return true }
    let first = entry.start % ring.count
    output.append(copying: ring.span.extracting(first..<first + entry.count))
    return true
  }

  private func entry(at index: Int64, now: Instant) -> Entry? {
    guard !entries.isEmpty, let entry = entries[Int(index & mask)], entry.packet.index == index,
      now - entry.storedAt <= limits.age, isThere(entry)
    else { return nil }
    return entry
  }

  /// Whether the payload was not written over.
  private func isThere(_ entry: Entry) -> Bool { end - entry.start <= ring.count }

  /// The next position at or after `end` from which a payload lies in one piece.
  private static func start(from end: Int, count: Int, in capacity: Int) -> Int {
    guard capacity > 0, end % capacity + count > capacity else { return end }
    return end + capacity - end % capacity
  }

  /// Makes the ring larger while that is allowed and a packet would be written over that may still be asked for.
  private mutating func makeRoom(_ count: Int, at now: Instant) {
    guard newest > .min else { return grow(toHold: count) }
    tail = max(tail, newest &- mask)
    while tail <= newest, entry(at: tail, now: now) == nil { tail &+= 1 }
    while ring.count < limits.byteCount {
      let next = Self.start(from: end, count: count, in: ring.count) + count
      let oldest = entries[Int(tail & mask)].map { next - $0.start } ?? 0
      let isOverwriting = tail <= newest && oldest > ring.count
      guard isOverwriting || count > ring.count else { return }
      grow()
    }
  }

  private mutating func grow(toHold count: Int) {
    while ring.count < min(max(count, 1), limits.byteCount) { grow() }
  }

  private mutating func grow() {
    let capacity = min(max(ring.count * 2, Self.smallestRing), limits.byteCount)
    var larger: [UInt8] = []
    larger.reserveCapacity(capacity)
    let kept = entries.indices
      .filter { entries[$0].map { isThere($0) } ?? false }
      .sorted { (entries[$0]?.start ?? 0) < (entries[$1]?.start ?? 0) }
    for place in entries.indices where entries[place].map({ !isThere($0) }) ?? false {
      entries[place] = nil
    }
    for place in kept {
      guard let entry = entries[place] else { continue }
      let start = larger.count
      if entry.count > 0 {
        let first = entry.start % ring.count
        larger.append(contentsOf: ring[first..<first + entry.count])
      }
      entries[place] = Entry(
        packet: entry.packet, storedAt: entry.storedAt, start: start, count: entry.count)
    }
    end = larger.count
    larger.append(contentsOf: repeatElement(0, count: capacity - larger.count))
    ring = larger
  }
}
