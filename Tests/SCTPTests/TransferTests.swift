import RTCTesting
import Testing
import Wire

@testable import SCTP

/// Whole transfers over bad links. Debug builds send half a megabyte where release builds send ten.
@Suite struct TransferTests {
  #if DEBUG
    static let byteCount = 1 << 19
  #else
    static let byteCount = 10 << 20
  #endif

  private func conditions(_ loss: Double) -> LinkConditions {
    LinkConditions(
      delay: .milliseconds(10), jitter: .milliseconds(2), loss: .bernoulli(loss),
      reordering: loss > 0 ? 0.02 : 0, duplication: loss > 0 ? 0.02 : 0,
      bitsPerSecond: 100_000_000, queueByteLimit: 250_000)
  }

  /// A message that tells by its bytes which it is.
  private func message(_ number: Int, count: Int) -> [UInt8] {
    var random = RandomSource.seeded(UInt64(number))
    return [UInt8](capacity: count) { output in
      while output.freeCapacity >= 8 { output.append(bigEndian: random.next()) }
      while output.freeCapacity > 0 { output.append(UInt8(truncatingIfNeeded: number)) }
    }
  }

  private func transfer(_ pair: Pair, delivery: SCTPDelivery, streams: Int) -> Bool {
    pair.connectBoth(within: .seconds(120))
    let sizes = [100_000, 1, 1200, 64_000, 1143, 1144, 1145, 17, 250_000]
    var sent: [Int: [[UInt8]]] = [:]
    var total = 0
    var number = 0
    while total < Self.byteCount {
      let stream = number % streams
      let payload = message(number, count: sizes[number % sizes.count])
      sent[stream, default: []].append(payload)
      pair.send(payload, from: pair.a, on: UInt16(stream), delivery)
      total += payload.count
      number += 1
    }
    let isComplete = pair.network.run(until: pair.network.now + .seconds(3600)) {
      pair.z.messageCount == number
    }
    pair.run(.seconds(5))
    guard isComplete, pair.z.messages.count == number else { return false }
    for stream in 0..<streams {
      let got = pair.z.messages.filter { $0.stream == UInt16(stream) }.map(\.payload)
      let expected = sent[stream] ?? []
      guard delivery.isOrdered ? got == expected : Set(got) == Set(expected) else { return false }
    }
    return pair.a.association.metrics.bytesInFlight == 0
  }

  @Test(arguments: [0, 0.01, 0.05, 0.1, 0.2], [1, 2, 3] as [UInt64])
  func `everything arrives intact and in order`(loss: Double, seed: UInt64) {
    var options = SCTPOptions()
    options.offersInterleaving = seed.isMultiple(of: 2)
    let pair = Pair(seed: seed, conditions: conditions(loss), options: options)
    #expect(transfer(pair, delivery: .init(), streams: 3))
  }

  @Test(arguments: [0.01, 0.2], [true, false])
  func `unordered messages all arrive intact`(loss: Double, isInterleaved: Bool) {
    var options = SCTPOptions()
    options.offersInterleaving = isInterleaved
    let pair = Pair(seed: 8, conditions: conditions(loss), options: options)
    #expect(transfer(pair, delivery: .init(isOrdered: false), streams: 2))
  }

  @Test func `a small receive window slows a transfer down and does not stop it`() {
    var small = SCTPOptions()
    small.receiveWindow = 20_000
    small.maximumReceivedMessageSize = 300_000
    let pair = Pair(
      seed: 4, conditions: LinkConditions(delay: .milliseconds(5)), zOptions: small)
    pair.connectBoth()
    // Longer than the window: what it fills is being put together.
    pair.send(message(1, count: 100_000), from: pair.a)
    pair.send(message(2, count: 1000), from: pair.a, on: 1)
    let isComplete = pair.network.run(until: pair.network.now + .seconds(600)) {
      pair.z.messageCount == 2
    }
    #expect(isComplete)
  }

  @Test func `the same seed gives the same packets`() {
    func hash() -> UInt64 {
      let pair = Pair(seed: 11, conditions: conditions(0.05))
      pair.connectBoth()
      for number in 0..<20 { pair.send(message(number, count: 5000), from: pair.a) }
      pair.run(.seconds(10))
      return pair.network.traceHash
    }
    #expect(hash() == hash())
  }

  @Test(arguments: [true, false])
  func `messages with few attempts may be lost, and hold nobody up`(isInterleaved: Bool) {
    var options = SCTPOptions()
    options.offersInterleaving = isInterleaved
    let pair = Pair(seed: 5, conditions: conditions(0.2), options: options)
    pair.connectBoth(within: .seconds(60))
    for number in 0..<300 {
      pair.send(
        message(number, count: 3000), from: pair.a, on: UInt16(number % 2),
        SCTPDelivery(isOrdered: number % 2 == 0, maximumRetransmissions: 0))
    }
    pair.send([1], from: pair.a)
    pair.run(.seconds(120))
    let count = pair.z.messageCount
    #expect(count < 301 && count > 50)
    #expect(pair.z.messages.contains { $0.payload == [1] })
    let all = Set((0..<300).map { message($0, count: 3000) } + [[1]])
    #expect(pair.z.messages.allSatisfy { all.contains($0.payload) })
    #expect(pair.z.association.metrics.heldReceiveBytes == 0)
    #expect(pair.a.association.metrics.bytesInFlight == 0)
  }

  @Test func `a silent line fails the association after a while, and a short outage does not`() {
    let pair = Pair(seed: 6, conditions: LinkConditions(delay: .milliseconds(10)))
    pair.connectBoth()
    pair.run(.seconds(1))
    pair.network.setConditions(LinkConditions(isDown: true), of: pair.hosts[0])
    pair.send([1], from: pair.a)
    pair.run(.seconds(20))
    pair.network.setConditions(LinkConditions(delay: .milliseconds(10)), of: pair.hosts[0])
    pair.run(.seconds(15))
    #expect(pair.z.messages.map(\.payload) == [[1]])
    pair.network.setConditions(LinkConditions(isDown: true), of: pair.hosts[0])
    pair.send([2], from: pair.a)
    pair.run(.seconds(600))
    #expect(pair.a.happenings.last == .failed(.peerUnreachable))
    // Without data heartbeats find out.
    #expect(pair.z.happenings.last == .failed(.peerUnreachable))
  }

  @Test func `heartbeats keep an idle association alive`() {
    let pair = Pair(seed: 7, conditions: LinkConditions(delay: .milliseconds(10)))
    pair.connectBoth()
    pair.run(.seconds(600))
    #expect(pair.isEstablished(within: .zero))
    #expect((20...50).contains(pair.a.association.metrics.sentPackets))
    #expect(pair.a.association.metrics.smoothedRoundTripTime == .milliseconds(20))
  }
}
