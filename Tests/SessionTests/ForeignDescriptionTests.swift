import Foundation
import SDP
import Session
import Testing
import Wire

/// Descriptions of others: what browsers wrote, and what is wrong.
struct ForeignDescriptionTests {
  struct Offer: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    var testDescription: String { name }
  }

  static let offers: [Offer] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "SDPTests/Offers")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { name in
      (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)).map {
        Offer(name: name, text: $0)
      }
    }
  }()

  private let outbox = Outbox()

  private func setRemote(
    _ session: PeerSession, _ text: String, _ kind: SessionDescriptionText.Kind = .offer
  ) throws {
    try session.setRemoteDescription(.init(kind: kind, sdp: text), at: .zero, into: outbox)
  }

  @Test func `there are offers of every browser`() { #expect(Self.offers.count >= 20) }

  @Test(arguments: offers)
  func `a recorded offer is answered, and our next offer continues it`(offer: Offer) throws {
    let session = try Couple.session()
    try setRemote(session, offer.text)
    let theirs = try SessionDescription(parsing: offer.text)
    let live = theirs.mediaSections.filter { !$0.isRejected }
    #expect(session.transceivers.count == live.count { $0.kind == .audio || $0.kind == .video })
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    let text = try #require(session.localDescription).sdp
    let answer = try SessionDescription(parsing: text)
    #expect(answer.description == text)
    #expect(answer.mediaSections.count == theirs.mediaSections.count)
    #expect(zip(answer.mediaSections, theirs.mediaSections).allSatisfy { $0.mid == $1.mid })
    #expect(answer.mediaSections.contains { !$0.isRejected })
    #expect(answer.mediaSections[0].setup == .active && answer.mediaSections[0].port != 0)
    #expect(session.remoteDescription?.sdp == offer.text)

    let next = try session.createOffer().sdp
    let ours = try SessionDescription(parsing: next)
    #expect(ours.description == next)
    for (place, section) in ours.mediaSections.enumerated() where !section.isRejected {
      // Payload types and numbers are those that were agreed.
      let agreed = answer.mediaSections[place]
      for codec in agreed.codecs where !codec.isNamed("rtx") {
        let same = section.codecs.first { $0.payloadType == codec.payloadType }
        #expect(same?.isNamed(codec.name) == true)
      }
      let numbers = section.headerExtensions.map { "\($0.id) \($0.uri)" }
      #expect(agreed.headerExtensions.allSatisfy { numbers.contains("\($0.id) \($0.uri)") })
      #expect(Set(section.payloadTypes).count == section.payloadTypes.count)
    }
    // Another of us can answer it.
    let other = try Couple.session(1, seed: 5)
    try setRemote(other, next)
    try other.setLocalDescription(nil, at: .zero, into: outbox)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    try setRemote(session, try #require(other.localDescription).sdp, .answer)
    #expect(session.signalingState == .stable)
  }

  @Test(arguments: offers)
  func `a damaged offer changes nothing`(offer: Offer) throws {
    let session = try Couple.session()
    _ = try session.addTrack(OutgoingTrack(id: "a"), .audio)
    _ = session.takeEvents()
    var random = RandomSource.seeded(UInt64(offer.text.utf8.count))
    let before = session.transceivers
    let bytes = Array(offer.text.utf8)
    for _ in 0..<25 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: damaged.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged.remove(at: place)
        default: damaged.removeSubrange(place..<min(place + 40, damaged.count))
        }
      }
      do {
        try setRemote(session, String(decoding: damaged, as: UTF8.self))
        try session.setLocalDescription(.rollback, at: .zero, into: outbox)
        _ = session.takeEvents()
      } catch {
        #expect(session.takeEvents().isEmpty)
      }
      #expect(session.signalingState == .stable && session.remoteDescription == nil)
      #expect(session.transceivers == before)
    }
  }

  /// Row 9: bombs and nonsense.
  static let bad: [(String, String)] = {
    let head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
    let transport =
      "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
      + "a=fingerprint:sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":") + "\r\n"
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    func many(_ line: String, _ count: Int) -> String {
      String(repeating: line + "\r\n", count: count)
    }
    return [
      ("nothing", ""), ("not SDP", "hello"), ("no time", "v=0\r\no=- 1 1 IN IP4 0\r\ns=-\r\n"),
      ("260,000 lines", head + many("a=x", 260_000)),
      ("10,000 sections", head + many("m=audio 9 RTP/AVP 0", 10_000)),
      (
        "100,000 candidates",
        head + audio + transport + many("a=candidate:1 1 udp 1 192.0.2.1 9 typ host", 100_000)
      ),
      ("a line of 1 MiB", head + "a=" + String(repeating: "x", count: 1 << 20) + "\r\n"),
      ("a huge payload type", head + "m=audio 17000 RTP/AVP 4294967296\r\n"),
      ("a payload type of 128", head + transport + "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n"),
      ("no credentials", head + audio + "a=fingerprint:sha-256 AB\r\n"),
      (
        "no fingerprint",
        head + audio + "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
      ),
      ("holdconn", head + audio + transport.replacing("actpass", with: "holdconn")),
      ("a tag twice", head + audio + "a=mid:0\r\n" + transport + audio + "a=mid:0\r\n"),
      ("an extension of number 0", head + audio + transport + "a=extmap:0 urn:x\r\n"),
    ]
  }()

  @Test(arguments: bad)
  func `rows 9 and 10: what cannot be answered changes nothing, in any state`(
    name: String, text: String
  ) throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    try couple.setRemote(couple.bob, try #require(couple.alice.session.localDescription))
    let stable = try Couple.session(2)
    for session in [couple.alice.session, couple.bob.session, stable] {
      _ = session.takeEvents()
      let before = (
        session.signalingState, session.transceivers, session.localDescription,
        session.remoteDescription
      )
      for kind in [SessionDescriptionText.Kind.offer, .answer, .provisionalAnswer] {
        #expect(throws: SessionError.self) { try setRemote(session, text, kind) }
      }
      #expect(session.signalingState == before.0 && session.transceivers == before.1)
      #expect(session.localDescription == before.2 && session.remoteDescription == before.3)
      #expect(session.takeEvents().isEmpty)
    }
    try couple.setLocal(couple.bob)
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    #expect(couple.connect())
  }

  @Test func `an answer that does not fit the offer changes nothing`() throws {
    let session = try Couple.session()
    _ = try session.addTransceiver(.audio)
    _ = try session.addTransceiver(.video)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    let other = try Couple.session(1, seed: 9)
    try setRemote(other, try #require(session.localDescription).sdp)
    let answer = try other.createAnswer().sdp
    let parsed = try SessionDescription(parsing: answer)
    var fewer = parsed
    fewer.mediaSections.removeLast()
    var more = parsed
    more.mediaSections.append(parsed.mediaSections[0])
    var swapped = parsed
    swapped.mediaSections.swapAt(0, 1)
    let actpass = answer.replacing("a=setup:active", with: "a=setup:actpass")
    for text in [fewer, more, swapped].map(\.description) + [actpass] {
      #expect(throws: SessionError.self) { try setRemote(session, text, .answer) }
      #expect(session.signalingState == .haveLocalOffer)
    }
    try setRemote(session, answer, .answer)
    #expect(session.signalingState == .stable)
    // A later offer may not drop or swap sections either.
    for text in [fewer, swapped].map(\.description) {
      #expect(throws: SessionError.self) {
        try setRemote(session, text.replacing("a=setup:active", with: "a=setup:actpass"))
      }
    }
    #expect(session.signalingState == .stable && session.transceivers.count == 2)
  }

  @Test func `a section of an unknown kind is declined and stays in its place`() throws {
    let session = try Couple.session()
    let offer = try #require(Self.offers.first { $0.name == "chromium-plain.sdp" }).text
    let strange = offer + "m=image 9 udptl t38\r\nc=IN IP4 0.0.0.0\r\na=mid:fax\r\n"
    try setRemote(session, strange)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    let answer = try SessionDescription(parsing: try #require(session.localDescription).sdp)
    #expect(answer.mediaSections.last?.isRejected == true)
    let next = try SessionDescription(parsing: session.createOffer().sdp)
    #expect(next.mediaSections.count == answer.mediaSections.count)
    #expect(next.mediaSections.last?.kind == .other("image"))
    #expect(next.mediaSections.last?.isRejected == true)
  }

  @Test func `an endpoint of old without tags is answered again and again`() throws {
    let session = try Couple.session()
    var offer = try SessionDescription(
      parsing: try #require(Self.offers.first { $0.name == "chromium-plain.sdp" }).text)
    offer.attributes.removeAll { $0.name == "group" }
    offer.mediaSections.removeSubrange(1...)
    offer.mediaSections[0].attributes.removeAll { $0.name == "mid" }
    for _ in 0..<2 {
      try setRemote(session, offer.description)
      try session.setLocalDescription(nil, at: .zero, into: outbox)
      #expect(session.transceivers.count == 1)
    }
    let ours = try SessionDescription(parsing: session.createOffer().sdp)
    #expect(ours.mediaSections.count == 1 && ours.mediaSections[0].mid?.isEmpty == false)
  }

  @Test func `a tag that was left out may not be taken by another section`() throws {
    let session = try Couple.session()
    let other = try Couple.session(1, seed: 4)
    _ = try other.addTransceiver(.audio)
    _ = try other.addTransceiver(.audio)
    let offer = try SessionDescription(parsing: other.createOffer().sdp)
    var first = offer
    first.mediaSections.removeLast()
    first.attributes.removeAll { $0.name == "group" }
    try setRemote(session, first.description)
    try session.setLocalDescription(nil, at: .zero, into: outbox)
    var second = offer
    second.mediaSections[0].attributes.removeAll { $0.name == "mid" }
    second.mediaSections[1].attributes.removeAll { $0.name == "mid" }
    second.mediaSections[1].attributes.append(Attribute("mid", "0"))
    #expect(throws: SessionError.description(SDPError(.duplicateMid("0")))) {
      try setRemote(session, second.description)
    }
    #expect(session.signalingState == .stable && session.transceivers.count == 1)
  }
}
