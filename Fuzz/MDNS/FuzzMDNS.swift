import ICE
import Wire

/// Any bytes for the parsers of multicast DNS and of candidates, for a resolver, for a responder, and as a stream of
/// frames.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMDNS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  parse(bytes)
  converse(bytes)
  cut(bytes)
  readCandidate(String(decoding: bytes, as: UTF8.self))
  return 0
}

/// What is read is the same when it is written and read again.
private func parse(_ bytes: [UInt8]) {
  guard let message = try? MDNSMessage(parsing: bytes.span) else { return }
  let written = [UInt8](capacity: message.byteCapacity) { message.write(into: &$0) }
  guard let again = try? MDNSMessage(parsing: written.span) else {
    // Questions for two families are written as two, of which there may be too many.
    return precondition(message.questions.count > 100)
  }
  precondition(again.records == message.records && again.id == message.id)
  precondition(Set(again.questions.map(\.name)) == Set(message.questions.map(\.name)))
}

private func readCandidate(_ text: String) {
  guard let candidate = ICECandidate(parsing: text) else { return }
  precondition(ICECandidate(parsing: candidate.description) == candidate)
}

private func converse(_ bytes: [UInt8]) {
  let local = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: MDNSResolver.port)
  let group = Path(local: local, remote: MDNSResolver.groups[0])
  let port = (bytes.first ?? 0) & 1 == 0 ? MDNSResolver.port : 40_000
  let path = Path(
    local: local, remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: port))
  var random = RandomSource.seeded(1)
  let outbox = Outbox()
  var responder = MDNSResponder(paths: [group])
  guard let name = responder.name(for: IPAddress(192, 0, 2, 2), at: .zero, random: &random) else {
    return
  }
  responder.receive(bytes.span, on: path, at: .zero, into: outbox)
  // A question for one name gets one answer, however often it is asked.
  precondition(outbox.datagrams.count <= 1)
  var resolver = MDNSResolver(paths: [group])
  var events: [MDNSResolver.Event] = []
  _ = resolver.resolve(name, at: .zero, into: outbox)
  if let short = MDNSName("a.local") { _ = resolver.resolve(short, at: .zero, into: outbox) }
  resolver.receive(bytes.span, on: path, at: .zero, events: &events)
  precondition(events.count <= 2)
}

/// However a stream is cut, the same packets come out.
private func cut(_ bytes: [UInt8]) {
  func packets(_ piece: Int) -> [[UInt8]] {
    var framing = StreamFraming()
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
      framing.append(bytes.span.extracting(start..<min(start + piece, bytes.count)))
      while let packet = framing.next() { found.append(packet) }
    }
    return found
  }
  precondition(packets(1 + Int(bytes.first ?? 0) % 16) == packets(max(1, bytes.count)))
}
