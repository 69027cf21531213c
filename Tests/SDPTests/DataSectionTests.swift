import SDP
import Testing

struct DataSectionTests {
  private let terms = MediaPolicy(data: DataChannelTerms(maximumMessageSize: 1_000_000))

  private func answer(
    _ offer: SessionDescription, plan: [SectionPlan] = []
  ) throws -> (answer: SessionDescription, negotiated: NegotiatedSession) {
    try AnswerBuilder(local: testTransport, policy: terms, sessionID: 1)
      .answer(to: offer, plan: plan)
  }

  @Test(arguments: [("chromium-dataonly", 262_144), ("firefox-dataonly", 1_073_741_823)])
  func `an offer of data channels alone is answered`(name: String, size: UInt64) throws {
    let offer = try Recording.parsed(name)
    let (answer, negotiated) = try answer(offer)
    let section = answer.mediaSections[0]
    #expect(section.transportProtocol == "UDP/DTLS/SCTP")
    #expect(section.formats == ["webrtc-datachannel"])
    #expect(section.sctpPort == 5000 && section.maxMessageSize == 1_000_000)
    #expect(section.iceUfrag == "srvU" && section.setup == .passive && section.port == 7880)
    #expect(section.candidates.count == 2 && section.hasEndOfCandidates)
    #expect(answer.bundle == [offer.mediaSections[0].tag(at: 0)])
    #expect(negotiated.sctpPort == 5000 && negotiated.maxMessageSize == size)
    #expect(negotiated.transport?.iceUfrag == offer.mediaSections[0].iceUfrag)
    #expect(try SessionDescription(parsing: answer.description) == answer)
  }

  @Test(arguments: ["chromium-data", "firefox-data"])
  func `data channels are answered beside media`(name: String) throws {
    let (answer, negotiated) = try answer(try Recording.parsed(name))
    #expect(negotiated.sections.allSatisfy { !$0.isRejected })
    #expect(answer.bundle?.count == 3 && negotiated.dataSection?.index == 2)
    #expect(answer.mediaSections[2].direction == nil && !answer.mediaSections[2].hasRTCPMux)
  }

  @Test func `the plan rejects data channels`() throws {
    let offer = try Recording.parsed("chromium-data")
    let (answer, negotiated) = try answer(
      offer, plan: [SectionPlan(), SectionPlan(), .rejected])
    #expect(negotiated.sections[2].rejection == .byPlan && negotiated.sctpPort == nil)
    #expect(answer.mediaSections[2].port == 0 && answer.bundle?.count == 2)
  }

  @Test func `who has no data channels declines them`() throws {
    let offer = try Recording.parsed("chromium-dataonly")
    let negotiated = try AnswerBuilder(local: testTransport, sessionID: 1).answer(to: offer)
      .negotiated
    #expect(negotiated.sections[0].rejection == .unsupported && negotiated.transport == nil)
  }

  @Test func `the form with sctpmap is answered in kind`() throws {
    let offer = sdp(
      section("application 9 DTLS/SCTP 5001", "a=mid:d", "a=sctpmap:5001 webrtc-datachannel 256"))
    let (answer, negotiated) = try answer(try SessionDescription(parsing: offer))
    #expect(answer.mediaSections[0].transportProtocol == "DTLS/SCTP")
    #expect(answer.mediaSections[0].formats == ["5000"])
    #expect(answer.mediaSections[0].value(of: "sctpmap")?.hasPrefix("5000 webrtc-") == true)
    #expect(negotiated.sctpPort == 5001 && negotiated.maxMessageSize == 65536)
  }

  @Test(
    arguments: [
      ("a=sctp-port:5000", 5000, 65536), ("a=sctp-port:0", nil, nil),
      ("a=sctp-port:70000", nil, nil),
      ("a=sctp-port:+1", nil, nil), ("a=x", 5000, 65536),
      ("a=max-message-size:0", 5000, UInt64.max), ("a=max-message-size:9", 5000, 9),
      ("a=max-message-size:x", 5000, 65536),
    ] as [(String, UInt16?, UInt64?)])
  func `port and size are read`(line: String, port: UInt16?, size: UInt64?) throws {
    let offer = sdp(section("application 9 UDP/DTLS/SCTP webrtc-datachannel", line))
    let negotiated = try answer(try SessionDescription(parsing: offer)).negotiated
    #expect(negotiated.sctpPort == port && negotiated.maxMessageSize == size)
  }

  @Test(arguments: ["UDP/DTLS/SCTP something", "UDP/TLS/RTP/SAVPF 96", "DTLS/SCTP x"])
  func `another application is none of ours`(media: String) throws {
    let offer = sdp(section("application 9 \(media)"))
    let negotiated = try answer(try SessionDescription(parsing: offer)).negotiated
    #expect(negotiated.sections[0].rejection == .unsupported)
  }

