import Testing
import Wire

@testable import SFU

struct SlotAssignmentTests {
  private func source(_ peer: UInt64, _ role: SourceRole) -> SourceID {
    SourceID(peer: PeerID(rawValue: peer), role: role)
  }

  private func slots(audio: Int, video: Int) -> [(kind: MediaKind, shows: SourceID?)] {
    Array(repeating: (.audio, nil), count: audio) + Array(repeating: (.video, nil), count: video)
  }

  @Test func `a voice and its face get slots of the same number`() {
    let content = SlotAssignment.assign(
      [source(1, .microphone), source(2, .camera), source(2, .microphone), source(1, .camera)],
      to: slots(audio: 3, video: 3))
    for ordinal in 0..<2 { #expect(content[ordinal]?.peer == content[ordinal + 3]?.peer) }
    #expect(content[2] == nil && content[5] == nil)
  }

  @Test func `what is shown stays where it is`() {
    var before = slots(audio: 0, video: 3)
    before[2].shows = source(7, .camera)
    let content = SlotAssignment.assign(
      [source(1, .camera), source(2, .camera), source(7, .camera)], to: before)
    #expect(content[2] == source(7, .camera))
    #expect(Set(content) == [source(1, .camera), source(2, .camera), source(7, .camera)])
  }

  @Test func `the first in rank are shown where there is not room for all`() {
    let ranked = (1...5).map { source($0, .camera) }
    let content = SlotAssignment.assign(ranked, to: slots(audio: 1, video: 2))
    #expect(Set(content.compactMap(\.self)) == [source(1, .camera), source(2, .camera)])
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `no source is shown twice and none in a slot of the other kind`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var state = slots(audio: 4, video: 5)
    for _ in 0..<30 {
      let ranked = (1...8).flatMap { peer in
        [SourceRole.microphone, .camera, .screen].map { source(peer, $0) }
      }.filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
      let content = SlotAssignment.assign(ranked, to: state)
      let shown = content.compactMap(\.self)
      #expect(Set(shown).count == shown.count)
      for (slot, shows) in zip(state, content) {
        #expect(shows == nil || shows?.role.kind == slot.kind)
        #expect(shows.map(ranked.contains) ?? true)
      }
      state = zip(state, content).map { ($0.0.kind, $0.1) }
    }
  }
}
