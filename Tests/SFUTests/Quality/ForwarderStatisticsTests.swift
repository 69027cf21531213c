import RTCTesting
import Testing
import Wire

@testable import SFU

struct ForwarderStatisticsTests {
  @Test func `what stands and what was done is counted, and no total falls when somebody leaves`() {
    let room = VirtualRoom(seed: 71)
    for name in 1...3 { room.join(UInt8(name), isNumbered: true) }
    room.network.run(for: .seconds(5))
    let viewer = room.clients[0]
    room.network.act(as: viewer) { outbox, _ in viewer.requestKeyFrame("v0", into: outbox) }
    room.network.run(for: .seconds(1))
    let forwarder = room.server.forwarder
    let before = forwarder.statistics(at: room.network.now)
    #expect(before.roomCount == 1)
    #expect(before.connectedPeerCount == 3)
    #expect(before.unconnectedPeerCount == 0)
    #expect(before.liveSlotCount == 6)
    #expect(before.totals.received.soundPacketCount > 600)
    #expect(before.totals.received.picturePacketCount > 600)
    #expect(
      before.totals.received.pictureByteCount > before.totals.received.picturePacketCount * 900)
    #expect(before.totals.sent.packetCount >= before.totals.forwardedCount)
    // Fifty a second of each to two others; the rest is pictures and what proves the path.
    let sound = before.totals.sent.soundPacketCount
    #expect((1_600...1_900).contains(sound), "\(sound)")
    #expect(before.totals.sent.soundByteCount < sound * 100)
    #expect(before.totals.sent.keyFrameRequestCount == 1)
    #expect(before.totals.requestedKeyFrameCount >= 1)
    #expect(before.scoresUp.count == 3 && before.scoresUp.sum == 15)
    #expect(before.roundTrips.count == 3)
    #expect(before.targets.count == 3)

    room.leave(room.clients[0])
    let after = forwarder.statistics(at: room.network.now)
    #expect(after.connectedPeerCount == 2)
    #expect(after.totals == before.totals)
    for client in room.clients { room.leave(client) }
    let empty = forwarder.statistics(at: room.network.now)
    #expect(empty.totals == before.totals)
    #expect(empty.roomCount == 0 && empty.scoresDown.count == 0)
  }

  @Test func `a slot that is paused or still is counted as what it is`() {
    let room = VirtualRoom(seed: 72)
    for name in 1...3 { room.join(UInt8(name)) }
    room.network.run(for: .seconds(3))
    let slots = room.server.forwarder.members[PeerID(rawValue: 1)]?.slots.filter {
      $0.plan.kind == .video && $0.source != nil
    }
    slots?.first?.state = .paused
    slots?.last?.state = .snapshot
    let statistics = room.server.forwarder.statistics(at: room.network.now)
    #expect(statistics.pausedSlotCount == 1)
    #expect(statistics.snapshotSlotCount == 1)
    #expect(statistics.liveSlotCount == 4)
    #expect(statistics.unwantedLayerCount == 0)
  }

  @Test func `figures tell a peer what flows, and nothing before it is connected`() {
    let room = VirtualRoom(seed: 73)
    let ana = room.join(1, isNumbered: true)
    let budi = room.join(2, isNumbered: true)
    #expect(room.server.forwarder.figures(of: ana.id) == nil)
    room.network.run(for: .seconds(6))
    let figures = room.server.forwarder.figures(of: ana.id)
    // About 60 packets of 1,000 bytes and 50 small ones a second.
    #expect((400_000...700_000).contains(figures?.up.bitrate ?? 0))
    #expect((400_000...900_000).contains(figures?.down.bitrate ?? 0))
    #expect(figures?.up.loss == 0)
    #expect(figures?.up.target == nil)
    #expect((figures?.down.target ?? 0) > 300_000)
    #expect((15...60).contains(figures?.down.roundTripMilliseconds ?? 0))
    room.leave(budi)
    #expect(room.server.forwarder.figures(of: budi.id) == nil)
  }
}

struct DistributionTests {
  @Test func `values lie in the first step that is high enough, and what is no number in none`() {
    var spread = Distribution([1, 2])
    for value in [-1, 1, 1.5, 2, 3, .infinity, .nan] { spread.add(value) }
    #expect(spread.counts == [2, 2, 1])
    #expect(spread.sum == 6.5)
    #expect(spread.count == 5)
  }

  @Test func `distributions are added step by step, and only over the same steps`() {
    var left = Distribution([1])
    left.add(0.5)
    var right = Distribution([1])
    right.add(5)
    left += right
    #expect(left.counts == [1, 1] && left.sum == 5.5)
    left += Distribution([1, 2])
    #expect(left.counts == [1, 1])
  }
}

struct ForwardedLayerTests {
  @Test
  func `a viewer is told which layer of each picture it gets, and nothing of what stands still`() {
    let room = VirtualRoom(seed: 74)
    let ana = room.join(1, layerHeights: [180, 360, 720])
    let budi = room.join(2)
    room.network.run(for: .seconds(3))
    let whole = room.server.forwarder.forwardedLayers(to: budi.id)
    #expect(whole.map(\.rid) == ["l2"] && whole.map(\.mid) == ["v0"])
    #expect(whole.allSatisfy { $0.sizesAndRates == [0, 1, 0, 1] })
    // One stream without names.
    #expect(room.server.forwarder.forwardedLayers(to: ana.id).map(\.rid) == [nil])
    let slot = room.server.forwarder.members[budi.id]?.slots.first { $0.plan.mid == "v0" }
    slot?.want(LayerTarget(spatial: 0, temporal: 7), at: room.network.now)
    room.network.run(for: .milliseconds(500))
    #expect(room.server.forwarder.forwardedLayers(to: budi.id).map(\.rid) == ["l0"])
    slot?.want(
      LayerTarget(spatial: 0, temporal: 7, keyFramesOnly: true), at: room.network.now)
    #expect(room.server.forwarder.forwardedLayers(to: budi.id).isEmpty)
    #expect(room.server.forwarder.forwardedLayers(to: PeerID(rawValue: 99)).isEmpty)
  }
}

extension ForwardedLayer {
  fileprivate var sizesAndRates: [Int] { [spatial, spatialCount, temporal, temporalCount] }
}
