import ICE
import STUN
import Wire

/// A script of calls, times, damaged and well-made datagrams for one agent.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzICE(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  var script = Script(bytes: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  script.run()
  return 0
}

private struct Script {
  private let bytes: [UInt8]
  private var position = 0
  private var agent: ICEAgent
  private let remote: ICECredentials
  private let outbox = Outbox()
  private var events: [ICEAgent.Event] = []
  private var now = Instant.zero
  private var random = RandomSource.seeded(1)
  private static let base = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 3478)
  private static let home = IPAddress(198, 51, 100, 1)
  private static let active = TransportAddress(ip: home, port: ICECandidate.activePort)

  init(bytes: [UInt8]) {
    self.bytes = bytes
    remote = .random(using: &random)
    let kind = bytes.first ?? 0
    var configuration = ICEAgent.Configuration()
    configuration.isLite = kind & 6 == 6
    configuration.movesToBetterPairs = kind & 8 != 0
    agent = ICEAgent(
      role: kind & 1 == 0 ? .controlling : .controlled, credentials: .random(using: &random),
      configuration: configuration, random: .seeded(2))
    agent.usesRenomination = kind & 16 != 0
    agent.remoteIsLite = kind & 96 == 96
    let address = TransportAddress(ip: Self.home, port: 3478)
    agent.addLocalCandidate(ICECandidate(address: address), base: Self.base)
    agent.addLocalCandidate(
      ICECandidate(address: Self.active, transport: .tcp, tcpType: .active))
    agent.addLocalCandidate(
      ICECandidate(address: address, transport: .tcp, tcpType: .passive), base: Self.base)
  }

  mutating func run() {
    while let step = next() {
      switch step % 14 {
      case 0: now = now + .milliseconds(Int64(next() ?? 0) * 20)
      case 1: if let deadline = agent.deadline { now = max(now, deadline) }
      case 2: receive(take(Int(next() ?? 0)), on: path())
      case 3: receive(check(), on: path())
      case 4: answer()
      case 5: agent.addRemoteCandidate(candidate())
      case 6: agent.setRemoteCandidatesComplete()
      case 7: agent.restart(credentials: .random(using: &random))
      case 8: agent.setRemoteCredentials(remote)
      case 9:
        agent.pathFailed(selectedOrAnyPath(), at: now, into: outbox, events: &events)
      case 10: agent.renominate(path(), at: now)
      case 11: agent.setLocalCandidatesComplete()
      case 12: agent.addLocalCandidate(candidate(), base: Self.base)
      default: receive(damaged(check()), on: path())
      }
      // Whatever is due is done within a few calls.
      for _ in 0..<4 { agent.advance(to: now, into: outbox, events: &events) }
      check(outbox)
    }
  }

  /// What must hold whatever comes in.
  private func check(_ outbox: Outbox) {
    precondition(events.count < 100_000)
    if let path = agent.selectedPath { precondition(agent.isValidated(path)) }
    if agent.state == .connected { precondition(agent.selectedPath != nil) }
    if agent.state == .failed { precondition(agent.selectedPath == nil && agent.deadline == nil) }
    if let deadline = agent.deadline { precondition(deadline > now) }
    let pairs = agent.pairStatistics
    precondition(pairs.count <= 100 && Set(pairs.map(\.id)).count == pairs.count)
    precondition(pairs.count(where: \.isSelected) <= 1)
    let candidates = Set(agent.candidateStatistics.map(\.id))
    for pair in pairs {
      precondition(candidates.contains(pair.local) && candidates.contains(pair.remote))
    }
  }

  private mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    let end = min(position + count, bytes.count)
    defer { position = end }
    return Array(bytes[position..<end])
  }

  private mutating func source() -> TransportAddress {
    TransportAddress(ip: IPAddress(192, 0, 2, (next() ?? 0) & 7), port: 7000)
  }

  /// By UDP, by a connection of ours, or by one of the peer's.
  private mutating func path() -> Path {
    let kind = next() ?? 0
    let remote = source()
    return switch kind % 4 {
    case 0: Path(transport: .tcp, local: Self.active, remote: remote)
    case 1: Path(transport: .tcp, local: Self.base, remote: remote)
    default: Path(local: Self.base, remote: remote)
    }
  }

  private mutating func selectedOrAnyPath() -> Path {
    let other = path()
    return (next() ?? 0) & 1 == 0 ? agent.selectedPath ?? other : other
  }

  private mutating func candidate() -> ICECandidate {
    let kind = next() ?? 0
    let types: [ICECandidate.TCPType?] = [nil, .active, .passive, .simultaneousOpen]
    return ICECandidate(
      address: source(), transport: kind & 4 == 0 ? .udp : .tcp, priority: UInt32(kind) << 20,
      tcpType: types[Int(kind & 3)])
  }

  private mutating func receive(_ datagram: [UInt8], on path: Path) {
    agent.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
  }

  private mutating func check() -> [UInt8] {
    let shape = next() ?? 0
    let key = Array(agent.localCredentials.password.utf8)
    let username = "\(agent.localCredentials.usernameFragment):\(remote.usernameFragment)"
    let id = STUNTransactionID(high: UInt32(shape), low: random.next())
    let priority = UInt32(next() ?? 0) << 24
    let tieBreaker = UInt64(next() ?? 0) << 56
    return [UInt8](capacity: 300) { output in
      output.beginSTUN(.request, id)
      output.appendSTUN(.username, username)
      if shape & 1 == 0 { output.appendSTUN(.priority, priority) }
      if shape & 2 == 0 { output.appendSTUN(.useCandidate) }
      if shape & 8 == 0 { output.appendSTUN(.nomination, priority) }
      output.appendSTUN(shape & 4 == 0 ? .iceControlling : .iceControlled, tieBreaker)
      if shape & 0xf8 == 0 { output.appendSTUN(STUNAttributeType(rawValue: 0x7000)) }
      output.finishSTUN(key: key.span)
    }
  }

  private mutating func damaged(_ datagram: [UInt8]) -> [UInt8] {
    var damaged = datagram
    damaged[Int(next() ?? 0) % damaged.count] ^= next() ?? 1
    return damaged
  }

  /// Answers what the agent sent, well or badly.
  private mutating func answer() {
    let key = Array(remote.password.utf8)
    let sent = outbox.datagrams.map { ($0.path, outbox.bytes(of: $0)) }
    outbox.removeAll()
    for (path, bytes) in sent.suffix(8) {
      guard let request = try? STUNMessage(parsing: bytes.span), request.messageClass == .request
      else { continue }
      let id = request.transactionID
      let manner = next() ?? 0
      let answer = [UInt8](capacity: 200) { output in
        output.beginSTUN(manner & 3 == 1 ? .error : .success, id)
        if manner & 3 == 1 {
          output.appendSTUN(manner & 4 == 0 ? .roleConflict : .badRequest)
        } else {
          output.appendSTUN(.xorMappedAddress, xor: path.remote, id)
        }
        output.finishSTUN(key: key.span)
      }
      receive(answer, on: path)
    }
  }
}
