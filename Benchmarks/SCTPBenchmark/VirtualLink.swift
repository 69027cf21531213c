import Wire

/// One direction of a path in virtual time: a rate, a delay, a queue that drops at its tail, random loss.
struct VirtualLink {
  /// IP and UDP headers, and the record of DTLS around each packet: they take time on the wire too.
  static let overhead = 28 + 37

  struct Packet {
    let time: Instant
    let flow: Int
    let bytes: [UInt8]
  }

  let bitsPerSecond: Int64
  let delay: Duration
  let queueLimit: Double
  let loss: Double
  private var random: RandomSource
  private var freeAt = Instant.zero
  private var packets: [Packet?] = []
  private var head = 0
  private(set) var dropCount = 0
  private(set) var greatestQueue = 0.0
  private var queueSum = 0.0
  private var queueCount = 0

  init(bitsPerSecond: Int64, delay: Duration, queueLimit: Int, loss: Double, seed: UInt64) {
    self.bitsPerSecond = bitsPerSecond
    self.delay = delay
    self.queueLimit = Double(queueLimit)
    self.loss = loss
    random = .seeded(seed)
  }

  var nextTime: Instant? { head < packets.count ? packets[head]?.time : nil }

  /// Milliseconds a packet waited on average.
  var meanQueueMilliseconds: Double {
    queueCount == 0 ? 0 : queueSum / Double(queueCount) * 8000 / Double(bitsPerSecond)
  }

  /// Starts measuring the queue anew.
  mutating func resetQueueMeasurement() {
    queueSum = 0
    queueCount = 0
  }

  mutating func send(_ bytes: ArraySlice<UInt8>, flow: Int, at now: Instant) {
    if loss > 0, Double(random.next() >> 11) / Double(1 << 53) < loss { return }
    let start = max(freeAt, now)
    let count = bytes.count + Self.overhead
    let waiting = (start - now).seconds * Double(bitsPerSecond) / 8
    queueSum += waiting
    queueCount += 1
    guard waiting + Double(count) <= queueLimit else {
      dropCount += 1
      return
    }
    freeAt = start + Duration(nanoseconds: Int64(count) * 8_000_000_000 / bitsPerSecond)
    packets.append(Packet(time: freeAt + delay, flow: flow, bytes: Array(bytes)))
  }

  mutating func receive() -> Packet? {
    guard head < packets.count, let packet = packets[head] else { return nil }
    packets[head] = nil
    head += 1
    if head > 4096, head * 2 > packets.count {
      packets.removeFirst(head)
      head = 0
    }
    return packet
  }
}
