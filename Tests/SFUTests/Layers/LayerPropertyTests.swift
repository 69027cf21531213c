import RTP
import Testing
import Wire

@testable import SFU

/// Any sequence of packets, losses, overtaking, layer switches, source switches, pauses and still pictures.
@Suite struct LayerPropertyTests {
  @Test(arguments: ModelSender.Kind.allCases, [false, true])
  func `whatever happens the viewer sees one whole stream that it can decode`(
    _ kind: ModelSender.Kind, _ isLossy: Bool
  ) {
    var total = ModelViewer.Summary()
    for seed in 0..<5 as Range<UInt64> {
      var run = LayerRun(kind, isLossy: isLossy, seed: seed)
      run.go(pictures: 200)
      total.add(run.viewer.judge(isLossy: isLossy))
    }
    // So that nothing above held for want of anything to look at.
    #expect(total.pictures > 300 && total.highest.temporal > 0)
    #expect(total.highest.spatial > 0 || kind == .described)
    #expect(total.switches > 40)
  }

  @Test(arguments: ModelSender.Kind.allCases)
  func `still pictures are numbered as if nothing lay between`(_ kind: ModelSender.Kind) {
    var run = LayerRun(kind, isLossy: false, seed: 5)
    run.isSteady = true
    run.slot.want(LayerTarget(spatial: 7, temporal: 7, keyFramesOnly: true), at: run.now)
    for _ in 0..<12 {
      for stream in run.sources.flatMap(\.streams) { stream.wantKeyFrame() }
      run.go(pictures: 10)
    }
    let packets = run.viewer.packets
    #expect(packets.count > 10 && packets.allSatisfy { $0.packet.isKey })
    #expect(run.viewer.judge(isLossy: false).pictures > 10)
  }
}

/// Two sources of one kind, and a slot that is told to show this and that.
struct LayerRun {
  let sources: [Source]
  let slot: Slot
  var viewer: ModelViewer
  var now = Instant.zero
  /// Whether nothing is changed on the way.
  var isSteady = false
  private var senders: [[ModelSender]]
  private var delayed: [(due: Int, packet: ModelPacket, source: Int, stream: Int)] = []
  private var keyDue: [[Int]]
  private var random: RandomSource
  private let isLossy: Bool
  private var tick = 0

  init(_ kind: ModelSender.Kind, isLossy: Bool, seed: UInt64) {
    var random = RandomSource.seeded(seed &* 31 &+ (isLossy ? 7 : 0))
    let counter = ModelCounter()
    let count = kind == .vp8 ? 3 : 1
    senders = (0..<2).map { _ in
      (0..<count).map { _ in ModelSender(kind, counter, random: &random) }
    }
    keyDue = [[Int]](repeating: [Int](repeating: -1, count: count), count: 2)
    let codec = senders[0][0].codec
    sources = (0..<2).map { place in
      var track = PublishedTrack(
        mid: "\(place)", role: .camera, codecs: [96: codec], clockRate: 90_000)
      track.rids = count > 1 ? (0..<count).map { "\($0)" } : []
      let id = SourceID(peer: PeerID(rawValue: UInt64(place)), role: .camera)
      let source = Source(id: id, track: track)
      source.streams = (0..<count).map {
        IncomingStream(ssrc: UInt32(place * 10 + $0), layer: $0, source: source)
      }
      return source
    }
    let room = VirtualRoom(seed: seed)
    room.join(9)
    var ids = StreamExtensionIDs()
    ids.dependencyDescriptor = 9
    let plan = ReceiveSlot(
      mid: "v", kind: .video, ssrc: 1, payloadTypes: [codec: 96], extensions: ids)
    let member = room.server.forwarder.memberList[0]
    member.isConnected = true
    slot = Slot(plan: plan, viewer: member, random: &random)
    self.random = random
    self.isLossy = isLossy
    viewer = ModelViewer(kind: kind)
    slot.show(sources[0])
  }

