import Testing
import Wire

@testable import SFU

struct SequenceCompactorTests {
  @Test func `packets left out leave no hole, lost ones do`() {
    var compactor = SequenceCompactor()
    var places: [Int64?] = [compactor.compact(10)]
    for index in [11, 12] as [Int64] {
      let hasRoom = compactor.leaveOut(index)
      #expect(hasRoom)
    }
    for index in [13, 15] as [Int64] { places.append(compactor.compact(index)) }
    #expect(places == [10, 11, 13])
  }

  @Test func `a late packet keeps its place, or leaves it empty`() {
    var compactor = SequenceCompactor()
    let first = compactor.compact(9)
    let hadRoom = [12, 12].map { compactor.leaveOut($0) }
    let last = compactor.compact(13)
    let hasRoom = compactor.leaveOut(11)
    #expect(hadRoom == [true, true] && !hasRoom)
    let empty = compactor.compact(11)
    let late = compactor.compact(10)
    let again = compactor.compact(12)
    let next = compactor.compact(14)
    #expect([first, last, empty, late, again, next] == [9, 12, 11, 10, nil, 13])
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `places equal those of a model that remembers everything`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var compactor = SequenceCompactor()
    var leftOut: Set<Int64> = []
    var newest: Int64 = -1
    for _ in 0..<3000 {
      let jump: Int64 = Int.random(in: 0..<100, using: &random) == 0 ? 3000 : 3
      let index = newest + Int64.random(in: -jump...jump, using: &random)
      guard index > newest || newest - index < SequenceCompactor.capacity, index >= 0 else {
        continue
      }
      if Bool.random(using: &random) {
        let hasRoom = compactor.leaveOut(index)
        #expect(hasRoom == (index > newest || leftOut.contains(index)))
        if index > newest { leftOut.insert(index) }
      } else {
        let place = compactor.compact(index)
        let before = leftOut.count { $0 < index }
        #expect(place == (leftOut.contains(index) ? nil : index - Int64(before)))
      }
      newest = max(newest, index)
    }
  }
}
