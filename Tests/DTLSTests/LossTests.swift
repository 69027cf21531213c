import CVirtualTime
import DTLS
import Foundation
import Testing
import Wire

@Suite struct LossyLinks {
  /// More of them for a longer run.
  private static let seedCount =
    ProcessInfo.processInfo.environment["JUMPA_SEEDS"].flatMap { UInt64($0) } ?? 300

  private static func timesToConnect(
    seeds: Range<UInt64>, link: Pair.Link, maximumDatagramSize: (UInt64) -> Int = { _ in 1200 }
  ) throws -> (times: [Double], failed: [UInt64]) {
    var times: [Double] = []
    var failed: [UInt64] = []
    for seed in seeds {
      let pair = try Pair(
        maximumDatagramSize: maximumDatagramSize(seed), link: link, seed: seed)
      pair.start()
      pair.run(until: .zero + .seconds(30)) { $0.bothConnected }
      if pair.bothConnected {
        times.append((pair.now - .zero).seconds)
      } else {
        failed.append(seed)
      }
      let longest = pair.sent.map(\.bytes.count).max() ?? 0
      #expect(longest <= pair.client.maximumDatagramSize, "seed \(seed)")
    }
    return (times.sorted(), failed)
  }

  private static func report(_ name: String, _ result: (times: [Double], failed: [UInt64])) {
    guard !result.times.isEmpty else { return }
    func quantile(_ share: Double) -> Double {
      result.times[min(result.times.count - 1, Int(Double(result.times.count) * share))]
    }
    print(
      "DTLS handshake, \(name): median \(quantile(0.5)) s, 95 % \(quantile(0.95)) s,",
      "99 % \(quantile(0.99)) s, last \(quantile(1)) s, failed \(result.failed.count)")
  }

  @Test(arguments: [0, 10, 20, 30])
  func `all handshakes complete at up to 30 percent loss`(percent: Int) throws {
    let link = Pair.Link(loss: Double(percent) / 100, duplication: 0.05, delay: 5...60)
    let result = try Self.timesToConnect(
      seeds: 0..<(percent == 30 ? Self.seedCount : 60), link: link)
    Self.report("\(percent) % loss", result)
    #expect(result.failed == [])
  }

  @Test func `handshakes complete at 60 percent loss and any datagram size`() throws {
    let link = Pair.Link(loss: 0.6, duplication: 0.05, delay: 5...60)
    let result = try Self.timesToConnect(seeds: 1000..<(1000 + Self.seedCount), link: link) {
      seed in
      [300, 512, 1200, 1500][Int(seed % 4)]
    }
    Self.report("60 % loss", result)
    #expect(result.failed.count <= Int(Self.seedCount / 1000), "seeds \(result.failed)")
  }

  @Test func `OpenSSL's timer runs in virtual time`() throws {
    let before = virtual_time_reads()
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    #expect(virtual_time_reads() > before)
  }
}
