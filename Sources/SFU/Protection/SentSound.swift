import Wire

/// The last packets of sound that went to one viewer, encrypted as they were.
struct SentSound {
  /// Packets that are kept.
  static let capacity = 16
  /// Players wait no longer for one.
  private static let patience = Duration.milliseconds(300)
  /// How often one is sent again.
  private static let repeatLimit = 2

  private struct Packet {
    var number: UInt16
    var bytes: [UInt8]
    var sentAt: Instant
    var repeatCount = 0
    var lastAt: Instant
  }

  private var packets: [Packet] = []
  private var next = 0

  /// Keeps the newest datagram of `outbox`, which was sent with that number.
  mutating func note(_ number: UInt16, _ outbox: Outbox, at now: Instant) {
    if packets.count < Self.capacity {
      packets.append(Packet(number: number, bytes: [], sentAt: now, lastAt: now))
    }
    let place = next
    next = (next + 1) % Self.capacity
    var bytes = packets[place].bytes
    packets[place].bytes = []
    _ = outbox.copyNewest(into: &bytes)
    packets[place] = Packet(number: number, bytes: bytes, sentAt: now, lastAt: now)
  }

  /// The packet with that number, where sending it again can be of use.
  mutating func take(_ number: UInt16, roundTrip: Duration, at now: Instant) -> [UInt8]? {
    guard let place = packets.firstIndex(where: { $0.number == number }),
      now - packets[place].sentAt <= Self.patience,
      packets[place].repeatCount < Self.repeatLimit,
      packets[place].repeatCount == 0 || now - packets[place].lastAt >= roundTrip * 3 / 4
    else { return nil }
    packets[place].repeatCount += 1
    packets[place].lastAt = now
    return packets[place].bytes
  }
}
