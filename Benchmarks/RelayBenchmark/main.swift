import CAllocations
import STUN
import TURN
import Wire

// What the TURN server as a machine costs, without sockets: processor time and allocations of a relayed packet of
// 1,200 bytes in each direction, by channel and by indication, with 1 and with 1,000 allocations that take turns;
// and what an idle allocation keeps of the heap, for 10,000 of them. Prints JSON.

/// Packets of one turn of a worker's loop.
let batch = 64
let rounds = 1000
let clock = ContinuousClock()

struct Figure {
  var nanoseconds = Double.infinity
  var allocations = Double.infinity

  /// Keeps the best of several rounds: the machine is shared.
  mutating func note(_ elapsed: Swift.Duration, _ allocated: UInt64) {
    let (seconds, attoseconds) = elapsed.components
    let total = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    nanoseconds = min(nanoseconds, total / Double(batch))
    allocations = min(allocations, Double(allocated) / Double(batch))
  }

  func line(_ name: String) -> String {
    let rounded = Double(Int(allocations * 1000)) / 1000
    return """
        {"name": "\(name)", "nanoseconds": \(Int(nanoseconds + 0.5)), "allocations": \(rounded)}
      """
  }
}

/// Runs a turn of packets again and again.
func measure(_ outbox: Outbox, _ body: (Int) -> Void) -> Figure {
  var figure = Figure()
  for round in 0..<rounds {
    let allocated = allocation_count()
    let start = clock.now
    for index in 0..<batch { body(round * batch + index) }
    figure.note(clock.now - start, allocation_count() - allocated)
    precondition(outbox.datagrams.count == batch, "every packet is relayed")
    outbox.removeAll()
  }
  return figure
}

var lines: [String] = []
for count in [1, 1000] {
  let farm = RelayFarm(count)
  farm.bindChannels()
  let outbox = Outbox(byteCapacity: 1 << 20)
  let payload = [UInt8](repeating: 0x80, count: 1200)
  let channel = RelayFarm.channelData(payload)
  let send = RelayFarm.sendIndication(payload)
  let suffix = "\(count) allocations"
  var events: [TURNServer.Event] = []
  let toPeer = measure(outbox) { index in
    farm.server.receive(
      channel.span, on: farm.clients[index % count], at: .zero, into: outbox, events: &events)
  }
  lines.append(toPeer.line("relay.channel.toPeer.\(suffix)"))
  let toClient = measure(outbox) { index in
    farm.server.receiveRelayed(
      payload.span, at: farm.relays[index % count], from: RelayFarm.peer, at: .zero, into: outbox)
  }
  lines.append(toClient.line("relay.channel.toClient.\(suffix)"))
  let indication = measure(outbox) { index in
    farm.server.receive(
      send.span, on: farm.clients[index % count], at: .zero, into: outbox, events: &events)
  }
  lines.append(indication.line("relay.indication.toPeer.\(suffix)"))
  let data = measure(outbox) { index in
    farm.server.receiveRelayed(
      payload.span, at: farm.relays[index % count], from: RelayFarm.otherPeer, at: .zero,
      into: outbox)
  }
  lines.append(data.line("relay.indication.toClient.\(suffix)"))
}

let before = heap_byte_count()
let idle = RelayFarm(10_000)
/// What the server keeps of each.
func heapPerAllocation() -> Int {
  Int(heap_byte_count() - before) / 10_000 - RelayFarm.ownByteCount
}
let idleBytes = heapPerAllocation()
precondition(idle.server.allocationCount == 10_000)
lines.append(
  """
    {"name": "allocation.idle", "value": \(idleBytes), "unit": "heap bytes/allocation"}
  """)
idle.bindChannels()
lines.append(
  """
    {"name": "allocation.with a channel", "value": \(heapPerAllocation()), "unit": "heap bytes/allocation"}
  """)
print("[\n\(lines.joined(separator: ",\n"))\n]")
