import Testing
import Wire

@testable import MeetingServer

@Suite struct RenewalPlanTests {
  private static let day: Int64 = 86_400

  @Test func `a certificate is renewed after two thirds of its life`() {
    let plan = RenewalPlan(validity: 0...90 * Self.day, at: 0, random: .seeded(1))
    #expect((60 * Self.day...62 * Self.day).contains(plan.due))
    #expect(RenewalPlan(validity: nil, at: 7, random: .seeded(1)).due == 7)
  }

  @Test func `an authority's wish to be left alone outlives a restart`() {
    func due(_ notBefore: Int64, validity: ClosedRange<Int64>? = nil) -> Int64 {
      RenewalPlan(validity: validity, notBefore: notBefore, at: 1000, random: .seeded(1)).due
    }
    #expect(due(5000) == 5000 && due(10) == 1000)
    #expect(due(100 * Self.day) == 1000)
    #expect(due(5000, validity: 0...90 * Self.day) >= 60 * Self.day)
  }

  @Test func `failures are tried again later and later, and never sooner than asked`() {
    var plan = RenewalPlan(validity: nil, at: 0, random: .seeded(1))
    var waits: [Int64] = []
    for _ in 0..<40 { waits.append(plan.failed(at: 1000, retryAfter: nil)) }
    #expect((300...450).contains(waits[0]) && (600...900).contains(waits[1]))
    #expect(waits.allSatisfy { $0 <= 18 * 3600 } && waits[39] >= 12 * 3600)
    #expect(plan.due == 1000 + waits[39])
    let asked = plan.failed(at: 0, retryAfter: .seconds(2 * Self.day))
    #expect(asked >= 2 * Self.day)
    plan.succeeded(0...90 * Self.day)
    #expect(plan.due >= 60 * Self.day)
    #expect(plan.failed(at: 0, retryAfter: nil) <= 450)
  }

  @Test func `the authority looks in vain five times in an hour at most, whatever is restarted`() {
    var looks: [Int64] = []
    var kept: [Int64] = []
    var now: Int64 = 100_000
    // Started anew each time it asks: no wait of its own holds it back.
    while looks.count < 100 {
      var plan = RenewalPlan(validity: nil, failedChecks: kept, at: now, random: .seeded(1))
      if plan.due > now {
        now = plan.due
        continue
      }
      for _ in 0..<2 {
        now += 5
        plan.checkFailed(at: now)
        looks.append(now)
      }
      _ = plan.failed(at: now, retryAfter: nil)
      kept = plan.failedChecks
    }
    #expect(looks.indices.dropFirst(5).allSatisfy { looks[$0] - looks[$0 - 5] > 3600 })
    #expect(looks[3] - looks[0] < 60)
  }

  @Test
  func `checks that failed are forgotten with time, and those of the future are not believed`() {
    func due(_ checks: [Int64]) -> Int64 {
      RenewalPlan(validity: nil, failedChecks: checks, at: 10_000, random: .seeded(1)).due
    }
    #expect(due([9000, 9001, 9002]) == 10_000)
    #expect(due([9000, 9001, 9002, 9003]) == 12_660)
    #expect(due([1000, 1001, 1002, 1003]) == 10_000)
    #expect(due([90_000, 90_001, 90_002, 90_003]) == 10_000)
    #expect(due([.min, .max, 9000, -1]) == 10_000)
  }
}
