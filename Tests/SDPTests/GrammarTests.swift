import SDP
import Testing

struct GrammarTests {
  private func problem(_ text: String) -> SDPError? {
    do throws(SDPError) {
      _ = try SessionDescription(parsing: text)
      return nil
    } catch { return error }
  }

  @Test func `the smallest description is read`() throws {
    let parsed = try SessionDescription(parsing: sdp())
    #expect(parsed.origin.sessionID == "1")
    #expect(parsed.mediaSections.isEmpty)
    #expect(parsed.description == sdp())
  }

  @Test func `every line RFC 8866 knows is kept`() throws {
    let text = """
      v=0
      o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
      s=Call to Zoë
      i=about
      u=http://www.example.com/seminars/sdp.pdf
      e=j.doe@example.com (Jane Doe)
      p=+1 617 555-6011
      c=IN IP4 198.51.100.1
      b=CT:128
      t=3724394400 3724398000
      r=604800 3600 0 90000
      z=3730928400 -1h 3749680800 0
      k=prompt
      a=recvonly
      m=audio 49170/2 RTP/AVP 0
      i=voice
      c=IN IP4 233.252.0.1/127
      c=IN IP4 233.252.0.2/127
      b=AS:64
      b=X-YZ:128
      k=clear:x
      a=ptime:20

      """.replacing("\n", with: "\r\n")
    let parsed = try SessionDescription(parsing: text)
    #expect(parsed.description == text)
    #expect(parsed.mediaSections[0].portCount == 2)
    #expect(parsed.mediaSections[0].bandwidths.map(\.value) == [64, 128])
    #expect(parsed.mediaSections[0].codecs.map(\.name) == ["PCMU"])
  }

  @Test func `lines in another order and empty lines are forgiven`() throws {
    let text = sdp("m=audio 9 RTP/AVP 0", "a=mid:x", "b=AS:64", "c=IN IP4 0.0.0.0") + "\r\n\r\n"
    let parsed = try SessionDescription(parsing: text)
    #expect(parsed.mediaSections[0].connections.count == 1)
    #expect(try SessionDescription(parsing: parsed.description) == parsed)
  }

