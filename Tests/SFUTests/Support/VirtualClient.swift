import Cryptography
import ICE
import Peer
import RTCTesting
import RTP
import Wire

@testable import SFU

/// A participant: sends synthetic sound and pictures, and keeps account of what it receives.
final class VirtualClient: VirtualNode {
  static let opus = PayloadCodec(.opus)
  static let vp8 = PayloadCodec(.vp8)
  static let frameInterval = Duration.milliseconds(33)
  static let soundInterval = Duration.milliseconds(20)

  /// What arrived in one slot.
  struct Reception {
    var packets = 0
    var frames = 0
    var keyFrames = 0
    var gaps = 0
    var senders: [UInt8] = []
    var pictureJumps = 0
    var newest: UInt16?
    var newestPicture: UInt16?
    var reports: [SenderReport] = []
    var firstAt: Instant?
    var lastAt: Instant?
  }

  /// One simulcast layer being sent.
  struct Layer {
    var ssrc: UInt32
    var rid: String?
    var sequenceNumber: UInt16
    var picture: UInt16
    var height: UInt16
    /// In each packet.
    var payloadByteCount = 1000
    /// Packets of a key frame.
    var keyPartCount = 4
    var wantsKeyFrame = true
    var isOn = true
    var requests: [Instant] = []
  }

  let id: PeerID
  let name: UInt8
  let address: TransportAddress
  let remote: RemotePeer
  /// Whether all that comes directly is lost on the way.
  var isDeaf = false
  var layers: [Layer]
  var sendsSound = true
  var sendsPicture = true
  /// From one picture to the next.
  var frameInterval = VirtualClient.frameInterval
  var audioLevel: UInt8 = 30
  var received: [UInt32: Reception] = [:]
  /// By the slot's SSRC, of slots with pictures; nothing is asked for where `asksForLost` is false.
  var repaired: [UInt32: RepairingReception] = [:]
  var asksForLost = false
  /// What the server told of how this client's streams were received.
  var blocks: [ReportBlock] = []
  var expectedRoundTrip = Duration.milliseconds(100)
  /// When the last datagram came, and of how many bytes all were.
  var receivedByteCount = 0
  /// The transport-wide numbers that came, in order.
  var transportNumbers: [UInt16] = []
  /// Takes what arrives in place of the accounts below, where it answers true.
  var tap: ((RTPPacket, [UInt8], Instant) -> Bool)?
  /// What is sent of sound, by sequence number and timestamp, in place of a few bytes of Opus.
  var soundPayload: ((UInt16, UInt32) -> (type: UInt8, bytes: [UInt8]))?
  /// Sound as it was sent, to be sent again; nil where none is.
  var sentSound: [UInt16: [UInt8]]?
  let slots: [ReceiveSlot]
  let soundSSRC: UInt32
  /// What this machine's wall clock shows at virtual time zero, in NTP seconds.
  let ntpStart: UInt64
  var soundNumber: UInt16
  private var nextSound: Instant
  private var nextFrame: Instant
  private var nextReport: Instant
  private var nextRequest: Instant?
  private var peerEvents: [RemotePeer.Event] = []
  private(set) var isConnected = false
  private let extensions = VirtualClient.extensionIDs

  static var extensionIDs: StreamExtensionIDs {
    var ids = StreamExtensionIDs()
    ids.audioLevel = 1
    ids.mid = 2
    ids.rid = 3
    return ids
  }

  /// What transport-wide numbers travel under towards this client, if it wants them.
  static let transportSequenceID: UInt8 = 5

