import STUN
import TURN
import Wire

/// A server with many clients, each of which has a relayed address.
final class RelayFarm {
  static let peer = TransportAddress(ip: IPAddress(9, 0, 0, 1), port: 7000)
  /// Of the same host, without a channel.
  static let otherPeer = TransportAddress(ip: IPAddress(9, 0, 0, 1), port: 7001)
  private static let listener = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)

  let server: TURNServer
  private(set) var clients: [Path] = []
  private(set) var relays: [TransportAddress] = []
  private let outbox = Outbox()
  private var requestCount: UInt64 = 0

  init(_ count: Int) {
    var configuration = TURNServer.Configuration()
    configuration.authority.users = ["user": "secret"]
    configuration.listeners = [Self.listener]
    configuration.maximumAllocations = count
    configuration.maximumAllocationsPerUser = count
    configuration.maximumAllocationsPerAddress = count
    configuration.challengesPerSecond = 1_000_000
    server = TURNServer(configuration: configuration, random: .seeded(1))
    clients.reserveCapacity(count)
    relays.reserveCapacity(count)
    for number in 0..<UInt32(count) {
      let host = IPAddress(v4: 0x0a00_0000 + number)
      clients.append(
        Path(local: Self.listener, remote: TransportAddress(ip: host, port: 5000)))
      allocate(number)
    }
  }

  private func allocate(_ number: UInt32) {
    let relayed = TransportAddress(
      ip: IPAddress(v4: 0xc633_6400 + number / 50_000), port: UInt16(10_000 + number % 50_000))
    relays.append(relayed)
    exchange(.allocate, of: Int(number)) { output, _ in
      output.appendSTUNRequestedTransportUDP()
    }
  }

  /// A channel, and with it a permission, for each.
  func bindChannels() {
    for number in clients.indices {
      exchange(.channelBind, of: number) { output, id in
        output.appendSTUN(channelNumber: 0x4000)
        output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      }
    }
  }

  /// What this keeps of a client by itself.
  static let ownByteCount = MemoryLayout<Path>.stride + MemoryLayout<TransportAddress>.stride

  /// A request without a nonce, and once more with the one that this brings.
  private func exchange(
    _ method: STUNMethod, of number: Int,
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void
  ) {
    exchange(method, of: number, nonce: exchange(method, of: number, nonce: [], write), write)
  }

  @discardableResult
  private func exchange(
    _ method: STUNMethod, of number: Int, nonce: [UInt8],
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void
  ) -> [UInt8] {
    requestCount += 1
    let id = STUNTransactionID(high: 0, low: requestCount)
    let request = [UInt8](capacity: 300) { output in
      output.beginSTUN(.request, id, method: method)
      write(&output, id)
      guard !nonce.isEmpty else { return output.finishSTUN() }
      output.appendSTUN(.username, "user")
      output.appendSTUN(.realm, "relay")
      output.appendSTUN(.nonce, nonce.span)
      output.finishSTUN(
        key: STUNLongTermKey(username: "user", realm: "relay", password: "secret"))
    }
    var events: [TURNServer.Event] = []
    server.receive(request.span, on: clients[number], at: .zero, into: outbox, events: &events)
    if case .openRelay(let id, _)? = events.first {
      server.relayOpened(
        id, at: [relays[number]], now: .zero, into: outbox, events: &events)
    }
    defer { outbox.removeAll() }
    guard let answer = outbox.datagrams.first.map(outbox.bytes),
      let message = try? STUNMessage(parsing: answer.span)
    else { return [] }
    return message.nonce ?? []
  }

  static func channelData(_ payload: [UInt8]) -> [UInt8] {
    [UInt8](capacity: 4 + payload.count) { output in
      output.append(bigEndian: 0x4000 as UInt16)
      output.append(bigEndian: UInt16(payload.count))
      output.append(copying: payload.span)
    }
  }

  static func sendIndication(_ payload: [UInt8]) -> [UInt8] {
    let id = STUNTransactionID(high: 1, low: 1)
    return [UInt8](capacity: 100 + payload.count) { output in
      output.beginSTUN(.indication, id, method: .send)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
      output.appendSTUN(.data, payload.span)
      output.finishSTUN(fingerprint: false)
    }
  }
}
