import ICE
import STUN
import Wire

extension CandidateGatherer {
  /// A Binding request from one base to one server (RFC 8445 §5.1.1.2).
  struct ReflexiveProbe {
    let server: Int
    let path: Path
    let id: STUNTransactionID
    var attempts = 0
    var retryAt = Instant.distantPast
    var isOver = false

    /// RFC 8489 §6.2.1 gives a server 39.5 s. Nobody waits that long for a call: requests leave at
    /// 0, 0.5, 1.5, 2.5 and 3.5 s, and 5 s after the first it is over.
    static let retryIntervals: [Duration] = [500, 1000, 1000, 1000, 1500].map {
      .milliseconds($0)
    }

    /// When there is something to do, where first requests leave at `slot` at the earliest.
    func dueAt(slot: Instant) -> Instant? {
      if isOver { return nil }
      return attempts == 0 ? slot : retryAt
    }
  }

  /// Sends what is due: at most one first request per slot, repetitions at their time.
  func advanceProbes(_ now: Instant, _ outbox: Outbox) {
    for index in probes.indices {
      guard let due = probes[index].dueAt(slot: nextSlot), due <= now else { continue }
      guard probes[index].attempts < ReflexiveProbe.retryIntervals.count else {
        conclude(probe: index, .unreachable)
        continue
      }
      if probes[index].attempts == 0 { nextSlot = now + options.pacing }
      probes[index].retryAt = now + ReflexiveProbe.retryIntervals[probes[index].attempts]
      probes[index].attempts += 1
      let id = probes[index].id
      outbox.append(on: probes[index].path, capacity: 28) { output in
        output.beginSTUN(.request, id)
        output.finishSTUN()
      }
    }
  }

  /// Whether the datagram answers one of our Binding requests. Late copies of answers are ours too.
  func receiveAnswer(
    _ datagram: Span<UInt8>, on path: Path, _ now: Instant, _ events: inout [Event]
  ) -> Bool {
    guard probes.contains(where: { $0.path == path }),
      let message = try? STUNMessage(parsing: datagram), message.method == .binding
    else { return false }
    let id = message.transactionID
    guard let index = probes.firstIndex(where: { $0.id == id && $0.path == path }) else {
      return false
    }
    guard !probes[index].isOver, probes[index].attempts > 0, message.fingerprintCheck != .invalid
    else { return true }
    switch message.messageClass {
    case .success:
      guard let address = Self.mappedAddress(in: message) else { return true }
      let base = path.local
      outcomes[probes[index].server].hasAnswered = true
      conclude(probe: index, nil)
      offerReflexive(address, base: base, server: probes[index].server, &events)
    case .error:
      guard let code = try? message.errorCode else { return true }
      conclude(probe: index, code)
    case .request, .indication:
      break
    }
    return true
  }

  /// What a server saw, where it can be true.
  func offerReflexive(
    _ address: TransportAddress, base: TransportAddress, server: Int, _ events: inout [Event]
  ) {
    guard !options.usesRelaysOnly, address.ip.family == base.ip.family,
      address.ip.isLoopback == base.ip.isLoopback
    else { return }
    // What the server saw before is no longer true.
    candidates.removeAll {
      $0.candidate.kind == .serverReflexive && $0.base == base && $0.server == servers[server]
        && $0.candidate.address != address
    }
    offer(
      .serverReflexive, address, base: base, from: base, server: server, related: base,
      events: &events)
  }

  private static func mappedAddress(in message: borrowing STUNMessage) -> TransportAddress? {
    if let address = try? message.xorMappedAddress { return address }
    return (try? message.mappedAddress) ?? nil
  }

  func conclude(probe index: Int, _ failure: STUNErrorCode?) {
    probes[index].isOver = true
    outcomes[probes[index].server].openCount -= 1
    if let failure { outcomes[probes[index].server].fail(failure) }
  }
}
