import Cryptography
import ICE
import Peer
import RTCTesting
import Testing
import Wire

@testable import SFU

/// A forwarder and participants on a virtual network, with keys injected so that the same seed gives the same
/// bytes.
final class VirtualRoom {
  let seed: UInt64
  let network: VirtualNetwork
  let server: VirtualServer
  var clients: [VirtualClient] = []
  private(set) var hosts: [VirtualNetwork.Host] = []
  private var hostsByName: [UInt8: VirtualNetwork.Host] = [:]
  let roomID = RoomID(rawValue: 1)

  init(seed: UInt64) {
    self.seed = seed
    network = VirtualNetwork(seed: seed)
    server = VirtualServer(seed: seed)
    let host = network.addHost(VirtualServer.address.ip)
    network.attach(server, to: host, at: VirtualServer.address)
  }

  static func credentials(_ name: UInt8, ofServer: Bool) -> ICECredentials {
    var random = RandomSource.seeded(UInt64(name) * 2 + (ofServer ? 1 : 0))
    return ICECredentials.random(using: &random)
  }

  static func keys(_ name: UInt8) -> SRTPKeyingMaterial {
    SRTPKeyingMaterial(
      profile: .aeadAES128GCM, localKey: [UInt8](repeating: name, count: 16),
      localSalt: [UInt8](repeating: 1, count: 12),
      remoteKey: [UInt8](repeating: name &+ 100, count: 16),
      remoteSalt: [UInt8](repeating: 2, count: 12))
  }

  static func peer(_ ice: ICEAgent, _ keys: SRTPKeyingMaterial) -> RemotePeer {
    do {
      return try RemotePeer(ice: ice, security: .injected(keys))
    } catch {
      preconditionFailure("injected keys fit their profile: \(error)")
    }
  }

  /// Somebody comes in.
  @discardableResult
  func join(
    _ name: UInt8, layerHeights: [UInt16] = [360], slotCount: Int = 6,
    isNumbered: Bool = false, startBitrate: Int? = nil,
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(10))
  ) -> VirtualClient {
    let client = VirtualClient(
      name, room: self, layerHeights: layerHeights, slotCount: slotCount, isNumbered: isNumbered)
    let host = network.addHost(client.address.ip, conditions: conditions)
    hosts.append(host)
    var ice = ICEAgent(
      role: .controlled, credentials: Self.credentials(name, ofServer: true),
      random: .seeded(seed &+ UInt64(name) &* 7919))
    _ = ice.addLocalCandidate(ICECandidate(address: VirtualServer.address))
    var keys = Self.keys(name)
    swap(&keys.localKey, &keys.remoteKey)
    swap(&keys.localSalt, &keys.remoteSalt)
    let remote = Self.peer(ice, keys)
    remote.setRemote(Self.credentials(name, ofServer: false), candidates: [], isComplete: false)
    server.forwarder.add(
      client.id, to: roomID, remote: remote, cname: "room", publishing: client.tracks,
      receiving: client.slots, startBitrate: startBitrate, at: network.now,
      events: &server.events)
    network.attach(client, to: host, at: client.address)
    clients.append(client)
    hostsByName[name] = host
    network.act(as: client) { outbox, now in client.advance(to: now, into: outbox) }
    return client
  }

  /// The way from or to a client is another one from now on.
  func setConditions(
    _ conditions: LinkConditions, of client: VirtualClient,
    _ direction: VirtualNetwork.Direction
  ) {
    guard let host = hostsByName[client.name] else { return }
    network.setConditions(conditions, of: host, direction)
  }

  /// What a client sends and receives is negotiated anew.
  func renegotiate(
    _ client: VirtualClient, _ change: (inout PublishedTrack) -> Void = { _ in },
    slots changeSlot: (inout ReceiveSlot) -> Void = { _ in }
  ) {
    server.forwarder.update(
      client.id,
      publishing: client.tracks.map { track in
        var track = track
        change(&track)
        return track
      },
      receiving: server.forwarder.slots(of: client.id).map { slot in
        var slot = slot
        changeSlot(&slot)
        return slot
      }, at: network.now, events: &server.events)
  }

  /// Somebody goes.
  func leave(_ client: VirtualClient) {
    server.forwarder.remove(client.id, at: network.now, events: &server.events)
    clients.removeAll { $0 === client }
  }

  func setLive(_ isLive: Bool, _ client: VirtualClient, _ role: SourceRole) {
    server.forwarder.setLive(
      isLive, SourceID(peer: client.id, role: role), at: network.now, events: &server.events)
  }

  /// What `viewer` got of `sender`'s source in the slot it was told.
  func reception(of role: SourceRole, from sender: VirtualClient, by viewer: VirtualClient)
    -> VirtualClient.Reception
  {
    let source = SourceID(peer: sender.id, role: role)
    guard let slot = server.slots(of: viewer.id).first(where: { $0.source == source }) else {
      return .init()
    }
    return viewer.reception(slot.mid)
  }
}
