import DTLS
import Testing
import Wire

/// A nonce that comes twice under one key gives AES-GCM away (RFC 5288 §3, §6.1).
@Suite struct Nonces {
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `row 22: no record of a key bears the number or the nonce of another`(seed: UInt64) throws {
    let pair = try Pair(
      link: Pair.Link(loss: 0.3, duplication: 0.1, delay: 5...60), seed: seed)
    pair.start()
    pair.run(until: .zero + .seconds(60)) { $0.bothConnected }
    #expect(pair.bothConnected)
    for number in 0..<300 {
      for side in Pair.Side.allCases {
        // The same words again and again, which a nonce used twice would show.
        pair.call(side) { engine, outbox, _ in
          try? engine.send([UInt8](repeating: 1, count: number % 3 + 1).span, into: outbox)
        }
      }
      pair.run(until: pair.now + .milliseconds(5))
    }
    for side in Pair.Side.allCases {
      var recordOf: [[UInt8]: [UInt8]] = [:]
      let sent = pair.sent.filter { $0.side == side }.flatMap { records(of: $0.bytes) }
      for record in sent where record[4] == 1 {
        // What is only repeated, to the last byte, tells nothing new.
        for name in [record[5..<11], record[13..<21]] {
          #expect(recordOf.updateValue(record, forKey: Array(name)) ?? record == record)
        }
      }
      #expect(recordOf.count >= 600)
    }
  }
}
