import DTLS
import Foundation
import Testing
import Wire

@Suite struct Churn {
  /// Resident memory in bytes.
  private static func residentByteCount() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * 4096
  }

  private static func connect() throws -> Pair {
    let pair = try Pair()
    pair.start()
    pair.run { $0.bothConnected }
    pair.call(.client) { engine, outbox, _ in try? engine.send([1].span, into: outbox) }
    pair.run()
    return pair
  }

  // In processes of their own, where nothing else takes memory. A leak of 12 KiB an engine shows.

  @Test func `engines come and go without growth`() async {
    await #expect(processExitsWith: .success) {
      for _ in 0..<100 { _ = try Self.connect() }
      let before = Self.residentByteCount()
      for _ in 0..<1000 { _ = try Self.connect() }
      precondition(Self.residentByteCount() - before < 24 << 20)
    }
  }

  @Test func `engines that only wait come and go without growth`() async {
    await #expect(processExitsWith: .success) {
      let context = try Contexts.shared(0)
      for _ in 0..<100 { _ = try DTLSEngine(context: context, role: .server) }
      let before = Self.residentByteCount()
      for _ in 0..<2000 { _ = try DTLSEngine(context: context, role: .server) }
      precondition(Self.residentByteCount() - before < 24 << 20)
    }
  }

  @Test func `an idle engine takes less than 64 KiB`() async {
    await #expect(processExitsWith: .success) {
      let (a, b) = (try Contexts.shared(0), try Contexts.shared(1))
      var engines: [DTLSEngine] = []
      func connect() throws {
        let pair = Pair(
          client: try DTLSEngine(
            context: a, role: .client, expectedFingerprints: [b.identity.fingerprint]),
          server: try DTLSEngine(
            context: b, role: .server, expectedFingerprints: [a.identity.fingerprint]))
        pair.start()
        pair.run()
        engines += [pair.client, pair.server]
      }
      for _ in 0..<100 { try connect() }
      let (before, count) = (Self.residentByteCount(), engines.count)
      for _ in 0..<250 { try connect() }
      let each = (Self.residentByteCount() - before) / (engines.count - count)
      precondition(engines.allSatisfy(\.isConnected) && each < 64 << 10, "\(each) bytes")
    }
  }

  @Test func `engines outlive the owner of their context`() throws {
    var pair: Pair? = try Self.connect()
    let engine = try #require(pair?.server)
    pair = nil
    let outbox = Outbox()
    try engine.send([1, 2].span, into: outbox)
    #expect(outbox.datagrams.count == 1)
  }
}
