import RTCTesting
import Testing
import Wire

@testable import SCTP

@Suite struct RestartTests {
  /// The other side lost its state: a new association stands where the old one was.
  private func restarted(_ pair: Pair) -> AssociationNode {
    let node = AssociationNode(
      SCTPAssociation(
        path: Path(local: Pair.addresses[0], remote: Pair.addresses[1]), random: .seeded(99)))
    pair.a.successor = node
    return node
  }

  @Test func `an association that begins anew on one side goes on`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(10)))
    pair.connectBoth()
    for number in 0..<5 { pair.send([UInt8(number)], from: pair.z) }
    pair.run(.seconds(1))
    let second = restarted(pair)
    pair.connect(second, through: pair.a)
    pair.run(.seconds(1))
    #expect(second.association.state == .established)
    #expect(pair.z.happenings == [.connected, .restarted])
    // Streams begin at their start in both directions.
    pair.send([10], from: pair.z)
    pair.send([20], from: second, through: pair.a)
    pair.run(.seconds(1))
    #expect(second.messages.map(\.payload) == [[10]])
    #expect(pair.z.messages.map(\.payload) == [[20]])
  }

  @Test func `what waited to be sent is sent after a restart`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(10)))
    pair.connectBoth()
    pair.run(.seconds(1))
    pair.network.setConditions(LinkConditions(isDown: true), of: pair.hosts[0])
    let message = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    pair.send(message, from: pair.z)
    pair.run(.seconds(1))
    let second = restarted(pair)
    pair.network.setConditions(LinkConditions(delay: .milliseconds(10)), of: pair.hosts[0])
    pair.connect(second, through: pair.a)
    pair.run(.seconds(5))
    #expect(second.messages.map(\.payload) == [message])
  }

  @Test func `INIT alone does not disturb an association`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], flags: [.beginning])
    _ = peer.requestCookie(peer.initiation(tag: 77))
    peer.sendData([2], flags: [.end])
    #expect(peer.messages.map(\.payload) == [[1, 2]])
    #expect(peer.events.first == .connected)
  }

  @Test func `the cookie of an older association does not restart a newer one`() {
    let peer = HandmadePeer.connected()
    let old = peer.requestCookie(peer.initiation(tag: 77))
    let new = peer.requestCookie(peer.initiation(tag: 78))
    func localTag(_ cookie: [UInt8]) -> UInt32 {
      (try? StateCookie(opening: cookie.span, key: peer.association.cookieKey))?.localTag ?? 0
    }
    peer.send(tag: localTag(new)) { $0.appendCookieEcho(new) }
    #expect(peer.events == [.connected, .restarted])
    peer.send(tag: localTag(old)) { $0.appendCookieEcho(old) }
    #expect(peer.events == [.connected, .restarted])
    #expect(peer.association.peerTag == 78)
  }

  @Test func `during a shutdown nothing restarts`() {
    let peer = HandmadePeer.connected()
    let cookie = peer.requestCookie(peer.initiation(tag: 77))
    peer.send { $0.append(Shutdown(cumulativeTSN: 0)) }
    #expect(peer.association.state == .shutdownAckSent)
    peer.outbox.removeAll()
    let localTag = (try? StateCookie(opening: cookie.span, key: peer.association.cookieKey))?
      .localTag
    peer.send(tag: localTag) { $0.appendCookieEcho(cookie) }
    #expect(peer.sentChunks().map(\.type) == [8, 9])
    #expect(peer.association.state == .shutdownAckSent)
    _ = peer.requestCookie(peer.initiation(tag: 78))
    #expect(peer.association.state == .shutdownAckSent)
  }
}
