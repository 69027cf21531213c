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

  @Test func `picture ids and base layers go on over a switch and wrap`() {
    var rewriter = PictureRewriter(firstPicture: 0x7fff, firstBaseLayer: 255)
    rewriter.begin(picture: 12, baseLayer: 9)
    let result5 = rewriter.picture(12)
    #expect(result5 == 0x7fff)
    let result6 = rewriter.baseLayer(9)
    #expect(result6 == 255)
    let result7 = rewriter.picture(13)
    #expect(result7 == 0)
    let result8 = rewriter.baseLayer(10)
    #expect(result8 == 0)
    rewriter.begin(picture: 30_000, baseLayer: 77)
    let result9 = rewriter.picture(30_000)
    #expect(result9 == 1)
    let result10 = rewriter.baseLayer(77)
    #expect(result10 == 1)
  }
}

struct SequenceCompactorTests {
  @Test func `dropped packets leave no hole, lost ones do`() {
    var compactor = SequenceCompactor()
    compactor.drop(11)
    compactor.drop(12)
    #expect([10, 13, 15].map { compactor.compacted($0) } == [10, 11, 13])
  }

  @Test func `a late packet from before a drop keeps its place`() {
    var compactor = SequenceCompactor()
    compactor.drop(12)
    compactor.drop(12)
    #expect(compactor.compacted(11) == 11)
    #expect(compactor.compacted(13) == 12)
  }

  @Test func `many drops are remembered in bounded memory`() {
    var compactor = SequenceCompactor()
    for index in stride(from: Int64(0), to: 2000, by: 2) { compactor.drop(index) }
    #expect(compactor.compacted(1999) == 999)
    #expect(compactor.compacted(2001) == 1001)
  }
}

struct KeyFrameRequestsTests {
  @Test func `requests are half a second apart and stop with the key frame`() {
    var requests = KeyFrameRequests()
    let result11 = requests.take(at: .zero)
    #expect(!result11)
    requests.want()
    let result12 = requests.take(at: .zero)
    #expect(result12)
    requests.want()
    let result13 = requests.take(at: .zero + .milliseconds(499))
    #expect(!result13)
    let result14 = requests.take(at: .zero + .milliseconds(500))
    #expect(result14)
    requests.satisfy()
    #expect(requests.deadline == nil)
    let result15 = requests.take(at: .zero + .seconds(5))
    #expect(!result15)
  }
}
