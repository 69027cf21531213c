import CAllocations
import Cryptography
import RTP
import SRTP
import Wire

// What it costs to protect and to open a packet of 1,200 bytes, as the forwarding path does it: a header written
// into the arena, the payload encrypted behind it, a received packet opened in place. Prints JSON.

let payloadCount = 1200 - RTPHeader.fixedByteCount - 8
/// Packets of one turn: what fits the cache, as in the loop of a worker.
let batch = 64
let rounds = 3000

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
}

func measure(_ profile: SRTPProtectionProfile) throws -> (protect: Figure, open: Figure) {
  let key = [UInt8](repeating: 1, count: profile.masterKeyByteCount)
  let salt = [UInt8](repeating: 2, count: profile.masterSaltByteCount)
  var sender = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt)
  var receiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt)
  let payload = [UInt8](repeating: 7, count: payloadCount)
  var extensions = RTPHeaderExtensionList()
  let path = Path(
    local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 2))
  let outbox = Outbox(byteCapacity: 1 << 20)
  var protect = Figure()
  var open = Figure()
  let clock = ContinuousClock()
  var number: UInt16 = 0
  var arrived = [[UInt8]](repeating: [], count: batch)
  for _ in 0..<rounds {
    let allocated = allocation_count()
    let start = clock.now
    for _ in 0..<batch {
      number &+= 1
      let header = RTPHeader(
        payloadType: 96, sequenceNumber: number, timestamp: UInt32(number), ssrc: 5)
      extensions.removeAll()
      extensions.append(id: 3, value: UInt64(number), byteCount: 2)
      try outbox.append(on: path, capacity: 1300) { output throws(SRTPError) in
        header.write(extensions: extensions, into: &output)
        try sender.protect(
          payload: payload.span,
          afterHeaderOf: RTPHeader.fixedByteCount + extensions.byteCount, in: &output)
      }
    }
    protect.note(clock.now - start, allocation_count() - allocated)
    for index in 0..<batch { arrived[index] = outbox.bytes(of: outbox.datagrams[index]) }
    outbox.removeAll()
    let openAllocated = allocation_count()
    let openStart = clock.now
    for index in 0..<batch {
      var packet = arrived[index].mutableSpan
      _ = try receiver.unprotect(&packet)
    }
    open.note(clock.now - openStart, allocation_count() - openAllocated)
  }
  return (protect, open)
}

func line(_ name: String, _ figure: Figure) -> String {
  let nanoseconds = Int(figure.nanoseconds + 0.5)
  let allocations = Double(Int(figure.allocations * 1000)) / 1000
  return """
      {"name": "\(name)", "nanoseconds": \(nanoseconds), "allocations": \(allocations)}
    """
}

var lines: [String] = []
for profile in SRTPProtectionProfile.allCases {
  let (protect, open) = try measure(profile)
  lines.append(line("srtp.writeAndProtect.\(profile).1200B", protect))
  lines.append(line("srtp.open.\(profile).1200B", open))
}
print("[\n\(lines.joined(separator: ",\n"))\n]")
