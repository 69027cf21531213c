import ICE
import Peer
import RTP
package import SFU
package import Wire

/// The far end of one of the forwarder's peers.
package final class LoadPeer {
  static let transportSequenceID: UInt8 = 3
  private static let vp8 = PayloadCodec(.vp8)

  package let id: PeerID
  package let path: Path
  let remote: RemotePeer
  private var events: [RemotePeer.Event] = []
  private var number: UInt16 = 0
  private var transportNumber: UInt16 = 0
  private var frame: UInt32 = 0
  private var payload = [UInt8](repeating: 0x55, count: 1500)

  init(
    number: UInt64, at address: TransportAddress, server: TransportAddress,
    serverCredentials: ICECredentials, security: RemotePeer.Security
  ) throws {
    id = PeerID(rawValue: number)
    path = Path(local: address, remote: server)
    var ice = ICEAgent(
      role: .controlling, credentials: .seeded(number * 2 + 1), random: .seeded(number))
    _ = ice.addLocalCandidate(ICECandidate(address: address))
    remote = try RemotePeer(ice: ice, security: security)
    remote.setRemote(
      serverCredentials, candidates: [ICECandidate(address: server)], isComplete: true)
  }

  /// A camera without layers.
  package static var camera: PublishedTrack {
    PublishedTrack(
      mid: "0", role: .camera, codecs: [96: vp8], clockRate: 90_000, extensions: extensionIDs,
      ssrcs: [5])
  }

  /// A microphone.
  package static var microphone: PublishedTrack {
    PublishedTrack(
      mid: "1", role: .microphone, codecs: [111: PayloadCodec(.opus)], clockRate: 48_000,
      extensions: extensionIDs, ssrcs: [6])
  }

  /// Sections in which a viewer receives with all that browsers negotiate: transport-wide numbers and their feedback,
  /// requests for lost packets, and repetitions.
  package static func fullSlots(audio: UInt32, video: UInt32) -> [ReceiveSlot] {
    slots(audio: audio, video: video).map { slot in
      var slot = slot
      slot.extensions.transportSequence = transportSequenceID
      guard slot.kind == .video else { return slot }
      slot.retransmissionSSRC = slot.ssrc + 1000
      slot.retransmissionTypes = [96: 97]
      slot.asksForLost = true
      return slot
    }
  }

  /// Sections in which a viewer receives.
  package static func slots(audio: UInt32, video: UInt32) -> [ReceiveSlot] {
    (0..<audio).map { place in
      ReceiveSlot(
        mid: "a\(place)", kind: .audio, ssrc: 100 + place,
        payloadTypes: [PayloadCodec(.opus): 111], extensions: extensionIDs)
    }
      + (0..<video).map { place in
        ReceiveSlot(
          mid: "v\(place)", kind: .video, ssrc: 200 + place, payloadTypes: [vp8: 96],
          extensions: extensionIDs)
      }
  }

  private static var extensionIDs: StreamExtensionIDs {
    var ids = StreamExtensionIDs()
    ids.mid = 4
    ids.videoOrientation = 13
    return ids
  }

  func advance(to now: Instant, into outbox: Outbox) {
    remote.advance(to: now, into: outbox, events: &events)
    events.removeAll(keepingCapacity: true)
  }

  func receive(_ datagram: inout MutableSpan<UInt8>, at now: Instant, into outbox: Outbox) {
    _ = remote.receive(&datagram, on: path, at: now, into: outbox, events: &events)
  }

  /// Appends a frame of `packetCount` encrypted VP8 packets, cut as browsers do: into nearly equal lengths.
  package func appendFrame(isKey: Bool, packetCount: Int, byteCount: Int, into outbox: Outbox) {
    frame &+= 1
    for part in 0..<packetCount {
      number &+= 1
      transportNumber &+= 1
      payload.replaceSubrange(
        0..<4,
        with: [
          part == 0 ? 0x90 : 0x80, 0x80, 0x80 | UInt8(truncatingIfNeeded: frame >> 8),
          UInt8(truncatingIfNeeded: frame),
        ])
      // The P bit of the frame header says that this is no key frame (RFC 6386 §9.1).
      payload.replaceSubrange(
        4..<14, with: [isKey ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1])
      let header = RTPHeader(
        payloadType: 96, sequenceNumber: number, timestamp: frame &* 3000, ssrc: 5,
        marker: part == packetCount - 1)
      var elements = RTPHeaderExtensionList()
      elements.append(
        id: Self.transportSequenceID, value: UInt64(transportNumber), byteCount: 2)
      let count = byteCount - (part < packetCount / 2 ? 1 : 0)
      let sent = remote.sendRTP(
        header, extensions: elements, payload: payload.span.extracting(first: count), into: outbox)
      precondition(sent, "the sender has keys and a path")
    }
  }
}
