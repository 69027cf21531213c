import RTCTesting
import Testing
import Wire

@testable import SCTP

@Suite struct HandshakeTests {
  @Test func `one side connects and both are connected`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connect(pair.a)
    #expect(pair.isEstablished(within: .milliseconds(100)))
    #expect(pair.a.events == [.connected])
    #expect(pair.z.events == [.connected])
  }

  @Test func `both connect at once`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    #expect(pair.connectBoth(within: .milliseconds(100)))
    pair.run(.seconds(5))
    #expect(pair.a.events == [.connected])
    #expect(pair.z.events == [.connected])
  }

  @Test(arguments: [1, 2, 10, 11] as [UInt8], [true, false])
  func `a handshake survives the loss of any packet`(type: UInt8, bothConnect: Bool) {
    for side in 0...2 {
      let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
      if side != 1 { pair.a.loses = { $0 == type && $1 == 0 } }
      if side != 0 { pair.z.loses = { $0 == type && $1 == 0 } }
      pair.connect(pair.a)
      if bothConnect { pair.connect(pair.z) }
      #expect(pair.isEstablished(within: .seconds(5)))
      pair.run(.seconds(5))
      #expect(pair.a.events == [.connected])
      #expect(pair.z.events == [.connected])
    }
  }

  @Test func `what is sent before the association is connected goes out with the cookie`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connect(pair.a)
    pair.send([1, 2, 3], from: pair.a)
    // INIT, INIT ACK, COOKIE ECHO with the message: one and a half round trips.
    pair.run(.milliseconds(60))
    #expect(pair.z.messages.map(\.payload) == [[1, 2, 3]])
    #expect(pair.z.happenings == [.connected])
  }

  @Test func `data shows that COOKIE ACK was lost`() {
    let peer = HandmadePeer()
    peer.association.connect(at: peer.now, into: peer.outbox, events: &peer.events)
    var answer = peer.initiation()
    answer.cookie = [1]
    peer.send { $0.append(answer) }
    #expect(peer.association.state == .cookieEchoed)
    peer.sendData([5])
    #expect(peer.events.first == .connected)
    #expect(peer.messages.map(\.payload) == [[5]])
  }

  @Test func `without an answer the handshake is given up`() {
    let pair = Pair()
    pair.z.loses = { _, _ in true }
    pair.connect(pair.a)
    pair.run(.seconds(120))
    #expect(pair.a.events == [.failed(.handshakeTimedOut)])
    #expect(pair.a.association.deadline == nil)
  }

  @Test func `streams are as many as both sides have`() {
    var few = SCTPOptions()
    few.maximumStreams = 10
    let pair = Pair(zOptions: few)
    pair.connectBoth()
    #expect(pair.a.association.negotiatedOutgoingStreams == 10)
    #expect(pair.a.association.negotiatedIncomingStreams == 10)
    #expect(pair.z.association.negotiatedOutgoingStreams == 10)
  }

  @Test(arguments: [true, false], [true, false])
  func `zero checksums are agreed on for each direction by itself`(
    accepts: Bool, sends: Bool
  ) {
    var options = SCTPOptions()
    options.acceptsZeroChecksum = accepts
    options.sendsZeroChecksum = sends
    let pair = Pair(zOptions: options)
    pair.a.keepsPackets = true
    pair.z.keepsPackets = true
    pair.connectBoth()
    pair.send([1], from: pair.a)
    pair.send([2], from: pair.z)
    pair.run(.seconds(1))
    #expect(pair.a.messages.count == 1 && pair.z.messages.count == 1)
    func zeros(_ node: AssociationNode) -> Set<UInt8> {
      Set(node.received.filter { $0[8..<12].allSatisfy { $0 == 0 } }.map { $0[12] })
    }
    #expect(zeros(pair.z).isEmpty == !accepts)
    #expect(zeros(pair.a).isEmpty == !sends)
    // INIT, INIT ACK and COOKIE ECHO always have one (RFC 9653 §5.2).
    #expect(zeros(pair.a).union(zeros(pair.z)).isDisjoint(with: [1, 2, 10]))
  }

  @Test(arguments: [true, false])
  func `messages are interleaved only where both sides can`(canInterleave: Bool) {
    var options = SCTPOptions()
    options.offersInterleaving = canInterleave
    let pair = Pair(zOptions: options)
    pair.connectBoth()
    #expect(pair.a.association.metrics.usesInterleaving == canInterleave)
    #expect(pair.z.association.metrics.usesInterleaving == canInterleave)
  }

  @Test func `a packet without a right checksum is dropped`() {
    var options = SCTPOptions()
    options.acceptsZeroChecksum = false
    let pair = Pair(options: options)
    pair.z.loses = nil
    pair.connect(pair.a)
    pair.connectBoth()
    let before = pair.z.association.metrics.droppedPackets
    var packet = HandmadePacket(tag: pair.z.association.localTag).bytes { output in
      output.append(Heartbeat(nonce: 1))
    }
    packet[8] ^= 1
    pair.network.inject(packet, from: Pair.addresses[0], to: Pair.addresses[1])
    pair.run(.milliseconds(10))
    #expect(pair.z.association.metrics.droppedPackets == before + 1)
  }
}
