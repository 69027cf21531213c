import Wire

/// The last packets of sound as they left: browsers repeat those under their own numbers, and once in a round trip at
/// most (libwebrtc's `RtpPacketHistory`), however often they are asked.
struct SoundCache {
  private static let size = 128

  private struct Packet {
    var number: UInt16
    var bytes: [UInt8]
    var repeatedAt: Instant?
  }

  private var packets = [Packet?](repeating: nil, count: size)
  private var wanted: [UInt16] = []

  mutating func keep(_ number: UInt16, _ bytes: [UInt8]) {
    packets[Int(number) % Self.size] = Packet(number: number, bytes: bytes)
  }

  mutating func request(_ number: UInt16) {
    if wanted.count < Self.size { wanted.append(number) }
  }

  /// What was asked for, once.
  mutating func takeRequested(roundTrip: Duration, at now: Instant) -> [[UInt8]] {
    defer { wanted.removeAll(keepingCapacity: true) }
    return wanted.compactMap { number in
      let place = Int(number) % Self.size
      guard let packet = packets[place], packet.number == number else { return nil }
      if let last = packet.repeatedAt, now - last < roundTrip { return nil }
      packets[place]?.repeatedAt = now
      return packet.bytes
    }
  }
}
