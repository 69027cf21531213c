import BenchmarkPeers
import CAllocations
import Cryptography
import Net
import SFU
import Wire

/// A sender's packets as they come out of a socket, and the forwarder's work on them: from SRTP in to SRTP out,
/// without a socket. Turns bring two and three packets by turns, as senders pace them.
final class InMemory {
  private static let slotSize = 2048
  private static let turns = 32
  private static let packetCount = turns / 2 * 5

  private let room: LoadRoom
  private let viewerCount: Int
  /// Whether viewers have everything negotiated, and tell what arrives.
  private let isFull: Bool
  private var slab = [UInt8](repeating: 0, count: packetCount * slotSize)
  private var lengths = [Int](repeating: 0, count: packetCount)
  private let sent = Outbox(byteCapacity: 1 << 18)
  private var events: [ForwarderEvent] = []
  private var isKey = true

  init(viewerCount: Int, profile: SRTPProtectionProfile, isFull: Bool = false) throws {
    self.viewerCount = viewerCount
    self.isFull = isFull
    let port: UInt16 = 7880
    room = LoadRoom(serverAddress: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port))
    for number in 0...viewerCount {
      let host = UInt32(0x7f01_0000) + UInt32(number)
      try room.add(
        at: TransportAddress(ip: IPAddress(v4: host), port: 5000), profile: profile,
        sends: number == 0, isFull: isFull)
    }
    room.connect()
  }

  /// Runs `rounds` batches; returns time and allocations of each for one forwarded packet.
  func measure(_ name: String, rounds: Int) -> [Measurement] {
    var times: [Double] = []
    var allocations: [Double] = []
    for round in 0..<rounds {
      prepare()
      let before = room.forwarder.forwardedCount
      let (elapsed, allocated) = run()
      let forwarded = Double(room.forwarder.forwardedCount - before)
      precondition(
        Int(forwarded) == Self.packetCount * viewerCount, "only \(forwarded) were forwarded")
      room.exchange(.milliseconds(1))
      // The first rounds grow buffers and bring in what is in memory only.
      guard round >= rounds / 5 else { continue }
      times.append(Double(elapsed.nanoseconds) / 1000 / forwarded)
      allocations.append(Double(allocated) / forwarded)
    }
    return [
      Measurement(name, times, unit: "CPU-µs/packet"),
      Measurement(name + ", allocations", allocations, unit: "/packet"),
    ]
  }

  /// Encrypts the next packets into the slab, as a socket would have filled it.
  private func prepare() {
    sent.removeAll()
    while sent.datagrams.count < Self.packetCount {
      let left = min(6, Self.packetCount - sent.datagrams.count)
      room.peers[0].appendFrame(isKey: isKey, packetCount: left, byteCount: 1150, into: sent)
      isKey = false
    }
    for (index, datagram) in sent.datagrams.enumerated() {
      let start = index * Self.slotSize
      lengths[index] = datagram.count
      for byte in 0..<datagram.count { slab[start + byte] = sent.arena[datagram.offset + byte] }
    }
  }

  /// The forwarder's time and allocations, its viewers' not counted.
  private func run() -> (elapsed: Duration, allocations: UInt64) {
    var next = 0
    var now = room.now
    var elapsed = Duration.zero
    var allocations: UInt64 = 0
    func measured(_ body: () -> Void) {
      let allocated = allocation_count()
      let start = MonotonicClock.threadTime()
      body()
      elapsed = elapsed + (MonotonicClock.threadTime() - start)
      allocations += allocation_count() - allocated
    }
    for turn in 0..<Self.turns {
      now = now + .milliseconds(5)
      let first = next
      next += turn & 1 == 0 ? 2 : 3
      measured { takeTurn(first..<next, at: now) }
      if isFull {
        room.deliverEverything(at: now)
        measured { room.deliverToServer() }
      } else if turn < Self.turns - 1 {
        room.outbox.removeAll()
      }
    }
    room.pass(now)
    return (elapsed, allocations)
  }

  private func takeTurn(_ packets: Range<Int>, at now: Instant) {
    let path = Path(local: room.serverAddress, remote: room.peers[0].path.local)
    for packet in packets {
      let start = packet * Self.slotSize
      var datagram = slab.mutableSpan._consumingExtracting(start..<start + lengths[packet])
      room.forwarder.receive(
        &datagram, at: start, on: path, at: now, into: room.outbox, events: &events)
    }
    var bytes = slab.mutableSpan
    room.forwarder.forward(&bytes, at: now, into: room.outbox)
    room.forwarder.advance(to: now, into: room.outbox, events: &events)
  }
}
