import Cryptography
import DTLS
import Testing
import Wire

@Suite struct Association {
  @Test func `two engines connect and agree on keys`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    let client = try #require(pair.keys(.client))
    let server = try #require(pair.keys(.server))
    #expect(client.profile == .aeadAES256GCM)
    #expect(client.localKey == server.remoteKey && client.localSalt == server.remoteSalt)
    #expect(client.remoteKey == server.localKey && client.remoteSalt == server.localSalt)
    #expect(client.localKey != client.remoteKey)
    #expect(pair.now == .zero + .milliseconds(40))
  }

  @Test(arguments: SRTPProtectionProfile.allCases)
  func `every profile yields keys of its lengths`(profile: SRTPProtectionProfile) throws {
    let pair = try Pair(clientProfiles: [profile])
    pair.start()
    pair.run { $0.bothConnected }
    for side in Pair.Side.allCases {
      let keys = try #require(pair.keys(side))
      #expect(keys.profile == profile)
      #expect(keys.localKey.count == profile.masterKeyByteCount)
      #expect(keys.remoteSalt.count == profile.masterSaltByteCount)
    }
  }

  @Test func `the server's order of profiles decides`() throws {
    let pair = try Pair(
      clientProfiles: [.aesCM128HMACSHA1Tag80, .aeadAES128GCM],
      serverProfiles: [.aeadAES256GCM, .aeadAES128GCM, .aesCM128HMACSHA1Tag80])
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.keys(.client)?.profile == .aeadAES128GCM)
    #expect(pair.keys(.server)?.profile == .aeadAES128GCM)
  }

  @Test(arguments: [[], [SRTPProtectionProfile.aeadAES128GCM]])
  func `without a profile in common it connects without keys`(
    profiles: [SRTPProtectionProfile]
  ) throws {
    let pair = try Pair(clientProfiles: profiles, serverProfiles: [.aesCM128HMACSHA1Tag80])
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.events[.client] == [.connected(nil)])
    #expect(pair.events[.server] == [.connected(nil)])
  }

  @Test func `application data goes both ways, one datagram each`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    let largest = [UInt8](repeating: 7, count: pair.client.maximumApplicationDataSize)
    for message in [[1, 2, 3], largest] {
      let count = pair.sent.count
      for side in Pair.Side.allCases {
        pair.call(side) { engine, outbox, _ in try? engine.send(message.span, into: outbox) }
      }
      #expect(pair.sent.count == count + 2)
      #expect(pair.sent.last?.bytes.count == message.count + 37)
    }
    pair.run()
    #expect(pair.data(.client) == [[1, 2, 3], largest])
    #expect(pair.data(.server) == [[1, 2, 3], largest])
  }

  @Test func `what does not fit or has nobody to go to is refused`() throws {
    let pair = try Pair()
    let outbox = Outbox()
    #expect(throws: DTLSError.notConnected) { try pair.client.send([1].span, into: outbox) }
    pair.start()
    pair.run { $0.bothConnected }
    let tooLarge = [UInt8](repeating: 0, count: pair.client.maximumApplicationDataSize + 1)
    #expect(throws: DTLSError.messageTooLarge) {
      try pair.client.send(tooLarge.span, into: outbox)
    }
    #expect(outbox.isEmpty)
  }

  @Test(arguments: Pair.Side.allCases)
  func `closing tells the other side`(side: Pair.Side) throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    pair.call(side) { engine, outbox, _ in engine.close(into: outbox) }
    pair.run()
    #expect(pair.events[side.other]?.last == .closed)
    #expect(pair.events[side]?.count == 1)
    for side in Pair.Side.allCases {
      #expect(pair.engine(side).deadline == nil && !pair.engine(side).isConnected)
      #expect(throws: DTLSError.notConnected) {
        try pair.engine(side).send([1].span, into: Outbox())
      }
    }
  }

  @Test func `a handshake that nobody answers fails after 30 seconds`() throws {
    let pair = try Pair(link: Pair.Link(loss: 1))
    pair.start()
    pair.run()
    #expect(pair.errors(.client) == [.timedOut])
    #expect(pair.now - .zero == DTLSEngine.handshakeTimeout)
    #expect(pair.client.deadline == nil)
    #expect(pair.events[.server] == [])
    // About two a second at most.
    #expect(pair.sent.count < 60)
  }

  @Test func `a server flight takes one datagram of 1200 bytes`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.sent.map(\.side) == [.client, .server, .client, .server])
  }

  @Test func `a retransmitted flight takes no more datagrams than the first time`() throws {
    let pair = try Pair()
    pair.tamper = { side, bytes in side == .server ? nil : bytes }
    pair.start()
    pair.run(until: .zero + .seconds(20))
    #expect(pair.sent.count { $0.side == .server } > 6)
    #expect(pair.sent.allSatisfy { $0.side == .client || $0.bytes.count > 500 })
  }

  @Test(arguments: [300, 400, 512, 576, 900, 1200, 1500])
  func `no datagram exceeds its limit`(limit: Int) throws {
    let pair = try Pair(maximumDatagramSize: limit)
    pair.start()
    pair.run { $0.bothConnected }
    #expect(pair.bothConnected)
    #expect(pair.sent.allSatisfy { $0.bytes.count <= limit })
  }

  @Test(arguments: [1, 3, 6, 9]) func `a lost last flight is sent again`(losses: Int) throws {
    let pair = try Pair()
    var remaining = losses
    pair.tamper = { [weak pair] side, bytes in
      guard side == .server, pair?.server.isConnected == true, remaining > 0 else { return bytes }
      remaining -= 1
      return nil
    }
    pair.start()
    pair.run(until: .zero + .seconds(20)) { $0.bothConnected }
    #expect(pair.bothConnected)
    #expect(remaining == 0)
    #expect(pair.keys(.client)?.localKey == pair.keys(.server)?.remoteKey)
  }

  @Test func `repeats of the last flight end by themselves`() throws {
    let pair = try Pair()
    pair.start()
    pair.run()
    #expect(pair.bothConnected)
    #expect(pair.sent.count == 4 + 5)
    #expect(pair.client.deadline == nil && pair.server.deadline == nil)
  }

  @Test func `application data ends the repeats of the last flight`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    pair.call(.client) { engine, outbox, _ in try? engine.send([9].span, into: outbox) }
    pair.run()
    #expect(pair.data(.server) == [[9]])
    #expect(pair.sent.count == 4 + 1)
  }

  @Test func `datagrams leave by the path the last one came by`() throws {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    var moved = pair.path(.server)
    moved.remote.port = 4711
    let outbox = Outbox()
    var events: [DTLSEngine.Event] = []
    try pair.client.send([5].span, into: outbox)
    let datagram = try #require(outbox.datagrams.first)
    let bytes = outbox.bytes(of: datagram)
    outbox.removeAll()
    pair.server.receive(bytes.span, on: moved, at: pair.now, into: outbox, events: &events)
    #expect(events == [.applicationData([5])])
    try pair.server.send([6].span, into: outbox)
    #expect(outbox.datagrams.first?.path == moved)
    pair.server.receive(
      [22, 254].span, on: pair.path(.server), at: pair.now, into: outbox, events: &events)
    #expect(pair.server.path == moved)
  }
}
