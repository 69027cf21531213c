import SDP
import Testing

/// The code in the manual of the room.
struct ManualTests {
  @Test func `an offer is answered`() throws {
    let text = try Recording.named("chromium-simulcast").text
    let fingerprint = try #require(testTransport.fingerprints.first)

    let offer = try SessionDescription(parsing: text)
    let transport = LocalTransport(
      iceUfrag: "4cXo", icePwd: "aZ3fKq0w1VbN7uYtRe5LmP", fingerprints: [fingerprint],
      candidates: ["candidate:1 1 udp 2130706431 198.51.100.7 7880 typ host"])
    let builder = AnswerBuilder(
      local: transport, policy: MediaPolicy(audio: [.opus], video: [.vp8]), sessionID: 1)
    let (answer, negotiated) = try builder.answer(to: offer)
    for section in negotiated.sections where section.weReceive {
      print(section.mid, section.codecs.map(\.name))
    }
    let reply = answer.description

    #expect(try SessionDescription(parsing: reply) == answer)
  }
}
