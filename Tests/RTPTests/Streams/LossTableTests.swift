import Foundation
import RTCTesting
import RTP
import Testing
import Wire

/// The table of losses in `docs/design/streams.md`, printed where `JUMPA_STREAMS_TABLE` is set in the environment.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["JUMPA_STREAMS_TABLE"] != nil))
struct LossTableTests {
  private static let interval = Duration.milliseconds(5)

  @Test(arguments: [0.01, 0.05, 0.1, 0.2])
  func `few packets stay lost, and those repeated come soon`(loss: Double) {
    let link = StreamLink(
      seed: 1, conditions: LinkConditions(delay: .milliseconds(50), loss: .bernoulli(loss)),
      interval: Self.interval)
    link.network.run(for: .seconds(150))
    link.sender.isSending = false
    link.network.run(for: .seconds(5))
    let sent = link.sender.sentCount
    let times = link.receiver.packets.filter(\.isRepaired).map { packet in
      let number = (0..<4).reduce(0) { $0 | Int(packet.payload[$1]) << ($1 * 8) }
      let sentAt = Instant.zero + Self.interval * Int64(number)
      return packet.receivedAt - sentAt
    }.sorted()
    let missing = sent - link.receiver.packets.count
    let repeated = Double(link.sender.stream.counters.repairPacketCount) / Double(sent)
    func seconds(_ share: Double) -> String {
      let place = min(Int(Double(times.count) * share), times.count - 1)
      return String(format: "%.2f", times.isEmpty ? 0 : times[place].seconds)
    }
    print(
      String(
        format: "| %.0f %% | %d of %d | %.1f %% | %@ / %@ / %@ s |", loss * 100, missing, sent,
        repeated * 100, seconds(0.5), seconds(0.99), seconds(1)))
    #expect(Double(missing) <= 0.001 * Double(sent))
  }
}
