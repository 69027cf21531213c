import Testing
import Wire

@testable import SFU

@Suite struct VoiceAllowanceTests {
  private func limits(_ targets: [Int]) -> [Int?] {
    var allowance = VoiceAllowance()
    return targets.map { target in
      allowance.look(target)
      return allowance.limit
    }
  }

  @Test func `voices have the better part of a narrow way, and one always passes`() {
    #expect(limits([999_999, 500_000, 300_000, 200_000, 60_000, 0]) == [12, 6, 3, 2, 1, 1])
  }

  @Test func `on a way that is wide enough everybody is sent, and it takes more to get there`() {
    #expect(limits([5_000_000, 1_100_000]) == [nil, nil])
    #expect(limits([900_000, 1_100_000, 1_300_000, 1_100_000]) == [11, 13, nil, nil])
  }

  @Test func `whose turn it is goes before others, and who talks before who has just ended`() {
    var detector = SpeakerDetector()
    let voices = (0..<3).map { Voice(peer: PeerID(rawValue: UInt64($0))) }
    var now = Instant.zero
    func talk(_ milliseconds: Int, _ speakers: [Int]) {
      for _ in 0..<milliseconds / 20 {
        now = now + Voice.frame
        let timestamp = UInt32((now - .zero).milliseconds) * 48
        for (place, voice) in voices.enumerated() {
          detector.note(
            level: speakers.contains(place) ? 20 : 80, timestamp: timestamp, frameTicks: 960,
            from: voice, at: now)
        }
        _ = detector.advance(to: now)
      }
    }
    func order(for viewer: UInt64) -> [Int] {
      voices.map { detector.precedence(of: $0, for: PeerID(rawValue: viewer), at: now) }
    }
    talk(1000, [])
    talk(2000, [1])
    talk(300, [0, 1])
    #expect(detector.dominant == voices[1].peer)
    #expect(order(for: 9)[0] == 1 && order(for: 9)[1] == 0)
    // One's own voice is in nobody's way.
    #expect(order(for: 1)[0] == 0)
    talk(500, [0])
    #expect(order(for: 9)[0] == 0 && order(for: 9)[1] == 1)
  }
}
