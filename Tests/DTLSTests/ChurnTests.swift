import DTLS
import Foundation
import Testing
import Wire

@Suite(.serialized) struct Churn {
  /// Resident memory in bytes; other tests that run beside it show in it.
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
    #expect(pair.bothConnected)
    return pair
  }

  @Test func `engines come and go without growth`() throws {
    for _ in 0..<100 { _ = try Self.connect() }
    let before = Self.residentByteCount()
    for _ in 0..<1000 { _ = try Self.connect() }
    let growth = Self.residentByteCount() - before
    print("DTLS: resident memory grew by \(growth / 1024) KiB over 2,000 engines")
    #expect(growth < 32 << 20)
  }

  @Test func `engines that only wait come and go without growth`() throws {
    let context = try Contexts.shared(0)
    let before = Self.residentByteCount()
    for _ in 0..<2000 { _ = try DTLSEngine(context: context, role: .server) }
    #expect(Self.residentByteCount() - before < 32 << 20)
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
