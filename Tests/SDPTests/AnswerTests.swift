import SDP
import Testing

struct AnswerTests {
  private typealias Answer = (answer: SessionDescription, negotiated: NegotiatedSession)

  private func answer(
    _ offer: String, plan: [SectionPlan] = [], policy: MediaPolicy = MediaPolicy(),
    setup: SetupRole = .passive
  ) throws -> Answer {
    var local = testTransport
    local.setup = setup
    return try AnswerBuilder(local: local, policy: policy, sessionID: 1)
      .answer(to: SessionDescription(parsing: offer), plan: plan)
  }

  private let opus = section(
    "audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:a", "a=rtpmap:111 opus/48000/2")
  private let vp8 = section("video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:v", "a=rtpmap:96 VP8/90000")

  @Test func `a Chromium camera with three layers is taken whole`() throws {
    let offer = try Recording.parsed("chromium-simulcast")
    let builder = AnswerBuilder(
      local: testTransport,
      policy: MediaPolicy(
        audio: [.opus], video: [.vp8], videoFormatParameters: ["x-google-start-bitrate=2000"]),
      sessionID: 1)
    let (answer, negotiated) = try builder.answer(to: offer, plan: sendingPlan(for: offer))
    let camera = negotiated.sections[1]
    #expect(camera.rids == ["q", "h", "f"] && camera.weReceive && !camera.weSend)
    #expect(camera.codecs.map(\.payloadType) == [96] && camera.codecs[0].rtxPayloadType == 97)
    #expect(
      camera.codecs[0].feedback == ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"])
    #expect(camera.headerExtension(HeaderExtension.rid)?.id == 10)
    #expect(answer.mediaSections[1].simulcast?.receive.count == 3)
    #expect(
      answer.mediaSections[1].codecs[0].parameters["x-google-start-bitrate"] == "2000")
    let slot = negotiated.sections[8]
    #expect(slot.kind == .video && slot.weSend && !slot.weReceive)
    #expect(slot.localTrack == testTrack(8))
    #expect(answer.mediaSections[8].codecs[0].formatParameters.isEmpty)
    #expect(answer.mediaSections[8].ssrcGroups.map(\.ssrcs) == [[1008, 2008]])
    #expect(answer.mediaSections[8].msids == [MSID(stream: "stream-8", track: "track-8")])
    #expect(negotiated.sections[2].localTrack?.rtxSSRC == nil)
    let transport = try #require(negotiated.transport)
    #expect(transport.iceUfrag == offer.mediaSections[0].iceUfrag)
    #expect(transport.candidates == offer.mediaSections[0].candidates)
  }

  @Test func `repair packets get a source beside that of the media`() throws {
    let offer = try Recording.parsed("chromium-receive")
    let place = try #require(offer.mediaSections.firstIndex { $0.kind == .video })
    var plan = sendingPlan(for: offer)
    for index in plan.indices { plan[index].track?.repairSSRC = UInt32(3000 + index) }
    let builder = AnswerBuilder(
      local: testTransport, policy: MediaPolicy(video: [.vp8, .flexibleFEC]), sessionID: 1)
    let (answer, negotiated) = try builder.answer(to: offer, plan: plan)
    let section = answer.mediaSections[place]
    #expect(negotiated.sections[place].codecs.map(\.name) == ["VP8", "flexfec-03"])
    #expect(section.codecs.last?.formatParameters == "repair-window=10000000")
    #expect(
      section.ssrcGroups.contains {
        $0.semantics == "FEC-FR" && $0.ssrcs == [UInt32(1000 + place), UInt32(3000 + place)]
      })
    #expect(section.ssrcs.contains { $0.ssrc == UInt32(3000 + place) })
    // Without the codec there is no such source, and the codec alone is none.
    let (plain, agreed) = try AnswerBuilder(
      local: testTransport, policy: MediaPolicy(video: [.vp8]), sessionID: 1
    ).answer(to: offer, plan: plan)
    #expect(agreed.sections[place].localTrack?.repairSSRC == nil)
    #expect(!plain.mediaSections[place].ssrcGroups.contains { $0.semantics == "FEC-FR" })
    let (_, alone) = try AnswerBuilder(
      local: testTransport, policy: MediaPolicy(video: [.flexibleFEC]), sessionID: 1
    ).answer(to: offer, plan: plan)
    #expect(alone.sections[place].rejection == .noCodec)
  }

  @Test func `a Firefox camera keeps its sources beside its layers`() throws {
    let offer = try Recording.parsed("firefox-simulcast")
    let (_, negotiated) = try AnswerBuilder(local: testTransport, sessionID: 1).answer(to: offer)
    let camera = negotiated.sections[1]
    #expect(camera.rids == ["q", "h", "f"])
    #expect(camera.remoteSSRCs.count == 6)
    let first = try #require(camera.remoteSSRCs.first?.ssrc)
    #expect(camera.remoteRTXSSRC(of: first) == camera.remoteSSRCs[1].ssrc)
    let rid = try #require(camera.headerExtension(HeaderExtension.rid))
    #expect(rid.weReceive && !rid.weSend)
    let delay = try #require(camera.headerExtension(HeaderExtension.playoutDelay))
    #expect(delay.weSend && !delay.weReceive)
    #expect(negotiated.sections[8].isRejected == false)
    #expect(negotiated.transport?.fingerprints == offer.fingerprints)
  }

  @Test func `Safari's constrained baseline is found behind its high profile`() throws {
    let offer = try Recording.parsed("made-up-safari")
    let policy = MediaPolicy(video: [.h264])
    let (answer, negotiated) = try AnswerBuilder(
      local: testTransport, policy: policy, sessionID: 1
    ).answer(to: offer)
    #expect(negotiated.sections[1].codecs.map(\.payloadType) == [98])
    #expect(negotiated.sections[1].codecs[0].rtxPayloadType == 99)
    #expect(answer.mediaSections[1].codecs[0].parameters["profile-level-id"] == "42e01f")
    #expect(negotiated.transport?.iceUfrag == "sAf1")
  }

  @Test(arguments: [
    ("42e01f", true), ("42c00a", true), ("42e034", true), ("4d801f", true), ("58c01f", true),
    ("42001f", true), ("640c1f", false), ("4d001f", false), ("64001f", false), ("zz", false),
    ("+2e01f", false),
  ])
  func `an H264 profile matches whatever its level`(profile: String, matches: Bool) throws {
    let offer = sdp(
      section(
        "video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 H264/90000",
        "a=fmtp:96 packetization-mode=1;profile-level-id=\(profile)"))
    #expect(try answer(offer).negotiated.sections[0].isRejected == !matches)
  }

  @Test func `constrained baseline is preferred to baseline, mode 1 required`() throws {
    let offer = sdp(
      section(
        "video 9 UDP/TLS/RTP/SAVPF 96 97 98", "a=rtpmap:96 H264/90000", "a=rtpmap:97 H264/90000",
        "a=rtpmap:98 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=42001f",
        "a=fmtp:97 packetization-mode=0;profile-level-id=42e01f",
        "a=fmtp:98 packetization-mode=1;profile-level-id=42e01f"))
    #expect(try answer(offer).negotiated.sections[0].codecs.map(\.payloadType) == [98])
  }

  @Test func `VP9 profile 2 is not profile 0`() throws {
    let offer = sdp(
      section(
        "video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP9/90000", "a=fmtp:96 profile-id=2"))
    #expect(try answer(offer).negotiated.sections[0].rejection == .noCodec)
  }

  @Test func `redundant sound needs the codec it repeats`() throws {
    let red = section(
      "audio 9 UDP/TLS/RTP/SAVPF 63 111", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111",
      "a=rtpmap:111 opus/48000/2")
    let both = try answer(sdp(red)).negotiated.sections[0].codecs
    #expect(both.map(\.name) == ["opus", "red"])
    let policy = MediaPolicy(audio: [.red])
    #expect(try answer(sdp(red), policy: policy).negotiated.sections[0].rejection == .noCodec)
  }

  @Test func `a section without a common codec is rejected alone`() throws {
    let offer = sdp("a=group:BUNDLE a v", opus, vp8)
    let result = try answer(offer, policy: MediaPolicy(video: [.av1]))
    #expect(result.negotiated.sections.map(\.rejection) == [nil, .noCodec])
    #expect(result.answer.bundle == ["a"])
    #expect(result.answer.mediaSections[1].port == 0)
  }

  @Test func `the plan chooses codecs for one section`() throws {
    let offer = sdp("a=group:BUNDLE a v", opus, vp8)
    let plan = [SectionPlan(), SectionPlan(codecs: [.h264])]
    #expect(try answer(offer, plan: plan).negotiated.sections[1].rejection == .noCodec)
  }

  @Test(arguments: [
    (Direction.sendonly, Direction.recvonly), (.recvonly, .sendonly), (.sendrecv, .sendrecv),
    (.inactive, .inactive),
  ])
  func `directions are answered`(offered: Direction, answered: Direction) throws {
    let offer = sdp(vp8 + "\r\na=\(offered.rawValue)")
    let both = try answer(offer, plan: [SectionPlan(track: testTrack(0))])
    #expect(both.answer.mediaSections[0].direction == answered)
    let silent = try answer(offer)
    #expect(silent.answer.mediaSections[0].direction?.sends == false)
    let deaf = try answer(offer, plan: [SectionPlan(receives: false, track: testTrack(0))])
    #expect(deaf.answer.mediaSections[0].direction?.receives == false)
  }

  @Test func `a direction for the whole session holds where a section names none`() throws {
    let offer = sdp("a=sendonly", vp8)
    let result = try answer(offer, plan: [SectionPlan(track: testTrack(0))])
    #expect(result.answer.mediaSections[0].direction == .recvonly)
  }

  @Test func `a single section needs no BUNDLE and no tag`() throws {
    let offer = sdp(section("video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000"))
    let result = try answer(offer)
    #expect(result.answer.bundle == nil && result.answer.mediaSections[0].mid == nil)
    #expect(result.negotiated.sections[0].mid == "(0)" && !result.negotiated.sections[0].isRejected)
  }

  @Test func `a section without a tag never shares one with another`() throws {
    let untagged = vp8.replacing("a=mid:v\r\n", with: "")
    let offer = sdp("a=group:BUNDLE 1", opus.replacing("mid:a", with: "mid:1"), untagged)
    let mids = try answer(offer).negotiated.sections.map(\.mid)
    #expect(mids == ["1", "(1)"])
  }

  @Test func `a name cannot break out of its line`() throws {
    let track = LocalTrack(
      ssrc: 1, cname: "c\r\na=x", streamID: "Ana Zoë", trackID: String(repeating: "t", count: 99))
    let offer = sdp(vp8 + "\r\na=recvonly")
    let text = try answer(offer, plan: [SectionPlan(track: track)]).answer.description
    #expect(text.contains("a=msid:Ana_Zo__ " + String(repeating: "t", count: 64) + "\r\n"))
    #expect(text.contains("a=ssrc:1 cname:c__a_x\r\n"))
  }

  @Test func `of several sections without BUNDLE one is taken`() throws {
    let result = try answer(sdp(opus, vp8))
    #expect(result.negotiated.sections.map(\.rejection) == [nil, .notBundled])
  }

  @Test func `a section outside the group is rejected, a tag of nobody ignored`() throws {
    let result = try answer(sdp("a=group:BUNDLE x v v", opus, vp8))
    #expect(result.negotiated.sections.map(\.rejection) == [.notBundled, nil])
    #expect(result.answer.bundle == ["v"])
    #expect(result.answer.mediaSections[1].candidates.count == 2)
  }

  @Test func `the first of the group carries the candidates, whatever the order`() throws {
    let result = try answer(sdp("a=group:BUNDLE v a", opus, vp8))
    #expect(result.answer.bundle == ["v", "a"])
    #expect(result.answer.mediaSections.map(\.candidates.count) == [0, 2])
  }

  @Test func `the section that holds the transport is made inactive, not rejected`() throws {
    let offer = sdp("a=group:BUNDLE a v", opus, vp8)
    let result = try answer(offer, plan: [.rejected])
    #expect(result.negotiated.sections.map(\.isRejected) == [false, false])
    #expect(result.answer.mediaSections[0].direction == .inactive)
    #expect(result.answer.bundle == ["a", "v"])
    let nothing = try answer(offer, plan: [.rejected, .rejected])
    #expect(nothing.negotiated.sections.map(\.rejection) == [.byPlan, .byPlan])
    #expect(nothing.negotiated.transport == nil && nothing.answer.bundle == nil)
  }

  @Test func `what is sent without rtcp-mux or without DTLS is rejected`() throws {
    let noMux = vp8.replacing("a=rtcp-mux\r\n", with: "")
    let plain = vp8.replacing("UDP/TLS/RTP/SAVPF", with: "RTP/AVPF")
    #expect(try answer(sdp(noMux)).negotiated.sections[0].rejection == .noRTCPMux)
    #expect(try answer(sdp(plain)).negotiated.sections[0].rejection == .unsupported)
    #expect(try answer(sdp(plain)).negotiated.transport == nil)
  }

  @Test func `data channels are declined and mirrored`() throws {
    let offer = try Recording.parsed("chromium-data")
    let (answer, negotiated) = try AnswerBuilder(local: testTransport, sessionID: 1)
      .answer(to: offer)
    #expect(negotiated.sections.map(\.rejection) == [nil, nil, .unsupported])
    #expect(answer.bundle == ["0", "1"])
    #expect(answer.mediaSections[2].port == 0 && answer.mediaSections[2].mid == "2")
    #expect(answer.mediaSections[2].formats == ["webrtc-datachannel"])
  }

  @Test func `bundle-only is not rejected, port 0 without it is`() throws {
    let zero = vp8.replacing("video 9", with: "video 0")
    let only = try answer(sdp("a=group:BUNDLE a v", opus, zero + "\r\na=bundle-only"))
    #expect(only.negotiated.sections.map(\.rejection) == [nil, nil])
    #expect(only.answer.mediaSections[1].port == 7880)
    #expect(!only.answer.mediaSections[1].isBundleOnly)
    let stopped = try answer(sdp("a=group:BUNDLE a v", opus, zero))
    #expect(stopped.negotiated.sections.map(\.rejection) == [nil, .byPeer])
  }

  @Test func `extensions whose numbers disagree between sections are left out`() throws {
    let offer = sdp(
      "a=group:BUNDLE a v", opus + "\r\na=extmap:1 \(HeaderExtension.mid)",
      vp8 + "\r\na=extmap:1 \(HeaderExtension.rid)\r\na=extmap:2 \(HeaderExtension.mid)")
    let sections = try answer(offer).negotiated.sections
    #expect(sections[0].extensions.map(\.id) == [1])
    #expect(sections[1].headerExtension(HeaderExtension.rid) == nil)
  }

  @Test func `transport-wide feedback needs its header extension`() throws {
    let offer = sdp(vp8 + "\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack")
    #expect(try answer(offer).negotiated.sections[0].codecs[0].feedback == ["nack"])
    let with = offer + "a=extmap:3 \(HeaderExtension.transportWideCC)\r\n"
    #expect(
      try answer(with).negotiated.sections[0].codecs[0].feedback == ["nack", "transport-cc"])
  }

  @Test func `layers keep the order of a=simulcast, pauses are not echoed`() throws {
    let lines = [
      "a=sendonly", "a=extmap:1 \(HeaderExtension.rid)", "a=rid:1 send pt=96,97;max-width=1280",
      "a=rid:2 send", "a=rid:3 send", "a=rid:4 send pt=97", "a=rid:5 send future=1",
      "a=simulcast:send 3;~1,2;4;5,2;9",
    ]
    let offer = sdp(([vp8] + lines).joined(separator: "\r\n"))
    let result = try answer(offer)
    #expect(result.negotiated.sections[0].rids == ["3", "1", "2"])
    #expect(result.answer.mediaSections[0].value(of: "simulcast") == "recv 3;1;2")
    #expect(
      result.answer.mediaSections[0].values(of: "rid")
        == ["3 recv", "1 recv pt=96;max-width=1280", "2 recv"])
    let single = try answer(offer, plan: [SectionPlan(takesSimulcast: false)])
    #expect(!single.answer.description.contains("rid:"))
  }

  @Test(arguments: [
    ("actpass", SetupRole.passive, SetupRole.passive), ("actpass", .active, .active),
    ("active", .active, .passive), ("passive", .passive, .active),
  ])
  func `DTLS roles are answered`(offered: String, wanted: SetupRole, role: SetupRole) throws {
    let offer = sdp(vp8.replacing("a=setup:actpass", with: "a=setup:\(offered)"))
    let result = try answer(offer, setup: wanted)
    #expect(result.answer.mediaSections[0].setup == role)
    #expect(result.negotiated.transport?.localSetup == role)
  }

  @Test(arguments: [
    ("a=ice-ufrag:peer\r\n", SDPError.Problem.noICECredentials),
    ("a=ice-pwd:peerPasswordpeerPassword\r\n", .noICECredentials),
    ("a=fingerprint:", .noFingerprint),
  ])
  func `an offer one cannot reach or check is refused`(line: String, problem: SDPError.Problem) {
    let offer = sdp(vp8).replacing(line, with: line.hasSuffix(":") ? "a=x:" : "")
    #expect(throws: SDPError(problem, section: 0)) { try answer(offer) }
  }

  @Test func `holdconn is refused`() {
    let offer = sdp(vp8.replacing("actpass", with: "holdconn"))
    #expect(throws: SDPError(.badSetupRole, section: 0)) { try answer(offer) }
  }

  @Test func `bandwidths and more format parameters come from the plan`() throws {
    let plan = SectionPlan(
      videoFormatParameters: ["x-google-start-bitrate=300"],
      bandwidths: [.init(type: "TIAS", value: 500_000)])
    let text = try answer(sdp(vp8), plan: [plan]).answer.description
    #expect(text.contains("b=TIAS:500000\r\n"))
    #expect(text.contains("a=fmtp:96 x-google-start-bitrate=300\r\n"))
  }

  @Test func `an ICE-lite server says so, and one without candidates has no address`() throws {
    var local = testTransport
    local.isICELite = true
    local.candidates = []
    local.hasEndOfCandidates = false
    let (answer, _) = try AnswerBuilder(local: local, sessionID: 1)
      .answer(to: SessionDescription(parsing: sdp(vp8)))
    #expect(answer.isICELite && answer.mediaSections[0].port == 9)
    #expect(answer.mediaSections[0].connections == ["IN IP4 0.0.0.0"])
  }

  @Test func `a server reached by IPv6 alone says so`() throws {
    var local = testTransport
    local.candidates = ["1 1 tcp 9 192.0.2.1 9 typ host", "2 1 UDP 1 2001:db8::7 99 typ host"]
    let (answer, _) = try AnswerBuilder(local: local, sessionID: 1)
      .answer(to: SessionDescription(parsing: sdp(vp8)))
    #expect(answer.mediaSections[0].port == 99)
    #expect(answer.mediaSections[0].connections == ["IN IP6 2001:db8::7"])
  }
}