  mutating func go(pictures: Int) {
    for _ in 0..<pictures {
      tick += 1
      now = now + .milliseconds(33)
      if !isSteady { act() }
      for source in senders.indices {
        for stream in senders[source].indices { send(source, stream) }
      }
      deliverDelayed()
    }
  }

  private mutating func act() {
    guard Int.random(in: 0..<12, using: &random) == 0 else { return }
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      slot.show(sources[Int.random(in: 0...1, using: &random)])
      slot.want(.everything, at: now)
    case 1: slot.want(nil, at: now)
    case 2:
      slot.want(LayerTarget(spatial: 7, temporal: 7, keyFramesOnly: true), at: now)
    default:
      slot.want(
        LayerTarget(
          spatial: .random(in: 0...2, using: &random), temporal: .random(in: 0...2, using: &random)),
        at: now)
    }
    viewer.switches += 1
    viewer.wantedSince = viewer.newestPicture
  }

  private mutating func send(_ source: Int, _ stream: Int) {
    let incoming = sources[source].streams[stream]
    if incoming.keyFrames.isWanted, keyDue[source][stream] < tick {
      keyDue[source][stream] = tick + Int.random(in: 1...4, using: &random)
    }
    let isKey = keyDue[source][stream] == tick
    for packet in senders[source][stream].next(isKey: isKey, random: &random) {
      viewer.sent(packet)
      if isLossy, Int.random(in: 0..<25, using: &random) == 0 {
        // Half of what is lost is repaired.
        guard Bool.random(using: &random) else {
          viewer.lose(packet)
          continue
        }
        let due = tick + Int.random(in: 0...5, using: &random)
        delayed.append((due, packet, source, stream))
        viewer.delay(packet)
      } else {
        deliver(packet, source, stream)
      }
    }
  }

  private mutating func deliverDelayed() {
    for entry in delayed where entry.due <= tick {
      deliver(entry.packet, entry.source, entry.stream)
    }
    delayed.removeAll { $0.due <= tick }
  }

  private mutating func deliver(_ packet: ModelPacket, _ source: Int, _ stream: Int) {
    let incoming = sources[source].streams[stream]
    let newest = incoming.unwrapper.newest ?? .min
    let index = incoming.unwrapper.unwrap(packet.sequenceNumber)
    let bytes = packet.payload + packet.descriptor
    var pending = IncomingStream.Pending(
      header: RTPHeader(
        payloadType: 96, sequenceNumber: packet.sequenceNumber, timestamp: packet.timestamp,
        ssrc: incoming.ssrc, marker: packet.marker),
      codec: senders[source][stream].codec, index: index, payload: 0..<packet.payload.count,
      isKeyFrameStart: false, isLate: index < newest)
    let frame = FrameInspection(
      bytes.span, payload: pending.payload,
      descriptor: packet.descriptor.isEmpty ? nil : packet.payload.count..<bytes.count,
      codec: pending.codec, index: index, timestamp: packet.timestamp, of: incoming)
    pending.layer = frame.layer
    pending.isKeyFrameStart = frame.keyFrame != nil
    if pending.isKeyFrameStart { incoming.satisfyKeyFrames() }
    incoming.lastPacketAt = now
    guard slot.source === sources[source] else { return }
    if slot.current !== incoming {
      guard slot.mayBegin(with: incoming, pending, at: now) else {
        return viewer.refuse(packet, pending)
      }
      slot.begin(incoming, with: pending, at: now)
    }
    guard let verdict = slot.layers.take(pending, of: incoming, at: now) else {
      return viewer.refuse(packet, pending)
    }
    if slot.layers.needsKeyFrame { incoming.wantKeyFrame() }
    viewer.receive(
      verdict, packet, stream: stream, wanted: slot.wanted,
      descriptor: verdict.hasDescriptor ? slot.layers.descriptor : [])
  }
}
