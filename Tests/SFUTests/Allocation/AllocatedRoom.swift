import Peer
import RTCTesting
import RTP
import Wire

@testable import SFU

/// A room in which senders do as they are asked and viewers say what they can receive.
final class AllocatedRoom {
  let room: VirtualRoom
  private(set) var demands: [(source: SourceID, layers: [Bool], at: Instant)] = []
  private var seen = 0
  private var limits: [(viewer: VirtualClient, bitrate: UInt64)] = []
  /// How many layers somebody's uplink carries, where not all.
  private var capacities: [UInt8: Int] = [:]

  var now: Instant { room.network.now }

  init(seed: UInt64) { room = VirtualRoom(seed: seed) }

  /// Somebody with a camera of three sizes: 130, 400 and 510 kbit/s.
  func join(_ name: UInt8, slotCount: Int = 6, conditions: LinkConditions? = nil) -> VirtualClient {
    let client = room.join(
      name, layerHeights: [180, 360, 720], slotCount: slotCount, isNumbered: conditions != nil,
      conditions: conditions ?? LinkConditions(delay: .milliseconds(10)))
    for (place, count) in [220, 780, 1000].enumerated() {
      client.layers[place].payloadByteCount = count
    }
    return client
  }

  /// Time passes; what senders are told reaches them 20 ms later.
  func run(for duration: Duration) {
    let end = now + duration
    while now < end {
      room.network.run(for: .milliseconds(10))
      for event in room.server.events[seen...] {
        guard case .layersWanted(let source, let layers) = event else { continue }
        demands.append((source, layers, now))
      }
      seen = room.server.events.count
      if now.nanoseconds % 1_000_000_000 == 0 { for limit in limits { tell(limit) } }
      for demand in demands where demand.at + .milliseconds(20) == now {
        obey(demand.source, demand.layers)
      }
    }
  }

  /// As a browser does it: a layer that is switched on begins with a key frame.
  private func obey(_ source: SourceID, _ layers: [Bool]) {
    guard let client = room.clients.first(where: { $0.id == source.peer }), source.role == .camera
    else { return }
    for (place, isWanted) in zip(client.layers.indices, layers) {
      let isSent = isWanted && place < capacities[client.name] ?? client.layers.count
      if isSent, !client.layers[place].isOn { client.layers[place].wantsKeyFrame = true }
      client.layers[place].isOn = isSent
    }
  }

  /// From now on somebody's uplink carries `count` layers and no more.
  func setCapacity(_ count: Int, of client: VirtualClient) {
    capacities[client.name] = count
    let id = SourceID(peer: client.id, role: .camera)
    obey(id, room.server.forwarder.members[client.id]?.source(.camera)?.demand.wanted ?? [])
  }

  /// What the sender of a camera was told since `start`.
  func told(_ sender: VirtualClient, since start: Instant) -> [[Bool]] {
    demands.filter { $0.source.peer == sender.id && $0.at >= start }.map(\.layers)
  }

  func view(_ viewer: VirtualClient, _ tiles: [(VirtualClient, Int, Int)]) {
    room.server.forwarder.setView(
      tiles.map { client, height, priority in
        ViewTile(
          source: SourceID(peer: client.id, role: .camera), height: height, priority: priority)
      }, of: viewer.id, at: now, events: &room.server.events)
  }

  /// The viewer says from now on what it can receive in bit/s.
  func limit(_ viewer: VirtualClient, to bitrate: UInt64) {
    limits.removeAll { $0.viewer === viewer }
    limits.append((viewer, bitrate))
    tell((viewer, bitrate))
  }

  private func tell(_ limit: (viewer: VirtualClient, bitrate: UInt64)) {
    room.network.act(as: limit.viewer) { outbox, _ in
      let estimate = ReceiverEstimatedMaximumBitrate(
        senderSSRC: 1, bitrate: limit.bitrate, ssrcs: [20_000])
      limit.viewer.remote.sendRTCP(capacity: 64, into: outbox) { estimate.write(into: &$0) }
    }
  }

  func slot(of viewer: VirtualClient, showing sender: VirtualClient) -> Slot? {
    room.server.forwarder.members[viewer.id]?.slots.first {
      $0.source?.id == SourceID(peer: sender.id, role: .camera)
    }
  }

  /// What the viewer was told last of a camera.
  func state(_ viewer: VirtualClient, _ sender: VirtualClient) -> SlotState? {
    room.server.slots(of: viewer.id).first {
      $0.source == SourceID(peer: sender.id, role: .camera)
    }?.state
  }

  func camera(_ sender: VirtualClient, by viewer: VirtualClient) -> VirtualClient.Reception {
    room.reception(of: .camera, from: sender, by: viewer)
  }

  /// What the sender sends: one entry per layer.
  func sent(_ sender: VirtualClient) -> [Bool] { sender.layers.map(\.isOn) }
}
