import SDP
import Testing

struct AttributeTests {
  private func video(_ lines: String..., formats: String = "96 97") throws -> MediaSection {
    let text = sdp("m=video 9 UDP/TLS/RTP/SAVPF \(formats)") + lines.map { "a=\($0)\n" }.joined()
    return try #require(try SessionDescription(parsing: text).mediaSections.first)
  }

  @Test func `format parameters are a dictionary, and the first of two counts`() throws {
    let section = try video(
      "rtpmap:96 H264/90000", "fmtp:96 Profile-Level-ID=42e01f; packetization-mode=1;;x;x=2")
    #expect(
      section.codecs[0].parameters == [
        "profile-level-id": "42e01f", "packetization-mode": "1", "x": "",
      ])
  }

  @Test func `feedback for all payload types reaches each`() throws {
    let section = try video(
      "rtpmap:96 VP8/90000", "rtpmap:97 VP9/90000", "rtcp-fb:* nack", "rtcp-fb:97 nack pli ")
    #expect(section.codecs.map(\.feedback) == [["nack"], ["nack", "nack pli"]])
  }

  @Test func `a payload type without a codec or listed twice is left out`() throws {
    let section = try video(
      "rtpmap:96 VP8/90000", "rtpmap:98 VP9/90000", "rtpmap:97 bad", formats: "96 97 96")
    #expect(section.codecs.map(\.payloadType) == [96])
  }

  @Test func `a fingerprint is read in any case and written in one`() throws {
    let read = try #require(Fingerprint("SHA-256 ab:0C:fF"))
    #expect(read.text == "sha-256 AB:0C:FF")
    #expect(read.digest == [0xAB, 0x0C, 0xFF])
    #expect(Fingerprint(hashFunction: "sha-256", digest: read.digest) == read)
    #expect(Fingerprint("sha-256 AB:") == nil)
    #expect(Fingerprint("sha-256 AB CD") == nil)
  }

  @Test func `simulcast has streams with alternatives, some paused`() throws {
    let simulcast = try #require(Simulcast("send 1,~4;2;~3 recv a"))
    #expect(simulcast.send.map { $0.map(\.rid) } == [["1", "4"], ["2"], ["3"]])
    #expect(simulcast.send.map { $0.map(\.isPaused) } == [[false, true], [false], [true]])
    #expect(simulcast.receive.map { $0.map(\.rid) } == [["a"]])
  }

  @Test(arguments: [
    "", "send", "send a recv", "send a send b", "both a", "send ;", "send a;~", "send é",
    "send a recv b x",
  ])
  func `what is not simulcast is not read as such`(text: String) {
    #expect(Simulcast(text) == nil)
  }

  @Test func `restriction identifiers are read, the first of two`() throws {
    let section = try video("rid:q send pt=96;max-width=1280", "rid:q recv", "rid:é send", "rid:x")
    #expect(section.rids == [RID(id: "q", isSent: true, restrictions: "pt=96;max-width=1280")])
  }

  @Test func `sources are joined from their lines`() throws {
    let section = try video(
      "ssrc:1 cname:a", "ssrc:2 cname:b", "ssrc:1 msid:s t", "ssrc:4294967296 cname:x", "ssrc:7",
      "ssrc-group:FID 1 2", "ssrc-group:FID 1 x", "ssrc-group:SIM")
    #expect(section.ssrcs.map(\.ssrc) == [1, 2, 7])
    #expect(section.ssrcs[0].cname == "a" && section.ssrcs[0].msid == "s t")
    #expect(section.ssrcGroups.map(\.ssrcs) == [[1, 2]])
  }

  @Test func `a Firefox stream without a name is read`() throws {
    #expect(try video("msid:- track").msids == [MSID(stream: "-", track: "track")])
    #expect(try video("msid:only").msids == [MSID(stream: "only")])
  }

  @Test func `a direction seen from the other side`() {
    #expect(Direction.sendonly.reversed == .recvonly)
    #expect(Direction.sendrecv.reversed == .sendrecv)
    #expect(Direction.inactive.reversed == .inactive)
  }

  @Test func `several groups are told apart`() throws {
    let parsed = try SessionDescription(
      parsing: sdp("a=group:LS a b", "a=group:BUNDLE a b c", "a=group:BUNDLE d", "a=group:"))
    #expect(parsed.bundle == ["a", "b", "c"])
    #expect(parsed.groups.map(\.semantics) == ["LS", "BUNDLE", "BUNDLE"])
  }
}