  @Test(arguments: [
    ("", SDPError(.missing("v"))),
    ("o=- 1 1 IN IP4 0.0.0.0\r\n", SDPError(.missing("v"), line: 1)),
    ("v=1\r\n", SDPError(.malformedValue("v"), line: 1)),
    ("v=0\r\ns=-\r\n", SDPError(.missing("o"), line: 2)),
    ("v=0\r\no=- 1 IN IP4 0.0.0.0\r\n", SDPError(.malformedValue("o"), line: 2)),
    ("v=0\r\no=- -1 1 IN IP4 0.0.0.0\r\n", SDPError(.malformedValue("o"), line: 2)),
    ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n", SDPError(.missing("t"))),
    (sdp("x=1"), SDPError(.unknownType, line: 5)),
    (sdp("nonsense"), SDPError(.malformedLine, line: 5)),
    (sdp("a"), SDPError(.malformedLine, line: 5)),
    (sdp("a="), SDPError(.malformedLine, line: 5)),
    (sdp("a=:x"), SDPError(.malformedLine, line: 5)),
    (sdp("a=x\u{0}y"), SDPError(.malformedLine, line: 5)),
    (sdp("a=x\ry"), SDPError(.malformedLine, line: 5)),
    (sdp("b=AS"), SDPError(.malformedValue("b"), line: 5)),
    (sdp("b=AS:-1"), SDPError(.malformedValue("b"), line: 5)),
    (sdp("b=AS:99999999999999999999"), SDPError(.malformedValue("b"), line: 5)),
    (sdp("c=IN IP4"), SDPError(.malformedValue("c"), line: 5)),
    (sdp("m=audio 9 RTP/AVP"), SDPError(.malformedValue("m"), line: 5)),
    (sdp("m=audio 65536 RTP/AVP 0"), SDPError(.malformedValue("m"), line: 5)),
    (sdp("m=audio +9 RTP/AVP 0"), SDPError(.malformedValue("m"), line: 5)),
    (sdp("m=audio 9/x RTP/AVP 0"), SDPError(.malformedValue("m"), line: 5)),
    (sdp("m=audio 9 RTP/AVP 0", "t=0 0"), SDPError(.unknownType, line: 6, section: 0)),
  ])
  func `a malformed line is refused where it stands`(text: String, expected: SDPError) {
    #expect(problem(text) == expected)
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    let bytes = Array(sdp("a=x").utf8.dropLast(2)) + [0xFF, 0x0D, 0x0A]
    #expect(throws: SDPError(.malformedLine, line: 5)) {
      try SessionDescription(parsing: bytes.span)
    }
  }

  @Test(arguments: [
    "m=audio 17000 RTP/AVP 4294967296", "m=audio 9 UDP/TLS/RTP/SAVPF 128",
    "m=audio 9 UDP/TLS/RTP/SAVPF -1", "m=audio 9 UDP/TLS/RTP/SAVPF x",
  ])
  func `a payload type above 127 is refused`(media: String) {
    #expect(problem(sdp(media)) == SDPError(.badPayloadType, line: 5, section: 0))
  }

  @Test(arguments: ["rtpmap:128 VP8/90000", "fmtp:999 x", "rtcp-fb:256 nack", "rtpmap:", "fmtp"])
  func `an attribute of a payload type above 127 is refused`(attribute: String) {
    let text = sdp("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=\(attribute)")
    #expect(problem(text) == SDPError(.badPayloadType, line: 6, section: 0))
  }

  @Test(arguments: [0, 15, 256, 4095, 4352, 65535])
  func `a header-extension identifier out of range is refused`(id: Int) {
    let text = sdp("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=extmap:\(id) urn:x")
    #expect(problem(text) == SDPError(.badExtensionIdentifier, line: 6, section: 0))
  }

  @Test func `a header-extension identifier used twice is refused, but not in two sections`() {
    let once = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=extmap:3 urn:x"]
    #expect(problem(sdp() + (once + once).map { $0 + "\n" }.joined()) == nil)
    #expect(
      problem(sdp() + (once + ["a=extmap:3/sendonly urn:y"]).map { $0 + "\n" }.joined())
        == SDPError(.duplicateExtensionIdentifier, line: 7, section: 0))
  }

  @Test(arguments: ["extmap:x urn:y", "extmap:1/both urn:y", "extmap:1", "extmap:70000 urn:x"])
  func `a malformed header extension is refused`(attribute: String) {
    let text = sdp("m=video 9 UDP/TLS/RTP/SAVPF 96", "a=\(attribute)")
    #expect(problem(text) == SDPError(.malformedAttribute("extmap"), line: 6, section: 0))
  }

  @Test func `a tag may name one section only`() {
    let text = sdp("m=video 9 RTP/AVP 96", "a=mid:x", "m=audio 9 RTP/AVP 0", "a=mid:x")
    #expect(problem(text) == SDPError(.duplicateMid("x"), line: 8, section: 1))
    #expect(
      problem(sdp("m=video 9 RTP/AVP 96", "a=mid:x", "a=mid:y"))
        == SDPError(.duplicateMid("y"), line: 7, section: 0))
  }

  @Test(arguments: [
    ("ice-ufrag", "abc"), ("ice-ufrag", "ab:cd"), ("ice-pwd", "tooshort"), ("setup", "later"),
    ("fingerprint", "sha-256 AB:C"), ("fingerprint", "sha-256"), ("fingerprint", "sha-256 ZZ"),
    ("mid", "a b"), ("mid", ""), ("mid", String(repeating: "m", count: 256)),
  ])
  func `a malformed line of the transport is refused`(name: String, value: String) {
    #expect(
      problem(sdp("m=video 9 RTP/AVP 96", "a=\(name):\(value)"))
        == SDPError(.malformedAttribute(name), line: 6, section: 0))
  }

  @Test func `an error says where it is`() {
    let error = SDPError(.badPayloadType, line: 6, section: 0)
    #expect(error.description == "payload type is not 0 to 127 in m-section 0 (line 6)")
    #expect(SDPError(.tooMany(.bytes)).description == "too many bytes")
  }
}
