import Testing
import Wire

@testable import SCTP

/// The sending half against a model receiver.
struct SendingSideTests {
  static let controls: [SCTPOptions.CongestionControl] = [.standard, .cubic, .delayAware]

  @Test(arguments: controls)
  func `a megabyte arrives whole and is acknowledged`(
    control: SCTPOptions.CongestionControl
  ) throws {
    var options = SCTPOptions()
    options.congestionControl = control
    var run = SendingRun(options: options)
    for index in 0..<10 { try run.send(100_000, byte: UInt8(index)) }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.receiver.messages.map(\.payload.count) == Array(repeating: 100_000, count: 10))
    #expect(run.receiver.messages.map(\.header.messageNumber) == Array(0..<10))
    #expect(run.sender.metrics.retransmissionCount == 0)
    #expect(run.sender.bufferedByteCount == 0)
    #expect(run.sender.queue.messages.count == 0)
  }

  @Test(arguments: [0.01, 0.1, 0.2, 0.4], [false, true])
  func `everything arrives whatever is lost`(loss: Double, isInterleaved: Bool) throws {
    for seed in 0..<3 as Range<UInt64> {
      var run = SendingRun(isInterleaved: isInterleaved, seed: seed)
      run.loss = loss
      run.acknowledgementLoss = loss
      run.jitter = .milliseconds(Int64(seed) * 5)
      for index in 0..<40 { try run.send(6_000, stream: UInt16(index % 4), byte: UInt8(index)) }
      let isDone = try run.run(for: .seconds(3600))
      #expect(isDone, "seed \(seed)")
      #expect(Set(run.receiver.messages.map { $0.payload[0] }) == Set(0..<40), "seed \(seed)")
      #expect(run.receiver.messages.allSatisfy { $0.payload.count == 6_000 })
      #expect(run.sender.queue.messages.count == 0)
      #expect(run.sender.bufferedByteCount == 0)
    }
  }

  @Test func `TSNs wrap in the middle of a transfer`() throws {
    var run = SendingRun(initialTSN: 0xffff_ffe0)
    run.loss = 0.05
    for _ in 0..<20 { try run.send(20_000) }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.receiver.messages.count == 20)
    #expect(run.sender.acknowledgedTSN < 0xffff)
  }
}
