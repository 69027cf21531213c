import Cryptography
import DTLS
import OpenSSLTime
import Testing
import Wire

/// Two engines on a link in virtual time, with loss, duplication and reordering from a seed.
final class Pair {
  struct Link {
    var loss = 0.0
    var duplication = 0.0
    /// Delay of each datagram, drawn from this range in milliseconds.
    var delay: ClosedRange<Int64> = 10...10
  }

  enum Side: CaseIterable {
    case client, server
    var other: Side { self == .client ? .server : .client }
  }

  private struct Flying {
    var arrival: Instant
    var order: Int
    var to: Side
    var bytes: [UInt8]
  }

  let client: DTLSEngine
  let server: DTLSEngine
  var link: Link
  var now = Instant.zero
  var events: [Side: [DTLSEngine.Event]] = [.client: [], .server: []]
  /// Everything sent, in order.
  var sent: [(side: Side, bytes: [UInt8])] = []
  /// Changes or drops (`nil`) what is sent.
  var tamper: (Side, [UInt8]) -> [UInt8]? = { $1 }
  private var flying: [Flying] = []
  private var random: RandomSource
  private var order = 0
  private let outbox = Outbox()

  static let clientPath = Path(
    local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 2))
  static let serverPath = Path(local: clientPath.remote, remote: clientPath.local)

  init(client: DTLSEngine, server: DTLSEngine, link: Link = Link(), seed: UInt64 = 0) {
    self.client = client
    self.server = server
    self.link = link
    random = .seeded(seed)
  }

  /// A pair that expects each other's certificate.
  convenience init(
    clientProfiles: [SRTPProtectionProfile] = SRTPProtectionProfile.preferred,
    serverProfiles: [SRTPProtectionProfile] = SRTPProtectionProfile.preferred,
    maximumDatagramSize: Int = 1200, link: Link = Link(), seed: UInt64 = 0
  ) throws {
    let (a, b) = (try Contexts.shared(0), try Contexts.shared(1))
    self.init(
      client: try DTLSEngine(
        context: a, role: .client, expectedFingerprints: [b.identity.fingerprint],
        srtpProfiles: clientProfiles, maximumDatagramSize: maximumDatagramSize),
      server: try DTLSEngine(
        context: b, role: .server, expectedFingerprints: [a.identity.fingerprint],
        srtpProfiles: serverProfiles, maximumDatagramSize: maximumDatagramSize),
      link: link, seed: seed)
  }

  func engine(_ side: Side) -> DTLSEngine { side == .client ? client : server }
  func path(_ side: Side) -> Path { side == .client ? Self.clientPath : Self.serverPath }

  /// Calls one engine and lets fly what it sends.
  func call(_ side: Side, _ body: (DTLSEngine, Outbox, inout [DTLSEngine.Event]) -> Void) {
    inVirtualTime(now) { body(engine(side), outbox, &events[side, default: []]) }
    for datagram in outbox.datagrams {
      let bytes = outbox.bytes(of: datagram)
      sent.append((side, bytes))
      if let bytes = tamper(side, bytes) { fly(bytes, from: side) }
    }
    outbox.removeAll()
  }

  func start() { call(.client) { $0.start(on: path(.client), at: now, into: $1, events: &$2) } }

  /// Hands `bytes` to `side` now.
  func inject(_ bytes: [UInt8], to side: Side) {
    call(side) { $0.receive(bytes.span, on: path(side), at: now, into: $1, events: &$2) }
  }

  private func fly(_ bytes: [UInt8], from side: Side) {
    var copies = Double.random(in: 0..<1, using: &random) < link.loss ? 0 : 1
    if Double.random(in: 0..<1, using: &random) < link.duplication { copies += 1 }
    for _ in 0..<copies {
      let delay = Duration.milliseconds(Int64.random(in: link.delay, using: &random))
      order += 1
      flying.append(Flying(arrival: now + delay, order: order, to: side.other, bytes: bytes))
    }
  }

  /// Runs until nothing is left to happen, `done` holds or `end` is reached.
  func run(until end: Instant = .zero + .seconds(120), _ done: (Pair) -> Bool = { _ in false }) {
    var steps = 0
    while !done(self), steps < 20_000 {
      steps += 1
      let arrival = flying.min { ($0.arrival, $0.order) < ($1.arrival, $1.order) }
      let timers = Side.allCases.compactMap { side in
        engine(side).deadline.map { (due: $0, side: side) }
      }
      let timer = timers.min { $0.due < $1.due }
      guard let next = [arrival?.arrival, timer?.due].compactMap({ $0 }).min(), next <= end else {
        return
      }
      now = max(now, next)
      if let arrival, arrival.arrival <= now {
        flying.removeAll { $0.order == arrival.order }
        inject(arrival.bytes, to: arrival.to)
      } else if let timer {
        call(timer.side) { $0.advance(to: now, into: $1, events: &$2) }
      }
    }
  }

  var bothConnected: Bool { client.isConnected && server.isConnected }

  func keys(_ side: Side) -> SRTPKeyingMaterial? {
    for case .connected(let keys) in events[side] ?? [] { return keys }
    return nil
  }

  func data(_ side: Side) -> [[UInt8]] {
    (events[side] ?? []).compactMap { event in
      if case .applicationData(let bytes) = event { bytes } else { nil }
    }
  }

  func errors(_ side: Side) -> [DTLSError] {
    (events[side] ?? []).compactMap { event in
      if case .failed(let error) = event { error } else { nil }
    }
  }
}

extension SRTPProtectionProfile {
  static let preferred: [SRTPProtectionProfile] = [
    .aeadAES256GCM, .aeadAES128GCM, .aesCM128HMACSHA1Tag80,
  ]
}

/// Identities made once for all tests; a context is made anew, since it belongs to one thread.
enum Contexts {
  private static let identities = (0..<3).map { _ in try? DTLSIdentity.generate() }

  static func shared(_ index: Int) throws -> DTLSContext {
    try DTLSContext(identity: try #require(identities[index]))
  }
}
