import DTLS
import Wire

/// Two engines, and a script that says what happens between them.
private struct Script {
  private let client: DTLSEngine
  private let server: DTLSEngine
  private let path = Path(
    local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 2))
  private let outbox = Outbox()
  private var events: [DTLSEngine.Event] = []
  private var toServer: [[UInt8]] = []
  private var toClient: [[UInt8]] = []
  private var now = Instant.zero

  init?(_ contexts: (client: DTLSContext, server: DTLSContext)) {
    guard
      let client = try? DTLSEngine(
        context: contexts.client, role: .client,
        expectedFingerprints: [contexts.server.identity.fingerprint]),
      let server = try? DTLSEngine(
        context: contexts.server, role: .server,
        expectedFingerprints: [contexts.client.identity.fingerprint])
    else { return nil }
    (self.client, self.server) = (client, server)
  }

  mutating func run(_ script: Span<UInt8>) {
    var reader = ByteReader(script)
    client.start(on: path, at: now, into: outbox, events: &events)
    take(from: client)
    while let step = try? reader.readUInt8() {
      guard (try? perform(step, &reader)) != nil else { return }
    }
  }

  private mutating func perform(_ step: UInt8, _ reader: inout ByteReader) throws(Truncated) {
    let engine = step & 1 == 0 ? server : client
    switch step >> 1 & 3 {
    case 0:
      let count = Int(try reader.readUInt8()) << 3
      let forged = try reader.take(min(count, reader.remainingCount))
      receive(Array(copying: forged), by: engine)
    case 1:
      receive(next(for: engine), by: engine)
    case 2:
      var bytes = next(for: engine)
      let position = Int(try reader.readUInt16())
      if !bytes.isEmpty { bytes[position % bytes.count] ^= try reader.readUInt8() }
      receive(bytes, by: engine)
    default:
      now = now + .milliseconds(Int64(try reader.readUInt8()) * 40)
      engine.advance(to: now, into: outbox, events: &events)
      precondition(engine.deadline.map { $0 >= now } ?? true)
      take(from: engine)
    }
  }

  private mutating func next(for engine: DTLSEngine) -> [UInt8] {
    if engine === server { return toServer.isEmpty ? [] : toServer.removeFirst() }
    return toClient.isEmpty ? [] : toClient.removeFirst()
  }

  private mutating func receive(_ bytes: [UInt8], by engine: DTLSEngine) {
    engine.receive(bytes.span, on: path, at: now, into: outbox, events: &events)
    take(from: engine)
  }

  private mutating func take(from engine: DTLSEngine) {
    let sent = outbox.datagrams.map { outbox.bytes(of: $0) }
    outbox.removeAll()
    precondition(sent.allSatisfy { $0.count <= engine.maximumDatagramSize })
    if engine === server { toClient += sent } else { toServer += sent }
  }
}

extension [UInt8] {
  fileprivate init(copying span: Span<UInt8>) {
    self.init(capacity: span.count) { $0.append(copying: span) }
  }
}

@MainActor private let contexts: (client: DTLSContext, server: DTLSContext)? = {
  guard let client = try? DTLSContext(identity: .generate()),
    let server = try? DTLSContext(identity: .generate())
  else { return nil }
  return (client, server)
}()

/// Reads steps of a script: forge, deliver, damage and deliver, let time pass.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDTLS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: the fuzzer lends these bytes for this call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  MainActor.assumeIsolated {
    guard let contexts, var script = Script(contexts) else { return }
    script.run(bytes.span)
  }
  return 0
}