  @Test func `what we offer is answered by ourselves`() throws {
    let offerer = OfferBuilder(
      local: testTransport, policy: terms,
      sections: [
        .init(mid: "0", kind: .audio, direction: .sendrecv, track: testTrack(0)),
        .init(mid: "1", kind: .application, direction: .sendrecv),
      ], sessionID: 1)
    let offer = offerer.offer()
    #expect(try SessionDescription(parsing: offer.description) == offer)
    #expect(offer.mediaSections[1].isBundleOnly && offer.mediaSections[1].sctpPort == 5000)
    let (answer, theirs) = try answer(offer)
    let ours = try offerer.negotiate(answer: answer)
    #expect(ours.maxMessageSize == 1_000_000 && theirs.maxMessageSize == 1_000_000)
    #expect(ours.dataSection?.mid == "1" && ours.transport?.iceUfrag == "srvU")
  }

  @Test func `an answer may decline data channels`() throws {
    let offerer = OfferBuilder(
      local: testTransport, policy: terms,
      sections: [.init(mid: "d", kind: .application, direction: .sendrecv)], sessionID: 1)
    let answer = try AnswerBuilder(local: testTransport, sessionID: 1)
      .answer(to: offerer.offer()).answer
    #expect(try offerer.negotiate(answer: answer).sections[0].rejection == .byPeer)
  }

  @Test func `a section that shares the transport already needs no bundle-only`() {
    let sections: [OfferBuilder.Section] = [
      .init(mid: "new", kind: .audio, direction: .sendrecv),
      .init(mid: "old", kind: .video, direction: .sendrecv, isBundled: true),
      .init(mid: "data", kind: .application, direction: .sendrecv, isBundled: true),
    ]
    let offer = OfferBuilder(
      local: testTransport, policy: terms, sections: sections, sessionID: 1
    ).offer()
    #expect(offer.bundle == ["old", "data", "new"])
    #expect(offer.mediaSections.map(\.port) == [0, 7880, 7880])
    #expect(offer.mediaSections.map(\.isBundleOnly) == [true, false, false])
    #expect(offer.mediaSections.map(\.candidates.count) == [0, 2, 0])
  }

  @Test func `candidates are written into the section that holds the transport`() throws {
    var offer = try Recording.parsed("chromium-data")
    offer.setCandidates(["candidate:1 1 udp 5 192.0.2.9 444 typ host"], isComplete: true)
    #expect(offer.mediaSections[0].candidates == ["1 1 udp 5 192.0.2.9 444 typ host"])
    #expect(offer.mediaSections[0].hasEndOfCandidates && offer.mediaSections[0].port == 444)
    #expect(offer.mediaSections[0].connections == ["IN IP4 192.0.2.9"])
    #expect(try SessionDescription(parsing: offer.description) == offer)
  }
}

struct TrickleFragmentTests {
  private let text = """
    a=ice-ufrag:abcd\r
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r
    m=audio 9 RTP/AVP 0\r
    a=mid:1\r
    a=candidate:1 1 udp 5 192.0.2.9 444 typ host\r
    a=end-of-candidates\r

    """

  @Test func `a fragment is read and printed`() throws {
    let fragment = try TrickleFragment(parsing: text)
    #expect(fragment.iceUfrag == "abcd" && fragment.sections.map(\.mid) == ["1"])
    #expect(fragment.sections[0].candidates == ["1 1 udp 5 192.0.2.9 444 typ host"])
    #expect(fragment.sections[0].hasEndOfCandidates && !fragment.hasEndOfCandidates)
    #expect(fragment.description == text)
  }

  @Test func `no truncation of a fragment traps, and what is read prints`() throws {
    for count in 0...text.utf8.count {
      let cut = String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
      guard let read = try? TrickleFragment(parsing: cut) else { continue }
      #expect(try TrickleFragment(parsing: read.description) == read)
    }
  }

  @Test func `a fragment has the limits of descriptions`() {
    let line = "a=candidate:1 1 udp 5 192.0.2.9 444 typ host\r\n"
    let long = "m=audio 9 RTP/AVP 0\r\n" + String(repeating: line, count: 65)
    #expect(throws: SDPError.self) { try TrickleFragment(parsing: long) }
    #expect(throws: SDPError(.tooMany(.bytes))) {
      try TrickleFragment(parsing: String(repeating: "a", count: 300_000))
    }
  }
}

struct SentSimulcastTests {
  @Test func `the layers a server asks for are sent`() throws {
    let offer = sdp(
      section(
        "video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:v", "a=rtpmap:96 VP8/90000", "a=recvonly",
        "a=extmap:3 \(HeaderExtension.rid)", "a=rid:l recv", "a=rid:h recv",
        "a=simulcast:recv l;h"))
    let plan = [SectionPlan(track: testTrack(0), sendsSimulcast: true)]
    let (answer, negotiated) = try AnswerBuilder(local: testTransport, sessionID: 1)
      .answer(to: try SessionDescription(parsing: offer), plan: plan)
    #expect(negotiated.sections[0].sendRIDs == ["l", "h"])
    #expect(answer.mediaSections[0].simulcast?.send.map { $0.map(\.rid) } == [["l"], ["h"]])
    #expect(answer.mediaSections[0].rids.allSatisfy { $0.isSent })
    #expect(answer.mediaSections[0].ssrcs.isEmpty)
  }
}
