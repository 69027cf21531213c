import CAllocations
import Net
import Wire

/// How packets for many viewers follow each other in the outbox.
enum Order {
  /// All of one viewer's, then all of the next one's.
  case byViewer
  /// Each packet for all viewers, then the next one.
  case byPacket
}

/// Measures sending 1,200-byte datagrams to 32 destinations.
struct Sending {
  let drain: Drain
  var sent = 0

  init(drain: Drain) { self.drain = drain }

  /// Sends `run` packets to each destination per flush, and measures the flush alone.
  mutating func measure(
    _ name: String, run: Int, order: Order = .byViewer, segmentation: Bool = true,
    isSingle: Bool = false
  ) throws -> [Measurement] {
    var options = UDPSocket.Options()
    options.usesSegmentation = segmentation
    let socket = try UDPSocket(
      boundTo: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0), options: options)
    let paths = drain.addresses.map { Path(local: socket.localAddress, remote: $0) }
    let outbox = Outbox(byteCapacity: 1 << 20)
    var times: [Double] = []
    var allocations: [Double] = []
    for round in 0..<6 {
      var time = Duration.zero
      var allocated: UInt64 = 0
      let flushes = max(1, 512 / run)
      for _ in 0..<flushes {
        let used = fill(outbox, paths, run, order, isSingle) {
          let count = allocation_count()
          let start = MonotonicClock.threadTime()
          socket.flush(outbox)
          time = time + (MonotonicClock.threadTime() - start)
          allocated += allocation_count() - count
        }
        sent += used
        drain.settle(sent)
      }
      // The first round grows the buffers.
      guard round > 0 else { continue }
      let packets = Double(flushes * run * paths.count)
      times.append(Double(time.nanoseconds) / 1000 / packets)
      allocations.append(Double(allocated) / packets)
    }
    return [
      Measurement(name, times, unit: "CPU-µs/datagram"),
      Measurement(name + ", allocations", allocations, unit: "/datagram"),
    ]
  }

  /// Fills the outbox and calls `flush`: once, or after each datagram. Returns how many datagrams.
  private func fill(
    _ outbox: Outbox, _ paths: [Path], _ run: Int, _ order: Order, _ isSingle: Bool,
    _ flush: () -> Void
  ) -> Int {
    let packet = [UInt8](repeating: 0x80, count: 1200)
    let total = run * paths.count
    for index in 0..<total {
      let viewer = order == .byViewer ? index / run : index % paths.count
      outbox.append(packet.span, on: paths[viewer])
      if isSingle { flush() }
    }
    if !isSingle { flush() }
    return total
  }
}
