import SDP
import Testing

/// A second offer of the same peer, and offers of our own.
struct LaterOfferTests {
  private var client = OfferBuilder(
    local: LocalTransport(
      iceUfrag: "cliU", icePwd: "cliPasswordcliPasswordcli",
      fingerprints: [Fingerprint(hashFunction: "sha-256", digest: Array(repeating: 7, count: 32))],
      candidates: ["candidate:1 1 udp 1 192.0.2.9 5000 typ host"]),
    sections: [
      .init(mid: "0", kind: .audio, direction: .sendonly, track: testTrack(50)),
      .init(mid: "1", kind: .video, direction: .sendonly, track: testTrack(51), rids: ["q", "f"]),
      .init(mid: "2", kind: .video, direction: .recvonly),
    ], sessionID: 9)
  private let server = AnswerBuilder(local: testTransport, sessionID: 5)

  private func negotiate(
    _ client: OfferBuilder, after previous: NegotiatedSession? = nil
  ) throws -> (server: NegotiatedSession, client: NegotiatedSession, answer: SessionDescription) {
    let offer = try SessionDescription(parsing: client.offer().description)
    let (answer, agreed) = try server.answer(
      to: offer, plan: sendingPlan(for: offer), after: previous)
    let read = try client.negotiate(answer: SessionDescription(parsing: answer.description))
    return (agreed, read, answer)
  }

  @Test func `both sides of an offer of our own agree`() throws {
    let (ours, theirs, _) = try negotiate(client)
    #expect(ours.sections.count == 3)
    for (one, other) in zip(ours.sections, theirs.sections) {
      #expect(one.mid == other.mid && one.rejection == nil && other.rejection == nil)
      #expect(one.weSend == other.weReceive && one.weReceive == other.weSend)
      #expect(one.codecs.map(\.payloadType) == other.codecs.map(\.payloadType))
      #expect(one.codecs.map(\.rtxPayloadType) == other.codecs.map(\.rtxPayloadType))
      #expect(one.codecs.map(\.feedback) == other.codecs.map(\.feedback))
      #expect(one.extensions.map(\.id) == other.extensions.map(\.id))
      #expect(one.rids == other.rids)
    }
    #expect(theirs.sections[1].rids == ["q", "f"])
    #expect(theirs.sections[2].remoteSSRCs.map(\.ssrc) == [1002, 2002])
    #expect(ours.sections[0].remoteSSRCs.map(\.ssrc) == [1050])
    #expect(ours.transport?.localSetup == .passive && theirs.transport?.localSetup == .active)
    #expect(theirs.transport?.iceUfrag == testTransport.iceUfrag)
    #expect(theirs.transport?.candidates.count == 2)
    #expect(ours.transport?.candidates == ["1 1 udp 1 192.0.2.9 5000 typ host"])
  }

  @Test func `sections are appended and change direction, tags stay`() throws {
    let first = try negotiate(client).server
    var later = client
    later.sections[2].direction = .inactive
    later.sections.append(.init(mid: "3", kind: .video, direction: .recvonly))
    let (second, _, answer) = try negotiate(later, after: first)
    #expect(second.sections.map(\.mid) == ["0", "1", "2", "3"])
    #expect(second.sections[2].weSend == false && second.sections[3].weSend)
    #expect(answer.origin.sessionID == "5" && answer.origin.sessionVersion == "2")
    #expect(second.sessionVersion == first.sessionVersion + 1)
  }

  @Test func `a stopped section leaves the group and its place is taken again`() throws {
    let first = try negotiate(client).server
    var later = client
    later.sections[0].isStopped = true
    let (second, _, answer) = try negotiate(later, after: first)
    #expect(second.sections[0].rejection == .byPeer)
    #expect(answer.bundle == ["1", "2"] && !answer.mediaSections[1].candidates.isEmpty)
    later.sections[0] = .init(mid: "9", kind: .video, direction: .recvonly)
    let (third, theirs, _) = try negotiate(later, after: second)
    #expect(third.sections[0].mid == "9" && third.sections[0].kind == .video)
    #expect(theirs.sections[0].weReceive)
  }

  @Test func `fewer sections, other tags or other kinds do not continue an offer`() throws {
    let first = try negotiate(client).server
    var fewer = client
    fewer.sections.removeLast()
    #expect(throws: SDPError(.sectionMismatch)) { try negotiate(fewer, after: first) }
    var renamed = client
    renamed.sections[1].mid = "x"
    #expect(throws: SDPError(.sectionMismatch, section: 1)) {
      try negotiate(renamed, after: first)
    }
    var other = client
    other.sections[2].kind = .audio
    #expect(throws: SDPError(.sectionMismatch, section: 2)) { try negotiate(other, after: first) }
  }

  @Test func `other credentials are an ICE restart`() throws {
    let first = try negotiate(client).server
    #expect(!first.isICERestarted(by: client.offer()))
    var later = client
    later.local.icePwd = "otherPasswordotherPassword"
    #expect(first.isICERestarted(by: later.offer()))
    #expect(try negotiate(later, after: first).server.transport?.icePwd == later.local.icePwd)
  }

  @Test func `DTLS roles are kept in later offers`() throws {
    var active = server
    active.local.setup = .active
    let offer = client.offer()
    let first = try active.answer(to: offer).negotiated
    #expect(first.transport?.localSetup == .active)
    #expect(try server.answer(to: offer, after: first).negotiated.transport?.localSetup == .active)
  }

  @Test func `an answer that does not fit the offer is refused`() throws {
    var (answer, _) = try server.answer(to: client.offer())
    var kinds = answer
    kinds.mediaSections[0].kind = .video
    #expect(throws: SDPError(.sectionMismatch, section: 0)) {
      try client.negotiate(answer: kinds)
    }
    answer.mediaSections.removeLast()
    #expect(throws: SDPError(.sectionMismatch)) { try client.negotiate(answer: answer) }
  }

  @Test func `an answer must choose a DTLS role`() throws {
    let (answer, _) = try server.answer(to: client.offer())
    let text = answer.description.replacing("setup:passive", with: "setup:actpass")
    #expect(throws: SDPError(.badSetupRole, section: 0)) {
      try client.negotiate(answer: SessionDescription(parsing: text))
    }
  }

  @Test func `codecs have the same number in every section`() throws {
    var builder = client
    builder.policy = MediaPolicy(audio: [.opus, .red], video: [.vp8, .h264])
    builder.sections[2].codecs = [.h264]
    let sections = builder.offer().mediaSections
    #expect(sections[0].payloadTypes == [111, 113])
    #expect(sections[1].payloadTypes == [96, 97, 98, 99])
    #expect(sections[2].payloadTypes == [98, 99])
  }
}
