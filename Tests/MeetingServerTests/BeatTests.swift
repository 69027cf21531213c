import Signaling
import Testing
import Wire

@testable import MeetingServer

/// A process that was stopped or starved reads what it was sent before anybody's time is up.
struct BeatTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func `the first beat after a pause does not count, the next one does`() {
    var beat = Beat()
    let times: [Int64] = [0, 200, 400, 12_000, 12_200, 12_400, 13_300, 15_000, 15_200]
    let counts = times.map { beat.counts(at: at($0)) }
    #expect(counts == [true, true, true, false, true, true, true, false, true])
  }

  @Test func `where all beats are late every other one counts`() {
    var beat = Beat()
    let counts = (0..<9).map { beat.counts(at: at($0 * 3_000)) }
    #expect(counts == [true, false, true, false, true, false, true, false, true])
  }

  @Test func `whoever asked to join while the server did not run gets in`() async throws {
    let stage = Stage()
    let client = await stage.client()
    var beat = Beat()
    func advance(_ duration: Duration) async {
      stage.clock.advance(duration)
      if beat.counts(at: stage.clock.clock.now()) { await stage.meeting.advance() }
    }
    await advance(.milliseconds(200))
    // Longer than anybody may take to join; the request lies in the socket.
    await advance(.seconds(15))
    await client.say(.join(JoinRequest(name: "Ana"), room: "tea"))
    await advance(.milliseconds(200))
    #expect(client.socket.closeCode == nil)
    try client.readWelcome()
    // Who asks for nothing is shown the door with the second beat.
    let silent = await stage.client()
    await advance(.seconds(15))
    #expect(silent.socket.closeCode == nil)
    await advance(.milliseconds(200))
    #expect(silent.socket.closeCode == 1008)
  }
}
