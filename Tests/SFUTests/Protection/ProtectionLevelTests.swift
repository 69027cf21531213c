import Testing
import Wire

@testable import SFU

@Suite struct ProtectionLevelTests {
  /// The levels of each second under these losses.
  private func levels(_ losses: [Double]) -> [Int] {
    var level = ProtectionLevel([.init(up: 0.03, down: 0.01), .init(up: 0.1, down: 0.05)])
    return losses.enumerated().map { second, loss in
      level.note(loss, at: .zero + .seconds(Int64(second)))
      return level.level
    }
  }

  @Test func `loss is met at once`() {
    #expect(levels([0, 0.02, 0.03, 0.1]) == [0, 0, 1, 2])
    #expect(levels([0.2]) == [2])
  }

  @Test func `what was begun goes on until the loss has been gone for a while`() {
    #expect(levels([0.03] + Array(repeating: 0, count: 7)) == [1, 1, 1, 1, 1, 1, 0, 0])
    #expect(levels([0.2] + Array(repeating: 0, count: 12)).suffix(3) == [1, 0, 0])
  }

  @Test func `loss between the two borders changes nothing`() {
    #expect(levels([0.03] + Array(repeating: 0.02, count: 30)).allSatisfy { $0 == 1 })
    #expect(levels(Array(repeating: 0.02, count: 30)).allSatisfy { $0 == 0 })
    let flapping = (0..<40).map { $0 % 4 == 0 ? 0.02 : 0.0 }
    #expect(levels([0.05] + flapping).allSatisfy { $0 == 1 })
  }
}
