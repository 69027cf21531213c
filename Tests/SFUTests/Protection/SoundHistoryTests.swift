import Media
import Testing
import Wire

@testable import SFU

@Suite struct SoundHistoryTests {
  private func frame(_ index: Int64, count: Int = 40) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: count)
  }

  private func history(_ indices: [Int64], count: Int = 40) -> SoundHistory {
    var history = SoundHistory()
    for index in indices {
      let isNew = history.remember(
        index, timestamp: UInt32(truncatingIfNeeded: index &* 960), frame(index, count: count).span)
      #expect(isNew)
    }
    return history
  }

  private func parsed(_ payload: [UInt8]?) -> RedundantPayload? {
    payload.flatMap { RedundantPayload(parsing: $0.span) }
  }

  @Test func `a frame goes out with those before it`() throws {
    var history = history([-1, 0, 1, 2])
    for depth in 1...3 {
      let payload = history.payload(2, depth: depth, since: -1, payloadType: 109)
      let read = try #require(parsed(payload))
      #expect(read.payloadType == 109 && read.bytes == frame(2))
      #expect(read.earlier.map(\.bytes) == (1...depth).reversed().map { frame(2 - Int64($0)) })
      #expect(
        read.earlier.map(\.timestampOffset) == (1...depth).reversed().map { UInt16($0) * 960 })
      #expect(read.earlier.allSatisfy { $0.payloadType == 109 })
    }
  }

  @Test func `viewers with other payload types get the same with theirs`() throws {
    var history = history([1, 2, 3])
    for type in [109, 111, 109] as [UInt8] {
      let read = try #require(
        parsed(history.payload(3, depth: 2, since: 0, payloadType: type)))
      #expect(read.payloadType == type && read.earlier.map(\.payloadType) == [type, type])
      #expect(read.earlier.map(\.bytes) == [frame(1), frame(2)] && read.bytes == frame(3))
    }
  }

  @Test func `nothing from before the slot showed this voice goes along`() {
    var history = history([1, 2, 3])
    #expect(history.payload(3, depth: 2, since: 3, payloadType: 111) == nil)
    #expect(parsed(history.payload(3, depth: 2, since: 2, payloadType: 111))?.earlier.count == 1)
  }

  @Test func `none is left out between others, since receivers count backwards`() {
    var history = history([1, 3, 4])
    #expect(history.payload(3, depth: 2, since: 0, payloadType: 111) == nil)
    #expect(parsed(history.payload(4, depth: 2, since: 0, payloadType: 111))?.earlier.count == 1)
  }

  @Test func `long frames go alone, and what goes together fits a packet`() {
    for (count, earlier) in [(300, 2), (400, 1), (600, 0), (1023, 0), (1400, 0)] {
      var history = history([1, 2, 3], count: count)
      let payload = history.payload(3, depth: 2, since: 0, payloadType: 111)
      #expect((payload?.count ?? 0) <= SoundHistory.longestPayload)
      #expect((parsed(payload)?.earlier.count ?? 0) == earlier, "\(count)")
    }
  }

  @Test func `a pause is too long for a block to tell of`() {
    var history = SoundHistory()
    _ = history.remember(1, timestamp: 0, frame(1).span)
    _ = history.remember(2, timestamp: 0x4000, frame(2).span)
    #expect(history.payload(2, depth: 1, since: 0, payloadType: 111) == nil)
    _ = history.remember(3, timestamp: 0x4000, frame(3).span)
    #expect(history.payload(3, depth: 1, since: 0, payloadType: 111) == nil)
  }

  @Test func `what came before is not new, nor what is too old`() {
    var history = history(Array(1...40))
    var isNew = history.remember(40, timestamp: 0, frame(1).span)
    #expect(!isNew)
    isNew = history.remember(5, timestamp: 0, frame(1).span)
    #expect(!isNew)
    #expect(history.payload(5, depth: 1, since: 0, payloadType: 111) == nil)
    #expect(history.payload(99, depth: 1, since: 0, payloadType: 111) == nil)
  }

  @Test func `what was said before a microphone was switched is forgotten`() {
    var history = history([1, 2, 3])
    history.forget(upTo: 5)
    var bytes: [UInt8] = []
    #expect(history.copy(3, into: &bytes) == nil && bytes.isEmpty)
    let isNew = history.remember(4, timestamp: 3840, frame(4).span)
    #expect(!isNew)
    _ = history.remember(6, timestamp: 5760, frame(6).span)
    #expect(history.copy(6, into: &bytes) == 5760 && bytes == frame(6))
    #expect(history.payload(6, depth: 2, since: 0, payloadType: 111) == nil)
  }

  @Test func `what comes late joins those that follow it`() {
    var history = history([1, 3])
    _ = history.remember(2, timestamp: 1920, frame(2).span)
    #expect(parsed(history.payload(3, depth: 2, since: 0, payloadType: 111))?.earlier.count == 2)
  }
}