  init(
    _ name: UInt8, room: VirtualRoom, layerHeights: [UInt16], slotCount: Int, isNumbered: Bool
  ) {
    var random = RandomSource.seeded(room.seed &* 1000 &+ UInt64(name))
    self.name = name
    id = PeerID(rawValue: UInt64(name))
    address = TransportAddress(ip: IPAddress(198, 51, 100, name), port: 5000)
    let keys = VirtualRoom.keys(name)
    var ice = ICEAgent(
      role: .controlling, credentials: VirtualRoom.credentials(name, ofServer: false),
      random: .seeded(random.next()))
    _ = ice.addLocalCandidate(ICECandidate(address: address))
    remote = VirtualRoom.peer(ice, keys)
    remote.setRemote(
      VirtualRoom.credentials(name, ofServer: true),
      candidates: [ICECandidate(address: VirtualServer.address)], isComplete: true)
    let base = UInt32(name) * 100
    layers = layerHeights.enumerated().map { place, height in
      Layer(
        ssrc: base + UInt32(place), rid: layerHeights.count > 1 ? "l\(place)" : nil,
        sequenceNumber: .random(in: 0...0xffff, using: &random),
        picture: .random(in: 0...0x7fff, using: &random), height: height)
    }
    soundSSRC = base + 50
    soundNumber = .random(in: 0...0xffff, using: &random)
    ntpStart = (3_900_000_000 + UInt64(name) * 777) << 32
    if isNumbered { remote.transportSequenceID = Self.transportSequenceID }
    slots = (0..<slotCount).flatMap { Self.slots($0, isNumbered: isNumbered) }
    let start = room.network.now
    nextSound = start + .milliseconds(Int64(name))
    nextFrame = start + .milliseconds(Int64(name) * 3)
    nextReport = start
  }

  private static func slots(_ place: Int, isNumbered: Bool) -> [ReceiveSlot] {
    var ids = extensionIDs
    if isNumbered { ids.transportSequence = transportSequenceID }
    let sound = ReceiveSlot(
      mid: "a\(place)", kind: .audio, ssrc: 10_000 + UInt32(place), payloadTypes: [opus: 109],
      extensions: ids)
    var picture = ReceiveSlot(
      mid: "v\(place)", kind: .video, ssrc: 20_000 + UInt32(place), payloadTypes: [vp8: 120],
      extensions: ids)
    picture.retransmissionSSRC = 30_000 + UInt32(place)
    picture.retransmissionTypes = [120: 121]
    picture.asksForLost = true
    return [sound, picture]
  }

  /// The tracks as the server was told.
  var tracks: [PublishedTrack] {
    var camera = PublishedTrack(
      mid: "cam", role: .camera, codecs: [96: Self.vp8], clockRate: 90_000, extensions: extensions,
      ssrcs: layers.count == 1 ? layers.map(\.ssrc) : [])
    camera.rids = layers.compactMap(\.rid)
    return [
      PublishedTrack(
        mid: "mic", role: .microphone, codecs: [111: Self.opus], clockRate: 48_000,
        extensions: extensions, ssrcs: [soundSSRC]),
      camera,
    ]
  }

  func reception(_ mid: String) -> Reception {
    slots.first { $0.mid == mid }.flatMap { received[$0.ssrc] } ?? Reception()
  }

  /// Asks for a key frame in a slot.
  func requestKeyFrame(_ mid: String, into outbox: Outbox) {
    guard let slot = slots.first(where: { $0.mid == mid }) else { return }
    remote.sendRTCP(capacity: 64, into: outbox) {
      PictureLossIndication(senderSSRC: 1, mediaSSRC: slot.ssrc).write(into: &$0)
    }
  }

  // MARK: VirtualNode

  var deadline: Instant? {
    let media = isConnected ? min(nextSound, min(nextFrame, nextReport)) : nil
    let repair = asksForLost ? repaired.values.compactMap(\.deadline).min() : nil
    return [remote.deadline, media, repair].compactMap(\.self).min()
  }

  func receive(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox
  ) {
    var bytes = datagram.mutableSpan
    let result = remote.receive(&bytes, on: path, at: now, into: outbox, events: &peerEvents)
    switch result {
    case .rtp(let packet, _): note(packet, bytes.span, now)
    case .rtcp(let byteCount):
      note(bytes.span.extracting(first: byteCount), now)
      repeatSound(bytes.span.extracting(first: byteCount), on: path, into: outbox)
    case .handshake, .rejected: break
    }
    takeEvents()
  }

