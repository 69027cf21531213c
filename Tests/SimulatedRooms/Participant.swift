import BWE
import Cryptography
import ICE
import Peer
import RTCTesting
import RTP
import SFU
import Wire

/// Somebody in the room: speaks, is filmed, watches, and behaves as a browser does towards the server.
final class Participant: VirtualNode {
  /// What is done between two looks at sockets: a browser's pacer wakes as often.
  static let tick = Duration.milliseconds(5)
  private static let reportInterval = Duration.seconds(1)

  let id: PeerID
  let link: AccessLink
  let address: TransportAddress
  let remote: RemotePeer
  let plan: ParticipantPlan
  var uplink: UplinkControl
  var voice: VoiceSource
  var camera: PictureSource?
  var screen: PictureSource?
  var streams: [OutgoingStream]
  var slots: [SlotReceiver]
  var account = ViewerAccount()
  var counts = ParticipantCounts()
  /// Words from the server and when they arrive.
  var signals: [(at: Instant, signal: Signal)] = []
  var isConnected = false
  /// What the screen shows, as the server was told.
  var view: [ViewTile] = []
  private var keyFramesBefore = 0
  private var nextTick: Instant
  private var nextVoice: Instant
  private var nextReport: Instant
  private var nextShare = Instant.zero
  var peerEvents: [RemotePeer.Event] = []
  var control: [RTCPPacket] = []
  var extensions = RTPHeaderExtensionList()
  var repairPayload: [UInt8] = []
  var sound = SoundCache()
  /// By the server's reports.
  var roundTrip = Duration.milliseconds(100)
  var paddingNumber: UInt16 = 0

  /// What the server tells a client beside media.
  enum Signal {
    case slots([ViewerAccount.Showing], [ForwarderEvent.SlotContent])
    case layers(SourceRole, [Bool])
  }

  init(
    _ plan: ParticipantPlan, remote: RemotePeer, address: TransportAddress, at now: Instant,
    random: inout RandomSource
  ) {
    self.plan = plan
    id = plan.id
    link = plan.link
    self.remote = remote
    self.address = address
    uplink = UplinkControl(startBitrate: Int(min(plan.link.upBitrate * 4 / 5, 1_500_000)))
    voice = VoiceSource(sender: plan.place, random: random.split())
    streams = plan.makeStreams(&random)
    slots = plan.receiveSlots.map { SlotReceiver(plan: $0, stream: plan.makeReceiver($0)) }
    nextTick = now + .microseconds(Int64(random.next() % 5000))
    nextVoice = nextTick + .microseconds(Int64(random.next() % 20_000))
    nextReport = nextTick + .milliseconds(300)
    if plan.hasCamera {
      camera = PictureSource(
        .person, sender: plan.place, at: nextVoice, random: random.split())
    }
    if plan.hasScreen {
      screen = PictureSource(.slides, sender: plan.place, at: nextVoice, random: random.split())
    }
  }

  /// The figures begin to count.
  func beginCounting() {
    let interruptions = counts.interruptionCount
    counts = ParticipantCounts()
    counts.interruptionCount = interruptions
    keyFramesBefore = keyFramesMade
  }

  /// Key frames made since the figures began.
  var keyFrameCount: Int { keyFramesMade - keyFramesBefore }

  private var keyFramesMade: Int {
    (camera?.layers.reduce(0) { $0 + $1.keyFrameCount } ?? 0)
      + (screen?.layers.reduce(0) { $0 + $1.keyFrameCount } ?? 0)
  }

  // MARK: VirtualNode

  var deadline: Instant? {
    guard isConnected else { return remote.deadline }
    return min(nextTick, remote.deadline ?? nextTick)
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    counts.receivedByteCount += datagram.count + UplinkControl.overhead
    counts.currentByteCount += datagram.count + UplinkControl.overhead
    var bytes = datagram.mutableSpan
    switch remote.receive(&bytes, on: path, at: now, into: outbox, events: &peerEvents) {
    case .rtp(let packet, let count): receive(packet, bytes.span.extracting(first: count), now)
    case .rtcp(let count): receive(control: bytes.span.extracting(first: count), now)
    case .handshake: break
    case .rejected: counts.rejectedCount += 1
    }
    takeEvents()
  }

  func advance(to now: Instant, into outbox: Outbox) {
    remote.advance(to: now, into: outbox, events: &peerEvents)
    takeEvents()
    guard isConnected, nextTick <= now else { return }
    while nextTick <= now { nextTick = nextTick + Self.tick }
    takeSignals(now)
    produce(now)
    release(now, into: outbox)
    request(now)
    if nextReport <= now {
      nextReport = now + Self.reportInterval
      report(now, into: outbox)
    }
    sendControl(into: outbox)
  }

