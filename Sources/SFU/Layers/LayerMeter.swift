import Wire

/// Measures what each layer of one stream takes, over the last second.
struct LayerMeter {
  /// The most spatial layers of a stream, and the most temporal ones of each, that are told apart.
  static let layerLimit = 4
  /// Bytes that a packet takes besides its payload: IP, UDP, RTP with extensions, and the tag.
  static let overhead = 58
  /// How long after its last packet a layer counts as switched off, if others of its stream go on.
  static let activityTimeout = Duration.milliseconds(1500)

  private static let targetCount = layerLimit * layerLimit
  private static let bucketCount = 4
  private static let interval = Duration.milliseconds(250)

  /// By bucket and then by layers: bytes with all that the layer needs, and frames of the layer itself.
  private var bytes: [UInt32] = []
  private var frames: [UInt32] = []
  private var lastSeen: [Instant?] = []
  private var newest: Instant?
  private var bucketStart = Instant.zero
  private var bucket = 0
  private var filledCount = 0
  private var frame: (timestamp: UInt32, spatial: UInt8)?

  /// The layers above count as the highest.
  static func place(_ spatial: UInt8, _ temporal: UInt8) -> Int {
    Int(min(spatial, 3)) * layerLimit + Int(min(temporal, 3))
  }

  /// Those who get `spatial` and `temporal` and everybody who gets more pictures of that size: one bit each.
  static func upward(_ spatial: UInt8, _ temporal: UInt8) -> UInt16 {
    (0x0f << UInt16(min(temporal, 3)) & 0x0f) << UInt16(min(spatial, 3) * 4)
  }

  /// Notes a packet of a layer. `targets` has a bit for the place of every layer that needs it.
  mutating func note(
    spatial: UInt8, temporal: UInt8, targets: UInt16, timestamp: UInt32, byteCount: Int,
    at now: Instant
  ) {
    roll(to: now)
    let size = UInt32(truncatingIfNeeded: byteCount + Self.overhead)
    let first = bucket * Self.targetCount
    var rest = targets
    while rest != 0 {
      bytes[first + rest.trailingZeroBitCount] &+= size
      rest &= rest &- 1
    }
    let own = Self.place(spatial, temporal)
    if frame?.timestamp != timestamp || frame?.spatial != spatial {
      frames[first + own] &+= 1
      frame = (timestamp, spatial)
    }
    lastSeen[own] = now
    newest = now
  }

  /// Whether the layer was being sent when the stream was heard of last.
  func isSent(_ spatial: UInt8, _ temporal: UInt8) -> Bool {
    guard let newest, let seen = lastSeen[Self.place(spatial, temporal)] else { return false }
    return newest - seen < Self.activityTimeout
  }

  /// Whether any picture of a size has come since `start`.
  func isSent(_ spatial: UInt8, since start: Instant) -> Bool {
    guard !lastSeen.isEmpty else { return false }
    let first = Self.place(spatial, 0)
    return lastSeen[first..<first + Self.layerLimit].contains { $0.map { $0 > start } ?? false }
  }

  /// Bit/s of a layer with all that it needs.
  func bitrate(_ spatial: UInt8, _ temporal: UInt8, at now: Instant) -> Int {
    let sum = total(bytes, Self.place(spatial, temporal))
    return Int(Int64(sum) * 8_000_000 / span(at: now).microseconds)
  }

  /// Frames per second of a layer with the temporal layers below.
  func frameRate(_ spatial: UInt8, _ temporal: UInt8, at now: Instant) -> Double {
    var sum: UInt32 = 0
    for lower in 0...min(temporal, 3) { sum &+= total(frames, Self.place(spatial, lower)) }
    return Double(sum) * 1_000_000 / Double(span(at: now).microseconds)
  }

  private func total(_ counts: [UInt32], _ place: Int) -> UInt32 {
    guard !counts.isEmpty else { return 0 }
    var sum: UInt32 = 0
    for bucket in 0..<Self.bucketCount { sum &+= counts[bucket * Self.targetCount + place] }
    return sum
  }

  private func span(at now: Instant) -> Duration {
    max(Self.interval * Int64(filledCount) + (now - bucketStart), Self.interval)
  }

  private mutating func roll(to now: Instant) {
    if bytes.isEmpty || now - bucketStart >= Self.interval * Int64(Self.bucketCount) {
      bytes = [UInt32](repeating: 0, count: Self.bucketCount * Self.targetCount)
      frames = bytes
      if lastSeen.isEmpty { lastSeen = [Instant?](repeating: nil, count: Self.targetCount) }
      bucketStart = now
      filledCount = 0
      return
    }
    while now - bucketStart >= Self.interval {
      bucketStart = bucketStart + Self.interval
      bucket = (bucket + 1) % Self.bucketCount
      filledCount = min(filledCount + 1, Self.bucketCount - 1)
      let first = bucket * Self.targetCount
      for place in first..<first + Self.targetCount {
        bytes[place] = 0
        frames[place] = 0
      }
    }
  }
}