  func advance(to now: Instant, into outbox: Outbox) {
    remote.advance(to: now, into: outbox, events: &peerEvents)
    takeEvents()
    guard isConnected else { return }
    if asksForLost { askForLost(at: now, into: outbox) }
    while nextSound <= now {
      if sendsSound { sendSound(at: nextSound, into: outbox) }
      nextSound = nextSound + Self.soundInterval
    }
    while nextFrame <= now {
      if sendsPicture { sendFrames(at: nextFrame, into: outbox) }
      nextFrame = nextFrame + frameInterval
    }
    while nextReport <= now {
      sendReports(at: now, into: outbox)
      nextReport = nextReport + .seconds(1)
    }
  }

  private func takeEvents() {
    for event in peerEvents {
      if event == .connected { isConnected = true }
    }
    peerEvents.removeAll()
  }

  private func askForLost(at now: Instant, into outbox: Outbox) {
    for slot in slots where slot.asksForLost {
      guard let numbers = repaired[slot.ssrc]?.due(at: now), !numbers.isEmpty else { continue }
      let request = GenericNACK(senderSSRC: 1, mediaSSRC: slot.ssrc, sequenceNumbers: numbers)
      remote.sendRTCP(capacity: 600, into: outbox) { request.write(into: &$0) }
    }
  }

  // MARK: Sending

  private func sendSound(at now: Instant, into outbox: Outbox) {
    soundNumber &+= 1
    let timestamp = StreamRewriter.ticks(in: now - .zero, clockRate: 48_000)
    let payload = soundPayload?(soundNumber, timestamp) ?? (type: 111, bytes: [0x78, name, 2, 3])
    let header = RTPHeader(
      payloadType: payload.type, sequenceNumber: soundNumber, timestamp: timestamp,
      ssrc: soundSSRC)
    var elements = RTPHeaderExtensionList()
    elements.append(id: extensions.audioLevel, value: UInt64(audioLevel), byteCount: 1)
    _ = remote.sendRTP(
      header, extensions: elements, payload: payload.bytes.span, into: outbox)
    if let last = outbox.datagrams.last { sentSound?[soundNumber] = outbox.bytes(of: last) }
  }

  /// The very same bytes once more, as browsers do without RTX.
  private func repeatSound(_ control: Span<UInt8>, on path: Path, into outbox: Outbox) {
    var reader = RTCPReader(control)
    while let sentSound, let part = reader.next() {
      guard case .genericNACK(let request) = part, request.mediaSSRC == soundSSRC else { continue }
      for number in request.sequenceNumbers {
        if let bytes = sentSound[number] { outbox.append(bytes.span, on: path) }
      }
    }
  }

  private func sendFrames(at now: Instant, into outbox: Outbox) {
    for index in layers.indices where layers[index].isOn {
      let isKey = layers[index].wantsKeyFrame
      layers[index].wantsKeyFrame = false
      layers[index].picture = (layers[index].picture &+ 1) & 0x7fff
      let count = isKey ? layers[index].keyPartCount : 2
      for part in 0..<count {
        send(layer: index, part: part, of: count, isKey: isKey, at: now, into: outbox)
      }
    }
  }

  private func send(
    layer index: Int, part: Int, of count: Int, isKey: Bool, at now: Instant, into outbox: Outbox
  ) {
    layers[index].sequenceNumber &+= 1
    let layer = layers[index]
    let header = RTPHeader(
      payloadType: 96, sequenceNumber: layer.sequenceNumber,
      timestamp: StreamRewriter.ticks(in: now - .zero, clockRate: 90_000), ssrc: layer.ssrc,
      marker: part == count - 1)
    var payload: [UInt8] = [
      part == 0 ? 0x90 : 0x80, 0x80, 0x80 | UInt8(layer.picture >> 8),
      UInt8(truncatingIfNeeded: layer.picture),
    ]
    if part == 0, isKey {
      payload += [
        0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 1, UInt8(truncatingIfNeeded: layer.height),
        UInt8(layer.height >> 8),
      ]
    } else {
      payload += [0x11]
    }
    payload += [UInt8](
      repeating: name, count: layer.payloadByteCount - payload.count - min(count - part, 8))
    var elements = RTPHeaderExtensionList()
    if let rid = layer.rid {
      elements.append(id: extensions.mid, Array("cam".utf8).span)
      elements.append(id: extensions.rid, Array(rid.utf8).span)
    }
    _ = remote.sendRTP(header, extensions: elements, payload: payload.span, into: outbox)
  }

