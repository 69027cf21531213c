import Testing
import Wire

@testable import SFU

struct StreamRewriterTests {
  @Test func `an input keeps its order and its gaps`() {
    var rewriter = StreamRewriter(firstSequenceNumber: 1000, firstTimestamp: 5)
    rewriter.begin(index: 70_000, timestamp: 900, at: .zero, clockRate: 90_000)
    let result1 = rewriter.position(index: 70_000, timestamp: 900, at: .zero)
    #expect(result1?.sequenceNumber == 1000)
    let result2 = rewriter.position(index: 70_003, timestamp: 1800, at: .zero)
    #expect(result2?.sequenceNumber == 1003)
    let result3 = rewriter.position(index: 70_001, timestamp: 900, at: .zero)
    #expect(result3?.sequenceNumber == 1001)
    let result4 = rewriter.position(index: 69_999, timestamp: 900, at: .zero)
    #expect(result4 == nil)
  }

  @Test func `an outage of the input leaves a gap of one, and what was lost in it has no place`() {
    var rewriter = StreamRewriter(firstSequenceNumber: 1000, firstTimestamp: 0)
    rewriter.begin(index: 10, timestamp: 0, at: .zero, clockRate: 90_000)
    let numbers = [10, 1011, 2013, 2012, 2014, 40_000].map { (index: Int64) in
      rewriter.position(index: index, timestamp: 0, at: .zero)?.sequenceNumber
    }
    #expect(numbers == [1000, 2001, 2003, nil, 2004, 2006])
  }

  @Test func `a switch leaves no gap in numbers and moves time on`() {
    var rewriter = StreamRewriter(firstSequenceNumber: 65_535, firstTimestamp: 0)
    rewriter.begin(index: 10, timestamp: 100, at: .zero, clockRate: 90_000)
    let last = rewriter.position(index: 10, timestamp: 100, at: .zero)
    #expect(last == .init(sequenceNumber: 65_535, timestamp: 0))
    let later = Instant.zero + .milliseconds(40)
    rewriter.begin(index: 5_000_000, timestamp: 4_000_000_000, at: later, clockRate: 90_000)
    let first = rewriter.position(index: 5_000_000, timestamp: 4_000_000_000, at: later)
    #expect(first == .init(sequenceNumber: 0, timestamp: 3600))
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `over any script the output is monotone, without gaps at switches`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var rewriter = StreamRewriter(
      firstSequenceNumber: .random(in: .min ... .max, using: &random),
      firstTimestamp: .random(in: .min ... .max, using: &random))
    var now = Instant.zero
    var previous: StreamRewriter.Position?
    for _ in 0..<20 {
      var index = Int64.random(in: 0...1_000_000, using: &random)
      var timestamp = UInt32.random(in: .min ... .max, using: &random)
      rewriter.begin(index: index, timestamp: timestamp, at: now, clockRate: 90_000)
      for _ in 0..<Int.random(in: 1...50, using: &random) {
        let position = rewriter.position(index: index, timestamp: timestamp, at: now)
        #expect(position != nil)
        if let previous, let position {
          #expect(position.sequenceNumber == previous.sequenceNumber &+ 1)
          #expect(!previous.timestamp.isNewer(than: position.timestamp))
        }
        previous = position
        index += 1
        timestamp &+= UInt32.random(in: 0...3000, using: &random)
        now = now + .milliseconds(Int64.random(in: 0...33, using: &random))
      }
    }
  }
}
