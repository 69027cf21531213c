import RTCTesting
import Testing
import Wire

@testable import SCTP

@Suite struct ShutdownTests {
  private func shutDown(_ pair: Pair, _ node: AssociationNode) {
    pair.act(node) { $0.shutdown(at: $1, into: $2, events: &$3) }
  }

  @Test func `one side shuts down and both are closed`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connectBoth()
    shutDown(pair, pair.a)
    pair.run(.milliseconds(200))
    #expect(pair.a.happenings == [.connected, .closed])
    #expect(pair.z.happenings == [.connected, .closed])
    #expect(pair.a.association.deadline == nil && pair.z.association.deadline == nil)
  }

  @Test func `both shut down at once`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connectBoth()
    pair.run(.seconds(1))
    shutDown(pair, pair.a)
    shutDown(pair, pair.z)
    pair.run(.seconds(1))
    #expect(pair.a.happenings == [.connected, .closed])
    #expect(pair.z.happenings == [.connected, .closed])
  }

  @Test(arguments: [7, 8, 14] as [UInt8], [true, false])
  func `a shutdown survives the loss of any packet`(type: UInt8, both: Bool) {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connectBoth()
    pair.run(.seconds(1))
    pair.a.loses = { $0 == type && $1 == 0 }
    pair.z.loses = { $0 == type && $1 == 0 }
    shutDown(pair, pair.a)
    if both { shutDown(pair, pair.z) }
    pair.run(.seconds(60))
    #expect(pair.a.happenings == [.connected, .closed])
    #expect(pair.z.happenings == [.connected, .closed])
  }

  @Test(arguments: [0, 0.2])
  func `what was queued on both sides arrives first`(loss: Double) {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(loss)))
    pair.connectBoth()
    let message = [UInt8](repeating: 7, count: 50_000)
    for _ in 0..<4 {
      pair.send(message, from: pair.a)
      pair.send(message, from: pair.z)
    }
    shutDown(pair, pair.a)
    pair.run(.seconds(120))
    #expect(pair.a.messages.count == 4 && pair.z.messages.count == 4)
    #expect(pair.a.happenings.last == .closed && pair.z.happenings.last == .closed)
  }

  @Test func `nothing is taken for sending once a shutdown has begun`() {
    let peer = HandmadePeer.connected()
    peer.send { $0.append(Shutdown(cumulativeTSN: 0)) }
    #expect(throws: SCTPSendError.closing) {
      try peer.association.send(
        SCTPMessage(stream: 0, identifier: .binary, payload: [1]), delivery: .init(),
        at: peer.now, into: peer.outbox, events: &peer.events)
    }
  }

  @Test func `data that comes after SHUTDOWN was sent is delivered and answered with both`() {
    let peer = HandmadePeer.connected()
    peer.association.shutdown(at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(peer.association.state == .shutdownSent)
    peer.outbox.removeAll()
    peer.sendData([1])
    #expect(Set(peer.sentChunks().map(\.type)) == [3, 7])
    #expect(peer.messages.count == 1)
  }

  @Test func `a shutdown that nobody answers is given up`() {
    let peer = HandmadePeer.connected()
    peer.association.shutdown(at: peer.now, into: peer.outbox, events: &peer.events)
    peer.advance(by: .seconds(300))
    #expect(peer.events.last == .failed(.peerUnreachable))
    #expect(peer.sentChunks().filter { $0.type == 7 }.count == 11)
  }

  @Test func `a shutdown before the association is connected closes it`() {
    let peer = HandmadePeer()
    peer.association.connect(at: peer.now, into: peer.outbox, events: &peer.events)
    peer.association.shutdown(at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(peer.events == [.closed])
    #expect(peer.association.deadline == nil)
  }

  @Test func `an abort is told to the other side`() {
    let pair = Pair()
    pair.connectBoth()
    pair.run(.seconds(1))
    pair.act(pair.a) { $0.abort(into: $2, events: &$3) }
    pair.run(.seconds(1))
    #expect(pair.a.happenings == [.connected, .failed(.aborted)])
    #expect(pair.z.happenings == [.connected, .failed(.abortedByPeer(cause: 12))])
  }

  @Test func `a lost abort is repeated where the other side goes on`() {
    let pair = Pair()
    pair.connectBoth()
    pair.run(.seconds(1))
    pair.z.loses = { type, count in type == 6 && count == 0 }
    pair.act(pair.a) { $0.abort(into: $2, events: &$3) }
    pair.run(.seconds(1))
    pair.send([1], from: pair.z)
    pair.run(.seconds(1))
    #expect(pair.z.happenings.last == .failed(.abortedByPeer(cause: 0)))
  }

  @Test func `SHUTDOWN ACK that comes after the end is answered with the sender's own tag`() {
    let peer = HandmadePeer.connected()
    peer.association.shutdown(at: peer.now, into: peer.outbox, events: &peer.events)
    peer.send { $0.appendShutdownAcknowledgement() }
    #expect(peer.events.last == .closed)
    peer.outbox.removeAll()
    peer.send(tag: 5) { $0.appendShutdownAcknowledgement() }
    let packets = peer.sent()
    #expect(packets.first?[4..<8] == [0, 0, 0, 5])
    #expect(packets.first?[12..<14] == [14, 1])
  }
}
