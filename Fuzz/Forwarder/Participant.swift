import Cryptography
import ICE
import Peer
import RTP
import SFU
import Wire

/// The far end of one peer, and what it has negotiated.
final class Participant {
  static let server = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7880)
  static let stranger = TransportAddress(ip: IPAddress(192, 0, 2, 66), port: 666)

  let index: Int
  let address: TransportAddress
  var shape: Shape
  private let remote: RemotePeer
  private var events: [RemotePeer.Event] = []

  var id: PeerID { PeerID(rawValue: UInt64(index)) }
  /// The last one is in a room of its own.
  var room: RoomID { RoomID(rawValue: index == 3 ? 2 : 1) }

  private init(_ index: Int, address: TransportAddress, shape: Shape, remote: RemotePeer) {
    self.index = index
    self.address = address
    self.shape = shape
    self.remote = remote
  }

  /// Both ends of a new connection, with the same address as the one before or another.
  static func pair(
    _ index: Int, generation: UInt64, shape: Shape, replacing old: Participant?
  ) -> (Participant, RemotePeer) {
    var random = RandomSource.seeded(generation)
    let (near, far) = (ICECredentials.random(using: &random), ICECredentials.random(using: &random))
    let port = UInt16(truncatingIfNeeded: generation & 1 == 0 ? 5000 : 5000 + generation)
    let address =
      generation & 3 == 0
      ? old?.address : TransportAddress(ip: IPAddress(198, 51, 100, UInt8(index)), port: port)
    let place = address ?? TransportAddress(ip: IPAddress(198, 51, 100, UInt8(index)), port: 9)
    var agent = ICEAgent(role: .controlling, credentials: far, random: .seeded(random.next()))
    _ = agent.addLocalCandidate(ICECandidate(address: place))
    let profile = SRTPProtectionProfile.allCases[Int(generation % 3)]
    let ours = keys(profile, isServer: false)
    let client = connection(agent, ours)
    if shape.givesFeedback { client.transportSequenceID = Shape.transportSequenceID }
    client.setRemote(near, candidates: [ICECandidate(address: server)], isComplete: true)
    agent = ICEAgent(role: .controlled, credentials: near, random: .seeded(random.next()))
    _ = agent.addLocalCandidate(ICECandidate(address: server))
    let served = connection(agent, keys(profile, isServer: true))
    served.setRemote(far, candidates: [], isComplete: false)
    return (Participant(index, address: place, shape: shape, remote: client), served)
  }

  private static func connection(_ agent: ICEAgent, _ keys: SRTPKeyingMaterial) -> RemotePeer {
    do {
      return try RemotePeer(ice: agent, security: .injected(keys))
    } catch {
      preconditionFailure("the keys fit their profile: \(error)")
    }
  }

  private static func keys(_ profile: SRTPProtectionProfile, isServer: Bool) -> SRTPKeyingMaterial {
    let keys = [UInt8(1), 2].map { [UInt8](repeating: $0, count: profile.masterKeyByteCount) }
    let salts = [UInt8(3), 4].map { [UInt8](repeating: $0, count: profile.masterSaltByteCount) }
    let (local, other) = isServer ? (0, 1) : (1, 0)
    return SRTPKeyingMaterial(
      profile: profile, localKey: keys[local], localSalt: salts[local], remoteKey: keys[other],
      remoteSalt: salts[other])
  }

  func advance(to now: Instant, into outbox: Outbox) {
    remote.advance(to: now, into: outbox, events: &events)
    events.removeAll(keepingCapacity: true)
  }

  /// A packet of one of the streams that `Shape` knows, or of none, with our mark at its end.
  func sendMedia(
    stream: UInt8, flags: UInt8, number: UInt16, extensions: [UInt8], payload: [UInt8],
    into outbox: Outbox
  ) {
    var elements = RTPHeaderExtensionList()
    if flags & 4 != 0 { elements.append(id: 2, Array("cam".utf8).span) }
    if flags & 8 != 0 { elements.append(id: 3 + flags >> 6 & 1, [0x61 + flags >> 7].span) }
    var reader = ByteReader(extensions.span)
    while let id = try? reader.readUInt8(), let count = try? reader.readUInt8(),
      let value = try? reader.take(min(Int(count), reader.remainingCount))
    {
      elements.append(id: id, value)
    }
    let header = RTPHeader(
      payloadType: Shape.payloadTypes[Int(stream >> 3) % Shape.payloadTypes.count],
      sequenceNumber: number, timestamp: UInt32(number) &* 3000,
      ssrc: UInt32(stream & 7) + (flags & 16 == 0 ? 0 : 1000), marker: flags & 32 != 0)
    // Picture numbers may lie in the first of these bytes, and are rewritten.
    let marked = payload + [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 4)
    _ = remote.sendRTP(header, extensions: elements, payload: marked.span, into: outbox)
  }

  func sendControl(_ body: [UInt8], into outbox: Outbox) {
    remote.sendRTCP(capacity: body.count, into: outbox) { $0.append(copying: body.span) }
  }

  /// A request for a key frame or for packets of one of our slots, a report on one of our streams, or what arrived of
  /// those sent to us: true or not.
  func sendFeedback(_ kind: UInt8, about ssrc: UInt8, into outbox: Outbox) {
    let number = UInt32(ssrc)
    remote.sendRTCP(capacity: 200, into: outbox) { output in
      switch kind & 7 {
      case 0: PictureLossIndication(senderSSRC: 1, mediaSSRC: number).write(into: &output)
      case 1:
        FullIntraRequest(
          senderSSRC: 1, entries: [.init(ssrc: number, sequenceNumber: kind)]
        ).write(into: &output)
      case 2:
        GenericNACK(
          senderSSRC: 1, mediaSSRC: number, sequenceNumbers: [UInt16(kind), UInt16(kind) &* 257]
        ).write(into: &output)
      case 3:
        SenderReport(
          ssrc: number & 7, ntpTimestamp: UInt64(kind) << 56, rtpTimestamp: number << 24,
          packetCount: 1, octetCount: 1, blocks: []
        ).write(into: &output)
      case 4: lostEverywhere(kind, number).write(into: &output)
      case 5:
        ReceiverEstimatedMaximumBitrate(
          senderSSRC: 1, bitrate: UInt64(kind) << (number & 63), ssrcs: [number]
        ).write(into: &output)
      case 6:
        let block = ReportBlock(
          ssrc: number, fractionLost: kind, highestSequenceNumber: number << 8,
          lastSenderReport: number << 20, delaySinceLastSenderReport: UInt32(kind) << 16)
        ReceiverReport(ssrc: 1, blocks: [block]).write(into: &output)
      default: arrivals(kind, number).write(into: &output)
      }
    }
  }

  /// Asks for many numbers that may never have been sent.
  private func lostEverywhere(_ kind: UInt8, _ ssrc: UInt32) -> GenericNACK {
    let items = (0..<40 as Range<UInt16>).map { place in
      GenericNACK.Item(packetID: place &* 1700 &+ UInt16(kind), followingLost: 0xffff)
    }
    return GenericNACK(senderSSRC: 1, mediaSSRC: ssrc, items: items)
  }

  /// Tells of numbers that may never have been sent, in any order of time.
  private func arrivals(_ kind: UInt8, _ number: UInt32) -> TransportFeedback {
    let base = UInt16(truncatingIfNeeded: number &* 3)
    let arrivals = (0..<UInt16(kind >> 3)).map { place in
      TransportFeedback.Arrival(
        offset: place &* 2, delta: Int16(truncatingIfNeeded: Int(place) * Int(number) * 401))
    }
    return TransportFeedback(
      senderSSRC: 1, mediaSSRC: 0, baseSequenceNumber: base, statusCount: UInt16(kind),
      referenceTime: number << 16, feedbackCount: kind, arrivals: arrivals)
  }

  /// Whatever the forwarder sends must open, be of a slot, and come from somebody that `mayBeSeen` by us. Frames out of
  /// redundancy end without anybody's mark: then sound has none.
  func receive(
    _ datagram: [UInt8], at now: Instant, into outbox: Outbox, marksSound: Bool,
    mayBeSeen: (UInt8) -> Bool
  ) {
    var bytes = datagram
    var span = bytes.mutableSpan
    let path = Path(local: address, remote: Self.server)
    let result = remote.receive(&span, on: path, at: now, into: outbox, events: &events)
    events.removeAll(keepingCapacity: true)
    switch result {
    case .rtp(let packet, _):
      let header = packet.header
      if shape.isProtected, header.payloadType == Shape.repairType { break }
      let slot = shape.slots.first { $0.ssrc == header.ssrc }
      let isMedia =
        slot?.payloadTypes.values.contains(header.payloadType) == true
        || slot != nil && slot?.protection.redundancyPayloadType == header.payloadType
      let isRepeat = shape.slots.contains {
        $0.retransmissionSSRC == header.ssrc
          && $0.retransmissionTypes.values.contains(header.payloadType)
      }
      precondition(isMedia || isRepeat)
      // Padding, for a probe or in place of what is left out.
      guard !packet.payloadRange.isEmpty, marksSound || slot?.kind != .audio else { break }
      precondition(mayBeSeen(span[packet.payloadRange.upperBound - 1]), "a room's media left it")
    case .rtcp(let count):
      var reader = RTCPReader(span.span.extracting(first: count))
      while let part = reader.next() {
        if case .malformed = part { preconditionFailure("a malformed report") }
      }
    case .handshake, .rejected: break
    }
  }
}