  private func sendReports(at now: Instant, into outbox: Outbox) {
    let ntp = ntpStart &+ NTP.interval(now - .zero)
    for (ssrc, clockRate) in [(soundSSRC, UInt32(48_000))] + layers.map({ ($0.ssrc, 90_000) }) {
      let report = SenderReport(
        ssrc: ssrc, ntpTimestamp: ntp,
        rtpTimestamp: StreamRewriter.ticks(in: now - .zero, clockRate: clockRate), packetCount: 1,
        octetCount: 1, blocks: [])
      remote.sendRTCP(capacity: 200, into: outbox) {
        report.write(into: &$0)
        SourceDescription(ssrc: ssrc, cname: "client").write(into: &$0)
      }
    }
  }

  // MARK: Receiving

  private func note(_ packet: RTPPacket, _ bytes: Span<UInt8>, _ now: Instant) {
    let header = packet.header
    if let range = header.extensionRange(id: Self.transportSequenceID, in: bytes),
      let number = TransportSequenceNumber(parsing: bytes.extracting(range))
    {
      transportNumbers.append(number.rawValue)
    }
    if let tap, tap(packet, [UInt8](capacity: bytes.count) { $0.append(copying: bytes) }, now) {
      return
    }
    receivedByteCount += bytes.count + 28
    let payload = bytes.extracting(packet.payloadRange)
    if (30_000..<40_000).contains(header.ssrc) {
      let isNamed = header.extensionRange(id: extensions.mid, in: bytes) != nil
      repaired[header.ssrc - 10_000]?.receiveRepeat(header, payload, isNamed: isNamed, at: now)
      return
    }
    if header.ssrc >= 20_000 {
      repaired[
        header.ssrc, default: RepairingReception(roundTrip: expectedRoundTrip)
      ].receive(header, payload, at: now)
    }
    guard !payload.isEmpty else { return }
    var slot = received[header.ssrc] ?? Reception()
    slot.packets += 1
    slot.firstAt = slot.firstAt ?? now
    slot.lastAt = now
    if let newest = slot.newest, header.sequenceNumber != newest &+ 1 { slot.gaps += 1 }
    slot.newest = header.sequenceNumber
    let isVideo = header.ssrc >= 20_000
    let sender = isVideo ? payload[payload.count - 1] : payload[1]
    if slot.senders.last != sender { slot.senders.append(sender) }
    if isVideo, payload[0] == 0x90 {
      slot.frames += 1
      if payload[4] & 1 == 0 { slot.keyFrames += 1 }
      let picture = UInt16(payload[2] & 0x7f) << 8 | UInt16(payload[3])
      if let newest = slot.newestPicture, picture != (newest &+ 1) & 0x7fff {
        slot.pictureJumps += 1
      }
      slot.newestPicture = picture
    }
    received[header.ssrc] = slot
  }

  private func note(_ control: Span<UInt8>, _ now: Instant) {
    var reader = RTCPReader(control)
    while let part = reader.next() {
      switch part {
      case .pictureLossIndication(let request):
        for index in layers.indices where layers[index].ssrc == request.mediaSSRC {
          layers[index].wantsKeyFrame = true
          layers[index].requests.append(now)
        }
      case .senderReport(let report):
        received[report.ssrc, default: Reception()].reports.append(report)
        blocks += report.blocks
      case .receiverReport(let report): blocks += report.blocks
      default: break
      }
    }
  }
}
