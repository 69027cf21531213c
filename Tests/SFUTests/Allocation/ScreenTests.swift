import BWE
import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// Shared screens: sharp at once, whatever else is on.
struct ScreenTests {
  /// Somebody shares a screen of 1080 lines in place of a camera.
  private static func room(
    seed: UInt64, conditions: LinkConditions? = nil
  ) -> (AllocatedRoom, presenter: VirtualClient, viewer: VirtualClient) {
    let room = AllocatedRoom(seed: seed)
    let viewer = room.join(1, conditions: conditions)
    for name in 2...4 { _ = room.join(UInt8(name)) }
    room.run(for: .seconds(3))
    let presenter = room.room.join(9, layerHeights: [1080])
    var tracks = presenter.tracks
    tracks[1].role = .screen
    room.room.server.forwarder.update(
      presenter.id, publishing: tracks, receiving: presenter.slots, at: room.now,
      events: &room.room.server.events)
    return (room, presenter, viewer)
  }

  private static func view(_ room: AllocatedRoom, _ viewer: VirtualClient, _ presenter: PeerID?) {
    let tiles = presenter.map {
      [ViewTile(source: SourceID(peer: $0, role: .screen), height: 1080, priority: 20)]
    }
    room.room.server.forwarder.setView(
      tiles ?? [], of: viewer.id, at: room.now, events: &room.room.server.events)
  }

  @Test func `a screen is there within a second of its start and 300 ms after each return to it`() {
    let (room, presenter, viewer) = Self.room(seed: 80)
    func frames() -> VirtualClient.Reception {
      room.room.reception(of: .screen, from: presenter, by: viewer)
    }
    Self.view(room, viewer, presenter.id)
    room.run(for: .seconds(1))
    #expect(frames().keyFrames >= 1)
    for pause in [1, 5, 20] {
      Self.view(room, viewer, nil)
      room.run(for: .seconds(Int64(pause)))
      let before = frames()
      Self.view(room, viewer, presenter.id)
      room.run(for: .milliseconds(300))
      #expect(frames().keyFrames > before.keyFrames)
      #expect(frames().gaps == 0)
    }
  }

  @Test func `a screen comes before cameras where not all fit`() {
    var conditions = LinkConditions(delay: .milliseconds(20))
    conditions.bitsPerSecond = 900_000
    let (room, presenter, viewer) = Self.room(seed: 81, conditions: conditions)
    room.run(for: .seconds(12))
    let slots = room.room.server.slots(of: viewer.id)
    #expect(slots.first { $0.source.role == .screen }?.state == .live)
    let before = room.room.reception(of: .screen, from: presenter, by: viewer).frames
    room.run(for: .seconds(2))
    #expect(room.room.reception(of: .screen, from: presenter, by: viewer).frames > before + 40)
  }

  /// Somebody shares pages of 80 kB while two others speak with their cameras off; the viewer's way carries 2 Mbit/s.
  private static func voicesAndScreen(
    seed: UInt64, startBitrate: Int?
  ) -> (AllocatedRoom, presenter: VirtualClient, viewer: VirtualClient) {
    let room = AllocatedRoom(seed: seed)
    let way = LinkConditions(
      delay: .milliseconds(30), bitsPerSecond: 2_000_000, queueByteLimit: 75_000)
    let viewer = room.room.join(
      1, isNumbered: true, startBitrate: startBitrate, conditions: way)
    viewer.asksForLost = true
    for name in 2...3 as ClosedRange<UInt8> { _ = room.room.join(name) }
    let presenter = room.room.join(9, layerHeights: [1080])
    presenter.layers[0].keyPartCount = 80
    presenter.layers[0].payloadByteCount = 1000
    var tracks = presenter.tracks
    tracks[1].role = .screen
    room.room.server.forwarder.update(
      presenter.id, publishing: tracks, receiving: presenter.slots, at: room.now,
      events: &room.room.server.events)
    for client in room.room.clients where client !== presenter {
      client.sendsPicture = false
      room.room.setLive(false, client, .camera)
    }
    room.room.setLive(false, presenter, .screen)
    presenter.sendsPicture = false
    return (room, presenter, viewer)
  }

  @Test(arguments: [nil, 300_000, 100_000] as [Int?])
  func
    `over 2 Mbit per second the first page is whole within a second, at the start and at each return`(
      startBitrate: Int?
    ) throws
  {
    let (room, presenter, viewer) = Self.voicesAndScreen(seed: 82, startBitrate: startBitrate)
    Self.view(room, viewer, nil)
    room.run(for: .seconds(10))
    let link = try #require(room.room.server.forwarder.members[viewer.id]?.link)
    if startBitrate == 100_000 { Self.lower(link, to: 100_000, at: room.now) }
    func pages() -> Int {
      viewer.repaired.values.reduce(0) { $0 + $1.wholeKeyFrameCount }
    }
    presenter.sendsPicture = true
    room.room.setLive(true, presenter, .screen)
    Self.view(room, viewer, presenter.id)
    room.run(for: .seconds(1))
    #expect(pages() >= 1, "\(link.targetBitrate)")
    for pause in [1, 5, 20] as [Int64] {
      Self.view(room, viewer, nil)
      room.run(for: .seconds(pause))
      let before = pages()
      Self.view(room, viewer, presenter.id)
      room.run(for: .seconds(1))
      #expect(pages() > before, "\(pause) s, \(link.targetBitrate)")
    }
  }

  /// As after congestion that has passed.
  private static func lower(_ link: ViewerLink, to bitrate: Int, at now: Instant) {
    var options = SendSideEstimator.Options()
    options.startBitrate = bitrate
    link.estimator = SendSideEstimator(options: options)
    link.estimator.setDesiredBitrate(0, at: now, events: &link.estimatorEvents)
    link.estimator.start(at: now, events: &link.estimatorEvents)
    link.pacer.setBitrate(bitrate)
    link.needsAllocation = true
  }
}