  private func takeEvents() {
    for event in peerEvents {
      switch event {
      case .connected: isConnected = true
      case .interrupted: counts.interruptionCount += 1
      case .failed: counts.failureCount += 1
      case .pathValidated, .pathsClosed, .dataChannel: break
      }
    }
    peerEvents.removeAll(keepingCapacity: true)
  }

  private func takeSignals(_ now: Instant) {
    while let first = signals.first, first.at <= now {
      signals.removeFirst()
      switch first.signal {
      case .slots(let showing, let content):
        account.show(showing, at: now)
        for index in slots.indices {
          let mid = slots[index].plan.mid
          let entry = content.first { $0.mid == mid }
          slots[index].assign(entry?.source, at: now)
          // The page sets it as `RTCRtpReceiver.jitterBufferTarget`.
          if let entry { slots[index].voice.least = entry.delay }
        }
      case .layers(.camera, let wanted): camera?.setWanted(wanted)
      case .layers(.screen, let wanted): screen?.setWanted(wanted)
      case .layers: break
      }
    }
  }

  // MARK: Sending

  private func produce(_ now: Instant) {
    let desired = 80_000 + (camera?.desired ?? 0) + (screen?.desired ?? 0)
    uplink.advance(to: now, desired: desired)
    if nextShare <= now {
      nextShare = now + .milliseconds(100)
      // What is left for pictures beside sound and the headers of all packets.
      var left = max(uplink.targetBitrate * 19 / 20 - 70_000, 0)
      left = screen?.share(left) ?? left
      _ = camera?.share(left)
    }
    while nextVoice <= now {
      nextVoice = nextVoice + VoiceSource.interval
      add(voice.next(bitrate: uplink.targetBitrate), to: 0, .audio, now)
    }
    for (layer, packet) in camera?.advance(to: now) ?? [] {
      add(packet, to: plan.cameraStream + layer, .video, now)
    }
    for (layer, packet) in screen?.advance(to: now) ?? [] {
      add(packet, to: plan.screenStream + layer, .video, now)
    }
  }

  private func add(
    _ packet: OutgoingPacket, to stream: Int, _ priority: Pacer.Priority,
    _ now: Instant
  ) {
    uplink.add(
      .media(stream: stream, packet), byteCount: packet.payload.count + 76, priority: priority,
      at: now)
  }

  private func release(_ now: Instant, into outbox: Outbox) {
    if let path = remote.selectedPath {
      for bytes in sound.takeRequested(roundTrip: roundTrip, at: now) {
        counts.repairsSent += 1
        counts.sentByteCount += bytes.count + UplinkControl.overhead
        outbox.append(bytes.span, on: path)
      }
    }
    while let release = uplink.next(at: now) {
      switch release {
      case .media(let stream, let packet, let probe):
        let header = streams[stream].makeHeader(
          for: packet, at: now, transport: &uplink.sequencer, extensions: &extensions)
        send(header, packet.payload, probe, now, into: outbox)
      case .repair(let stream, let probe):
        guard
          let header = streams[stream].makeRepair(
            at: now, transport: &uplink.sequencer, extensions: &extensions,
            payload: &repairPayload)
        else { continue }
        counts.repairsSent += 1
        send(header, repairPayload, probe, now, into: outbox)
      case .padding(let count, let probe):
        for _ in 0..<max(count / 280, 1) { sendPadding(probe, now, into: outbox) }
      }
    }
  }

  private func send(
    _ header: RTPHeader, _ payload: [UInt8], _ probe: Int?, _ now: Instant, into outbox: Outbox
  ) {
    _ = remote.sendRTP(header, extensions: extensions, payload: payload.span, into: outbox)
    if header.ssrc == streams[0].options.ssrc, let datagram = outbox.datagrams.last {
      sound.keep(header.sequenceNumber, outbox.bytes(of: datagram))
    }
    let count = payload.count + 12 + extensions.byteCount + 16
    uplink.sent(byteCount: count, probe: probe, at: now)
    counts.sentByteCount += count + UplinkControl.overhead
  }

  private func sendPadding(_ probe: Int?, _ now: Instant, into outbox: Outbox) {
    paddingNumber &+= 1
    let ids = RoomVocabulary.extensions
    let ssrc = plan.paddingSSRC
    let number = uplink.sequencer.next(byteCount: 299, ssrc: ssrc, at: now)
    extensions.removeAll()
    extensions.append(id: ids.transportSequence, value: UInt64(number), byteCount: 2)
    let header = RTPHeader(
      payloadType: 127, sequenceNumber: paddingNumber, timestamp: 0, ssrc: ssrc,
      hasPadding: true)
    _ = remote.sendRTP(
      header, extensions: extensions, payload: [UInt8]().span, paddingCount: 255, into: outbox)
    uplink.sent(byteCount: 291, probe: probe, at: now)
    counts.sentByteCount += 291 + UplinkControl.overhead
  }
}
