import Testing
import Wire

@testable import SCTP

@Suite struct ReceivingTests {
  static let interleaving: Capabilities = [
    .forwardTSN, .reconfiguration, .interleavedData, .interleavedForwardTSN,
  ]

  private func sack(_ peer: HandmadePeer) -> SelectiveAcknowledgement? {
    let chunk = peer.sentChunks().last { $0.type == 3 }
    return chunk.flatMap { try? SelectiveAcknowledgement(parsing: $0.value.span) }
  }

  // MARK: Acknowledging

  @Test func `a lone packet is acknowledged after a while, every second one at once`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1])
    #expect(sack(peer) == nil)
    peer.advance(by: .milliseconds(199))
    #expect(sack(peer) == nil)
    peer.advance(by: .milliseconds(1))
    #expect(sack(peer)?.cumulativeTSN == 1000)
    peer.sendData([2], number: 1)
    #expect(sack(peer) == nil)
    peer.sendData([3], number: 2)
    #expect(sack(peer)?.cumulativeTSN == 1002)
  }

  @Test func `what asks for it is acknowledged at once`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], flags: [.beginning, .end, .immediate])
    #expect(sack(peer)?.cumulativeTSN == 1000)
  }

  @Test func `holes and duplicates are told at once`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], tsn: 1002, number: 2)
    #expect(sack(peer)?.gapBlocks == [.init(start: 3, end: 3)])
    peer.sendData([1], tsn: 1005, number: 5)
    peer.sendData([1], tsn: 1004, number: 4)
    #expect(sack(peer)?.gapBlocks == [.init(start: 3, end: 3), .init(start: 5, end: 6)])
    peer.sendData([1], tsn: 1004, number: 4)
    #expect(sack(peer)?.duplicates == [1004])
    peer.sendData([1], tsn: 1003, number: 3)
    let all = sack(peer)
    #expect(all?.gapBlocks == [.init(start: 3, end: 6)])
    #expect(all?.duplicates == [])
    peer.sendData([1], tsn: 1000, number: 0)
    peer.sendData([1], tsn: 1001, number: 1)
    peer.advance(by: .milliseconds(200))
    #expect(sack(peer)?.cumulativeTSN == 1005)
    #expect(peer.messages.count == 6)
  }

  @Test func `the window told is what is free`() {
    var options = SCTPOptions()
    options.receiveWindow = 10_000
    let peer = HandmadePeer.connected(options: options)
    peer.sendData([UInt8](repeating: 1, count: 1000), tsn: 1001, number: 1)
    #expect(sack(peer)?.advertisedWindow == 8936)
    peer.sendData([1], tsn: 1000, number: 0)
    peer.advance(by: .milliseconds(200))
    #expect(sack(peer)?.advertisedWindow == 10_000)
  }

  // MARK: Putting together

  /// All orders of five fragments of two messages give the same two messages, ordered or not.
  @Test(arguments: [true, false], [true, false])
  func `fragments come in any order`(isInterleaved: Bool, isUnordered: Bool) {
    let kind: DataHeader.Flags = isUnordered ? [.unordered] : []
    func permute(_ items: [Int]) -> [[Int]] {
      guard items.count > 1 else { return [items] }
      return items.indices.flatMap { index in
        var rest = items
        let item = rest.remove(at: index)
        return permute(rest).map { [item] + $0 }
      }
    }
    let fragments: [(number: UInt32, fragment: UInt32, flags: DataHeader.Flags)] = [
      (0, 0, [.beginning]), (0, 1, []), (0, 2, [.end]), (1, 0, [.beginning]), (1, 1, [.end]),
    ]
    for order in permute([0, 1, 2, 3, 4]) {
      let peer = HandmadePeer.connected(
        capabilities: isInterleaved ? Self.interleaving : [.forwardTSN], firstTSN: .max - 1)
      for index in order {
        let fragment = fragments[index]
        peer.sendData(
          [UInt8(index)], tsn: .max - 1 &+ UInt32(index), number: fragment.number,
          fragment: isInterleaved ? fragment.fragment : 0, flags: fragment.flags.union(kind),
          isInterleaved: isInterleaved)
      }
      let payloads = Set(peer.messages.map(\.payload))
      #expect(payloads == [[0, 1, 2], [3, 4]], "\(order)")
      if !isUnordered { #expect(peer.messages.map(\.payload) == [[0, 1, 2], [3, 4]]) }
      #expect(peer.messages.allSatisfy { $0.identifier == .binary })
      #expect(peer.association.metrics.heldReceiveBytes == 0)
    }
  }

  @Test func `unordered messages overtake ordered ones of their stream`() {
    let peer = HandmadePeer.connected()
    peer.sendData([2], tsn: 1001, number: 1)
    peer.sendData([9], tsn: 1002, flags: [.beginning, .end, .unordered])
    #expect(peer.messages.map(\.payload) == [[9]])
    peer.sendData([1], tsn: 1000, number: 0)
    #expect(peer.messages.map(\.payload) == [[9], [1], [2]])
  }

  @Test func `I-DATA of several streams may be interleaved`() {
    let peer = HandmadePeer.connected(capabilities: Self.interleaving)
    for fragment in 0..<3 as Range<UInt32> {
      for stream in 0..<3 as Range<UInt16> {
        peer.sendData(
          [UInt8(stream)], stream: stream, fragment: fragment,
          flags: fragment == 0 ? [.beginning] : fragment == 2 ? [.end] : [], isInterleaved: true)
      }
    }
    #expect(peer.messages.map(\.payload) == [[0, 0, 0], [1, 1, 1], [2, 2, 2]])
  }

  @Test(arguments: [true, false])
  func `message numbers and TSNs wrap`(isInterleaved: Bool) {
    let peer = HandmadePeer.connected(
      capabilities: isInterleaved ? Self.interleaving : [.forwardTSN], firstTSN: .max - 6)
    // FORWARD-TSN brings the number near its end, in steps of less than half a circle.
    let start: UInt32 = isInterleaved ? .max - 3 : 0xfffc
    for number in isInterleaved
      ? [0x6fff_ffff, 0xdfff_ffff, start - 1] : [0x6fff, 0xdfff, start - 1] as [UInt32]
    {
      let forward = ForwardTSN(
        newCumulativeTSN: peer.nextTSN,
        skipped: [.init(stream: 0, isUnordered: false, messageNumber: number)])
      peer.nextTSN &+= 1
      peer.send { $0.append(forward, isInterleaved: isInterleaved) }
    }
    for index in 0..<10 as Range<UInt32> {
      let number = isInterleaved ? start &+ index : (start + index) & 0xffff
      peer.sendData([UInt8(index)], number: number, isInterleaved: isInterleaved)
    }
    #expect(peer.messages.map(\.payload) == (0..<10).map { [$0] })
    #expect(peer.association.metrics.heldReceiveBytes == 0)
  }

  // MARK: Giving up

  @Test func `FORWARD-TSN passes over what was given up, and delivers what waited`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], tsn: 1000, number: 0, flags: [.beginning])
    peer.sendData([5], tsn: 1003, number: 1)
    peer.sendData([6], tsn: 1004, number: 2)
    #expect(peer.messages.isEmpty)
    let forward = ForwardTSN(
      newCumulativeTSN: 1002,
      skipped: [.init(stream: 0, isUnordered: false, messageNumber: 0)])
    peer.outbox.removeAll()
    peer.send { $0.append(forward, isInterleaved: false) }
    #expect(peer.messages.map(\.payload) == [[5], [6]])
    #expect(sack(peer)?.cumulativeTSN == 1004)
    #expect(peer.association.metrics.heldReceiveBytes == 0)
    // Old news changes nothing, and is acknowledged.
    peer.send { $0.append(forward, isInterleaved: false) }
    #expect(sack(peer)?.cumulativeTSN == 1004)
  }

  @Test func `FORWARD-TSN drops unordered fragments up to its TSN`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], flags: [.beginning, .unordered])
    peer.sendData([2], flags: [.unordered])
    peer.sendData([3], tsn: 1004, flags: [.beginning, .unordered])
    peer.send { $0.append(ForwardTSN(newCumulativeTSN: 1002), isInterleaved: false) }
    peer.sendData([4], tsn: 1005, flags: [.end, .unordered])
    #expect(peer.messages.map(\.payload) == [[3, 4]])
    #expect(peer.association.metrics.heldReceiveBytes == 0)
  }

  @Test func `I-FORWARD-TSN names ordered and unordered messages`() {
    let peer = HandmadePeer.connected(capabilities: Self.interleaving)
    peer.sendData([1], number: 0, flags: [.beginning], isInterleaved: true)
    peer.sendData([2], number: 0, flags: [.beginning, .unordered], isInterleaved: true)
    peer.sendData([3], tsn: 1004, number: 1, isInterleaved: true)
    let forward = ForwardTSN(
      newCumulativeTSN: 1003,
      skipped: [
        .init(stream: 0, isUnordered: false, messageNumber: 0),
        .init(stream: 0, isUnordered: true, messageNumber: 0),
      ])
    peer.send { $0.append(forward, isInterleaved: true) }
    #expect(peer.messages.map(\.payload) == [[3]])
    #expect(peer.association.metrics.heldReceiveBytes == 0)
  }

  // MARK: The tracker, against a model

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `the tracker knows what a set knows`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    let first = UInt32.max - UInt32(random.next() % 200)
    var tracker = DataTracker(initialTSN: first)
    var known: Set<Int64> = []
    let start = tracker.cumulative
    var least = start
    for _ in 0..<2000 {
      let index = least + 1 + Int64(random.next() % 60) - 5
      let tsn = UInt32(truncatingIfNeeded: index)
      #expect(tracker.index(of: tsn) == index)
      if random.next() % 50 == 0 {
        let target = least + Int64(random.next() % 8)
        tracker.advance(to: target)
        for skipped in start...max(target, start) { known.insert(skipped) }
      } else {
        let isKnown = index <= least || known.contains(index)
        #expect(tracker.contains(index) == isKnown)
        if !isKnown, tracker.canTake(index) {
          tracker.insert(index)
          known.insert(index)
        }
      }
      while known.contains(least + 1) { least += 1 }
      #expect(tracker.cumulative == least)
      let told = tracker.acknowledgement(window: 0, maximumBlocks: 1000)
      let inBlocks = told.gapBlocks.flatMap { Int64($0.start) + least...Int64($0.end) + least }
      #expect(inBlocks == known.filter { $0 > least }.sorted())
    }
  }
}
