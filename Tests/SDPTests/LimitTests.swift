import SDP
import Testing

struct LimitTests {
  private func problem(_ text: String) -> SDPError.Problem? {
    do throws(SDPError) {
      _ = try SessionDescription(parsing: text)
      return nil
    } catch { return error.problem }
  }

  @Test func `bytes are limited`() {
    let room = 256 * 1024 - sdp("a=").utf8.count
    #expect(problem(sdp("a=" + String(repeating: "x", count: room))) == nil)
    #expect(problem(sdp("a=" + String(repeating: "x", count: room + 1))) == .tooMany(.bytes))
    #expect(problem(String(repeating: "x", count: 1 << 20)) == .tooMany(.bytes))
  }

  @Test func `lines are limited, empty ones too`() {
    #expect(problem(sdp() + String(repeating: "a=x\n", count: 16 * 1024 - 4)) == nil)
    #expect(
      problem(sdp() + String(repeating: "a=x\n", count: 16 * 1024 - 3)) == .tooMany(.lines))
    #expect(problem(sdp() + String(repeating: "\n", count: 200_000)) == .tooMany(.lines))
  }

  @Test func `m-sections are limited`() {
    let one = "m=audio 9 RTP/AVP 0\n"
    #expect(problem(sdp() + String(repeating: one, count: 256)) == nil)
    #expect(problem(sdp() + String(repeating: one, count: 257)) == .tooMany(.sections))
  }

  @Test func `candidates are limited in each section`() {
    let one = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\n"
    let media = "m=audio 9 RTP/AVP 0\n"
    let full = media + String(repeating: one, count: 64)
    #expect(problem(sdp() + full + full) == nil)
    #expect(problem(sdp() + full + one) == .tooMany(.candidates))
  }

  @Test func `formats are limited`() {
    let formats = (0..<128).map { " \($0)" }.joined()
    #expect(problem(sdp("m=audio 9 RTP/AVP" + formats)) == nil)
    #expect(problem(sdp("m=audio 9 RTP/AVP" + formats + " 0")) == .tooMany(.formats))
    #expect(
      problem(sdp("m=x 9 y" + String(repeating: " z", count: 100_000))) == .tooMany(.formats))
  }

  /// Shapes that would show work growing faster than the input: text of `count` repetitions.
  enum Bomb: String, CaseIterable {
    case lines, attributes, sections, mappings, sources, layers, groups, alternatives, mids

    func text(_ count: Int) -> String {
      func many(_ body: (Int) -> String) -> String { (0..<count).map(body).joined() }
      let media = section("video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "")
      switch self {
      case .lines: return sdp() + many { "a=l\($0):x\n" }
      case .attributes: return sdp() + media + many { "a=l\($0):x\n" }
      case .sections:
        let each = max(1, count / 64)
        return sdp() + many { ($0 % each == 0 ? media : "") + "a=x\($0)\n" }
      case .mappings: return sdp() + media + many { "a=rtpmap:\($0 % 128) VP8/90000\n" }
      case .sources: return sdp() + media + many { "a=ssrc:\($0) cname:x\n" }
      case .layers:
        return sdp() + media + many { "a=rid:r\($0) send\n" }
          + "a=simulcast:send " + many { "r\($0);" } + "\n"
      case .groups: return sdp() + many { "a=group:BUNDLE a\($0)\n" } + media
      case .alternatives:
        return sdp() + media + "a=rid:q send\na=simulcast:send q" + many { ",r\($0)" } + "\n"
      case .mids: return sdp() + "a=group:BUNDLE" + many { " m\($0)" } + "\n" + media
      }
    }
  }

  @Test(arguments: Bomb.allCases)
  func `work grows no faster than the input`(bomb: Bomb) {
    // Both sizes are past where the allocator changes its ways, and the larger is near a limit.
    let (small, large) = (bomb.text(5000), bomb.text(10_000))
    #expect(large.utf8.count <= 256 * 1024)
    // On a busy machine a measurement may fail, but work that grows with the square fails them all.
    var ratio = Double.infinity
    for _ in 0..<16 where ratio > 2.5 { ratio = min(ratio, best(large) / best(small)) }
    #expect(ratio <= 2.5)
  }

  /// The shortest of several runs: everything a server does with an offer.
  private func best(_ text: String) -> Double {
    let bytes = Array(text.utf8)
    let clock = ContinuousClock()
    return (0..<5).map { _ in
      clock.measure {
        guard let offer = try? SessionDescription(parsing: bytes.span) else { return }
        _ = offer.description.utf8.count
        _ = try? AnswerBuilder(local: testTransport, sessionID: 1).answer(
          to: offer, plan: sendingPlan(for: offer))
      } / .nanoseconds(1)
    }.min() ?? 0
  }
}
