import ByteFixtures
import Testing
import Wire

@testable import SCTP

@Suite struct CookieTests {
  @Test func `a forged cookie is not taken, whichever bit was changed`() {
    let peer = HandmadePeer()
    let cookie = peer.requestCookie(peer.initiation())
    #expect(cookie.count == StateCookie.byteCount)
    for bit in 0..<cookie.count * 8 {
      var forged = cookie
      forged[bit / 8] ^= 1 << UInt8(bit % 8)
      peer.send { $0.appendCookieEcho(forged) }
    }
    peer.send { $0.appendCookieEcho(Array(cookie.dropLast())) }
    peer.send { $0.appendCookieEcho(cookie + [0]) }
    peer.send { $0.appendCookieEcho([]) }
    #expect(peer.association.state == .closed)
    #expect(peer.sent().isEmpty)
    peer.send { $0.appendCookieEcho(cookie) }
    #expect(peer.association.state == .established)
  }

  @Test func `another association's cookie is not taken`() {
    let other = HandmadePeer(seed: 6)
    let cookie = other.requestCookie(other.initiation())
    let peer = HandmadePeer()
    peer.send(tag: other.association.localTag) { $0.appendCookieEcho(cookie) }
    #expect(peer.association.state == .closed)
    #expect(peer.sent().isEmpty)
  }

  @Test func `a stale cookie is told to be stale, and by how much`() {
    let peer = HandmadePeer()
    let cookie = peer.requestCookie(peer.initiation())
    peer.now = peer.now + .milliseconds(60_002)
    peer.send { $0.appendCookieEcho(cookie) }
    #expect(peer.association.state == .closed)
    let chunks = peer.sentChunks()
    #expect(chunks.map(\.type) == [9])
    #expect(chunks.first?.value == bytes("00030008 000007d0"))
  }

  @Test func `a replayed cookie changes nothing`() {
    let peer = HandmadePeer()
    let cookie = peer.requestCookie(peer.initiation())
    peer.send { $0.appendCookieEcho(cookie) }
    peer.sendData([1])
    peer.outbox.removeAll()
    peer.now = peer.now + .seconds(100)
    peer.send { $0.appendCookieEcho(cookie) }
    #expect(peer.sentChunks().first?.type == 11)
    #expect(peer.events.count { $0 == .connected } == 1)
    peer.sendData([2], number: 1)
    #expect(peer.messages.map(\.payload) == [[1], [2]])
  }

  @Test func `a cookie does not bring a closed association back`() {
    let peer = HandmadePeer()
    let cookie = peer.requestCookie(peer.initiation())
    peer.send { $0.appendCookieEcho(cookie) }
    peer.association.abort(into: peer.outbox, events: &peer.events)
    peer.outbox.removeAll()
    peer.send { $0.appendCookieEcho(cookie) }
    #expect(peer.association.state == .closed)
    #expect(peer.sent().isEmpty)
  }

  @Test func `the cookie has to come with our tag`() {
    let peer = HandmadePeer()
    let cookie = peer.requestCookie(peer.initiation())
    peer.send(tag: peer.association.localTag &+ 1) { $0.appendCookieEcho(cookie) }
    #expect(peer.association.state == .closed)
  }

  @Test func `a cookie holds nothing but what was on the wire, a time and a random number`() throws
  {
    let peer = HandmadePeer.connected()
    let cookie = peer.requestCookie(peer.initiation(tag: 99))
    let parsed = try StateCookie(opening: cookie.span, key: peer.association.cookieKey)
    #expect(parsed.tieTag == peer.association.tieTag)
    #expect(parsed.localTag != peer.association.localTag)
    #expect(parsed.peerTag == 99)
    // The code is no part of a second one: equal contents have equal codes, others have not.
    #expect(parsed.sealed(key: peer.association.cookieKey) == cookie)
  }

  @Test func `no INIT makes the association remember anything`() {
    let peer = HandmadePeer()
    for tag in 1...1000 { _ = peer.requestCookie(peer.initiation(tag: UInt32(tag))) }
    #expect(peer.association.state == .closed)
    #expect(peer.association.deadline == nil)
    #expect(peer.association.peerTag == 0)
  }

  @Test func `our cookie that came too late is asked for anew`() {
    let peer = HandmadePeer()
    peer.association.connect(at: peer.now, into: peer.outbox, events: &peer.events)
    peer.outbox.removeAll()
    var answer = peer.initiation()
    answer.cookie = [1, 2, 3]
    peer.send { $0.append(answer) }
    #expect(peer.sentChunks().map(\.type) == [10])
    peer.send { $0.appendError([.staleCookie(by: .seconds(1))]) }
    #expect(peer.association.state == .cookieWait)
    #expect(peer.sentChunks().map(\.type) == [1])
    answer.cookie = [4]
    peer.send { $0.append(answer) }
    #expect(peer.sentChunks().first?.value == [4])
    peer.send { $0.appendCookieAcknowledgement() }
    #expect(peer.events == [.connected])
  }
}
