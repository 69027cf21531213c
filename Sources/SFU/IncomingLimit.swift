import Wire

/// How much one source may bring: a token bucket, kept as the time from which on there is room.
///
/// What goes beyond is as good as lost. No browser gets there; who floods spoils its own picture and sound only.
struct IncomingLimit {
  /// Opus has 510 kbit/s at most.
  static let soundBitrate = 600_000
  /// A screen of the largest size in full motion.
  static let pictureBitrate = 16_000_000
  /// So much comes at once: a key frame of a large picture, or what a network held up.
  private static let burst = Duration.milliseconds(500)
  private static let bitrates = 8_000...1_000_000_000

  private let timePerByte: Int64
  private var freeAt = Instant.zero

  /// A limit in bit/s, headers of RTP included.
  init(bitrate: Int) {
    let bounded = min(max(bitrate, Self.bitrates.lowerBound), Self.bitrates.upperBound)
    timePerByte = 8_000_000_000 / Int64(bounded)
  }

  /// Whether a packet of so many bytes is within the limit; it counts only then.
  mutating func takes(_ byteCount: Int, at now: Instant) -> Bool {
    let start = max(freeAt, now - Self.burst)
    guard start <= now else { return false }
    freeAt = start + Duration(nanoseconds: Int64(byteCount) &* timePerByte)
    return true
  }
}
