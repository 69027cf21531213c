import Peer
import RTCTesting
import RTP
import Wire

@testable import SFU

/// Somebody whose camera sends what a test makes up, packet by packet, to people who take its codec.
final class CraftedCamera {
  static let descriptorID: UInt8 = 9

  /// A packet of pictures that a viewer got.
  struct Arrival {
    var number: UInt16
    var payload: [UInt8]
  }

  let room: VirtualRoom
  let client: VirtualClient
  let codec: PayloadCodec
  private(set) var viewers: [VirtualClient] = []
  private(set) var arrivals: [UInt8: [Arrival]] = [:]
  private let rids: [String]
  private var number: UInt16 = 100

  var source: SourceID { SourceID(peer: client.id, role: .camera) }

  /// What the server makes of it.
  var published: Source? { room.server.forwarder.members[client.id]?.source(.camera) }

  /// Whether a key frame was asked for since it was last looked at.
  var isAsked: Bool {
    get { client.layers[0].wantsKeyFrame }
    set { client.layers[0].wantsKeyFrame = newValue }
  }

  var requestCount: Int { client.layers[0].requests.count }

  /// All goes into the first of `rids`, if there are any.
  init(_ codec: PayloadCodec, rids: [String] = [], seed: UInt64) {
    self.codec = codec
    self.rids = rids
    room = VirtualRoom(seed: seed)
    client = room.join(1)
    client.sendsPicture = false
    client.sendsSound = false
    room.renegotiate(client) { track in
      guard track.role == .camera else { return }
      track.codecs = [96: codec]
      track.extensions.dependencyDescriptor = Self.descriptorID
      track.rids = rids
      if !rids.isEmpty { track.ssrcs = [] }
    }
  }

  /// Somebody comes who looks at the camera at `height`.
  @discardableResult
  func join(_ name: UInt8, height: Int = 360) -> VirtualClient {
    let viewer = room.join(name)
    viewer.sendsPicture = false
    viewer.sendsSound = false
    room.renegotiate(viewer) { _ in
    } slots: { slot in
      guard slot.kind == .video else { return }
      slot.payloadTypes[self.codec] = 124
      slot.retransmissionTypes[124] = 125
      slot.extensions.dependencyDescriptor = Self.descriptorID
    }
    viewer.tap = { [unowned self] packet, bytes, _ in
      guard packet.header.payloadType == 124 else { return false }
      let payload = Array(bytes[packet.payloadRange])
      arrivals[name, default: []].append(
        Arrival(number: packet.header.sequenceNumber, payload: payload))
      return true
    }
    viewers.append(viewer)
    look(viewer, at: height)
    return viewer
  }

  /// A viewer looks at the camera, or away.
  func look(_ viewer: VirtualClient, at height: Int?) {
    room.server.forwarder.setView(
      height.map { [ViewTile(source: source, height: $0, priority: 10)] } ?? [], of: viewer.id,
      at: room.network.now, events: &room.server.events)
  }

  func slot(of viewer: VirtualClient) -> Slot? {
    published?.slots.first { $0.viewer.id == viewer.id }
  }

  /// The next free sequence number.
  func nextNumber() -> UInt16 {
    number &+= 1
    return number
  }

  /// Sends a packet of the picture that is of now, or of `timestamp`.
  func send(
    _ payload: [UInt8], number: UInt16? = nil, timestamp: UInt32? = nil, marker: Bool = false,
    descriptor: [UInt8] = []
  ) {
    let number = number ?? nextNumber()
    room.network.act(as: client) { outbox, now in
      var elements = RTPHeaderExtensionList()
      if let rid = rids.first {
        elements.append(id: VirtualClient.extensionIDs.mid, Array("cam".utf8).span)
        elements.append(id: VirtualClient.extensionIDs.rid, Array(rid.utf8).span)
      }
      if !descriptor.isEmpty { elements.append(id: Self.descriptorID, descriptor.span) }
      let header = RTPHeader(
        payloadType: 96, sequenceNumber: number, timestamp: timestamp ?? self.timestamp,
        ssrc: client.layers[0].ssrc, marker: marker)
      _ = client.remote.sendRTP(header, extensions: elements, payload: payload.span, into: outbox)
    }
  }

  /// The time of a picture that is of now.
  var timestamp: UInt32 { StreamRewriter.ticks(in: room.network.now - .zero, clockRate: 90_000) }

  /// A picture's time passes.
  func pass(_ duration: Duration = .milliseconds(33)) { room.network.run(for: duration) }
}
