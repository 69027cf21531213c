import DTLS
import Peer
import RTCTesting
import SCTP
import STUN
import Testing
import Wire

/// Who has the password, or even the keys, and lies.
struct HostilePeerTests {
  private static func isHandshake(_ bytes: [UInt8]) -> Bool {
    bytes.first.map { (20...63).contains($0) } ?? false
  }

  private static func checkClass(_ bytes: [UInt8]) -> STUNClass? {
    guard let message = try? STUNMessage(parsing: bytes.span) else { return nil }
    return message.messageClass
  }

  private static func nominates(_ bytes: [UInt8]) -> Bool {
    guard let message = try? STUNMessage(parsing: bytes.span) else { return false }
    return message.messageClass == .request && message.contains(.useCandidate)
  }

  /// Sends the client's checks that nominate as if they came from `victim`, and has the client never answer one.
  /// Returns how many bytes besides checks were sent to the victim.
  private func pointAt(_ victim: TransportAddress, _ connection: Connection) -> () -> Int {
    var sentToVictim = 0
    connection.network.drops = { path, bytes in
      let check = Self.checkClass(bytes)
      if path.local == Connection.serverAddress, path.remote == victim {
        if check == nil { sentToVictim += bytes.count }
        // What the liar cannot see does not hinder it.
        if check == .success {
          connection.network.inject(
            bytes, from: Connection.serverAddress, to: Connection.clientAddress)
        }
        return check != nil
      }
      guard path.local == Connection.clientAddress, let check else { return false }
      guard Self.nominates(bytes) else { return check != .request }
      connection.network.inject(bytes, from: victim, to: Connection.serverAddress)
      return true
    }
    return { sentToVictim }
  }

  @Test(arguments: [DTLSEngine.Role.client, .server])
  func `row 29: who has the keys cannot point a stream at somebody who answered nothing`(
    clientRole: DTLSEngine.Role
  ) throws {
    let connection = try Connection(clientRole: clientRole)
    for node in connection.nodes { node.remote.enableDataChannels(random: .seeded(7)) }
    _ = try connection.open(connection.server)
    let victim = TransportAddress(ip: IPAddress(203, 0, 113, 80), port: 80)
    let sentToVictim = pointAt(victim, connection)
    connection.network.run(for: .seconds(60))
    // The first flight of a handshake, which the victim does not complete, and its repeats are all there is.
    #expect(sentToVictim() <= (clientRole == .server ? 6000 : 0))
    #expect(connection.server.count(.connected) == 0)
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `who asks and answers nothing is served where its handshake came from`() throws {
    let connection = try Connection()
    connection.network.drops = { path, bytes in
      guard path.local == Connection.clientAddress, let check = Self.checkClass(bytes) else {
        return false
      }
      return check != .request
    }
    #expect(connection.connect())
    let flow = connection.flow(for: .seconds(60))
    #expect(flow.toClient > 2900 && flow.toServer > 2900)
  }

  @Test(arguments: [true, false], [DTLSEngine.Role.client, .server])
  func `row 18: with a wrong fingerprint channels are gone within 100 ms, and nothing was read`(
    clientIsWrong: Bool, clientRole: DTLSEngine.Role
  ) throws {
    let connection = try Connection(
      clientRole: clientRole, clientExpects: clientIsWrong ? 2 : 1,
      serverExpects: clientIsWrong ? 0 : 2)
    var channels: [DataChannelID] = []
    for node in connection.nodes {
      node.sendsSound = false
      node.remote.enableDataChannels(random: .seeded(7))
      channels.append(try connection.open(node))
    }
    let victim = clientIsWrong ? connection.client : connection.server
    var begunAt: Instant?
    connection.network.drops = { _, bytes in
      if Self.isHandshake(bytes), begunAt == nil { begunAt = connection.network.now }
      return false
    }
    let isOver = connection.network.run(until: .zero + .seconds(5)) { victim.remote.isEnded }
    let begun = try #require(begunAt)
    #expect(isOver && connection.network.now <= begun + .milliseconds(100))
    #expect(connection.network.now > begun)
    connection.network.run(for: .seconds(45))
    #expect(victim.remote.dataChannels == nil && victim.remote.deadline == nil)
    for node in connection.nodes {
      #expect(node.count(.failed) == 1 && node.count(.connected) == 0)
      for event in node.events {
        switch event.event {
        case .dataChannel(.opened), .dataChannel(.message), .dataChannel(.connected):
          Issue.record("\(event)")
        default: break
        }
      }
    }
    #expect(throws: DataChannelError.ended) { try connection.open(victim) }
    #expect(connection.network.stuckTimerCount == 0)
  }

  @Test func `row 22: no key meets a nonce twice, over wraps, restarts and rebinding`() throws {
    let connection = try Connection(nat: .portRestricted)
    var packets: [[UInt8]: [UInt8]] = [:]
    var counts = (media: 0, control: 0)
    connection.network.drops = { path, bytes in
      guard bytes.count > 12, (128...191).contains(bytes[0]) else { return false }
      let isControl = (192...223).contains(bytes[1])
      // SRTP: source and sequence number; SRTCP: source and index (RFC 7714 §8.1, §9.1).
      var name = [UInt8(path.local.port & 0xff), isControl ? 1 : 0]
      name += isControl ? bytes[4..<8] + bytes.suffix(4) : bytes[8..<12] + bytes[2..<4]
      if isControl { counts.control += 1 } else { counts.media += 1 }
      #expect(packets.updateValue(bytes, forKey: name) == nil)
      return false
    }
    #expect(connection.connect())
    _ = connection.flow(for: .seconds(5))
    connection.restartICE()
    _ = connection.flow(for: .seconds(5))
    connection.network.rebind(try #require(connection.nat))
    _ = connection.flow(for: .seconds(15))
    #expect(counts.media > 2000 && counts.control > 200)
  }
}
