import RTP
import Testing
import Wire

struct PathOutageTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func `two seconds without anything are an outage`() {
    var outage = PathOutage()
    let ended = [0, 1999, 3998, 4100].map { outage.hear(at: at($0)) }
    #expect(ended == [false, false, false, false])
    #expect(!outage.hasBegun(since: at(0)))
    let endsNow = outage.hear(at: at(6100))
    #expect(endsNow && outage.hasBegun(since: at(4100)))
  }

  @Test func `it lies in the pause of each stream that was silent from its beginning on`() {
    var outage = PathOutage()
    for time in [0, 1000, 9000, 9500] { outage.hear(at: at(Int64(time))) }
    #expect(outage.hasBegun(since: at(400)) && outage.hasBegun(since: at(1000)))
    #expect(!outage.hasBegun(since: at(9000)))
    // Nobody missed what comes first.
    #expect(!outage.hasBegun(since: nil))
  }
}
