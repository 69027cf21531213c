import Testing
import Wire

@testable import SFU

private func judged(_ change: (inout LinkEvidence) -> Void) -> LinkQuality {
  var evidence = LinkEvidence()
  evidence.missingSound = 0
  evidence.roundTrip = .milliseconds(40)
  change(&evidence)
  return QualityScale.judge(evidence)
}

struct QualityScaleTests {
  @Test func `a link on which nothing is wrong is excellent, whatever it carries`() {
    #expect(judged { _ in } == LinkQuality(score: 5))
    #expect(QualityScale.judge(LinkEvidence()) == LinkQuality(score: 5))
  }

  @Test func `a link on which nothing comes is gone, however well it did before`() {
    #expect(judged { $0.isLost = true } == LinkQuality(score: 0, reason: .lost))
  }

  @Test(arguments: [
    (0.0, 5), (0.019, 5), (0.02, 4), (0.079, 4), (0.08, 3), (0.2, 2), (0.39, 2), (0.4, 1), (1, 1),
  ])
  func `repaired loss costs a step at each threshold of the document`(loss: Double, score: UInt8) {
    let quality = judged { $0.loss = loss }
    #expect(quality == LinkQuality(score: score, reason: score == 5 ? .none : .loss))
  }

  @Test(arguments: [(249, 5), (250, 4), (499, 4), (500, 3), (1_000, 2), (2_000, 1)])
  func `a long way there and back is delay`(milliseconds: Int64, score: UInt8) {
    var evidence = LinkEvidence()
    evidence.roundTrip = .milliseconds(milliseconds)
    let quality = QualityScale.judge(evidence)
    #expect(quality == LinkQuality(score: score, reason: score == 5 ? .none : .delay))
  }

  @Test func `jitter and queues are delay, stillness is a freeze, few layers are bandwidth`() {
    #expect(judged { $0.jitter = .milliseconds(80) } == LinkQuality(score: 3, reason: .delay))
    #expect(judged { $0.queueDelay = .milliseconds(300) }.reason == .delay)
    #expect(judged { $0.frozen = 0.05 } == LinkQuality(score: 3, reason: .freeze))
    #expect(judged { $0.pictureShare = 0.5 } == LinkQuality(score: 3, reason: .bandwidth))
    #expect(judged { $0.pictureShare = 0 } == LinkQuality(score: 1, reason: .bandwidth))
  }

  @Test func `the worst counts, and names the reason`() {
    let quality = judged {
      $0.loss = 0.03
      $0.frozen = 0.2
      $0.pictureShare = 0.8
    }
    #expect(quality == LinkQuality(score: 2, reason: .freeze))
  }

  @Test func `what is missing of a voice counts more than what is repaired`() {
    #expect(judged { $0.loss = 0.05 }.score == 4)
    let unrepaired = judged {
      $0.loss = 0.05
      $0.missingSound = 0.05
    }
    #expect(unrepaired == LinkQuality(score: 3, reason: .loss))
  }

  @Test func `opinion falls with everything that is wrong, within one to four and a half`() {
    var before = 5.0
    for step in 0...20 {
      var evidence = LinkEvidence()
      evidence.roundTrip = .milliseconds(Int64(step) * 100)
      let opinion = QualityScale.opinionOfSound(evidence, missing: Double(step) / 20)
      #expect(opinion <= before && (1...4.5).contains(opinion))
      before = opinion
    }
    var absurd = LinkEvidence()
    absurd.roundTrip = .seconds(10_000)
    absurd.jitter = .seconds(10_000)
    #expect(QualityScale.opinionOfSound(absurd, missing: .infinity) == 1)
  }
}

struct QualityMeterTests {
  private func shown(_ scores: [UInt8]) -> [UInt8?] {
    var meter = QualityMeter()
    return scores.map {
      meter.take(LinkQuality(score: $0, reason: $0 == 5 ? .none : $0 == 0 ? .lost : .loss))
      return meter.shown?.score
    }
  }

  @Test func `one bad second is not shown, two are`() {
    #expect(shown([5, 4, 5, 4, 5]) == [5, 5, 5, 5, 5])
    #expect(shown([5, 4, 4, 4]) == [5, 5, 4, 4])
  }

  @Test func `a far fall is shown at once, and so is the end of everything and its return`() {
    #expect(shown([5, 3, 3]) == [5, 3, 3])
    #expect(shown([5, 0, 4]) == [5, 0, 4])
  }

  @Test func `it rises a step at a time, after three seconds each`() {
    #expect(shown([2, 5, 5, 5, 5, 5, 5, 5, 5, 5]) == [2, 2, 2, 3, 3, 3, 4, 4, 4, 5])
  }

  @Test func `a link that wavers between two scores stays at the lower one`() {
    #expect(Set(shown([5, 4, 4] + (0..<50).map { $0 % 3 == 2 ? 4 : 5 }).dropFirst(2)) == [4])
  }

  @Test func `half way up the reason is what was wrong, and at the top there is none`() {
    var meter = QualityMeter()
    meter.take(LinkQuality(score: 3, reason: .freeze))
    for _ in 0..<3 { meter.take(LinkQuality(score: 5)) }
    #expect(meter.shown == LinkQuality(score: 4, reason: .freeze))
    for _ in 0..<3 { meter.take(LinkQuality(score: 5)) }
    #expect(meter.shown == LinkQuality(score: 5))
  }

  @Test func `another reason for the same score is shown once it lasts`() {
    var meter = QualityMeter()
    meter.take(LinkQuality(score: 3, reason: .loss))
    for _ in 0..<2 { meter.take(LinkQuality(score: 3, reason: .delay)) }
    #expect(meter.shown?.reason == .loss)
    meter.take(LinkQuality(score: 3, reason: .delay))
    #expect(meter.shown?.reason == .delay)
  }
}
