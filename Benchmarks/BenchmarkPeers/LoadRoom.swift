package import Cryptography
import ICE
package import Peer
package import SFU
package import Wire

/// A forwarder with senders and viewers, connected without a network: what one side puts into its
/// outbox is handed to the other. Keys are injected.
package final class LoadRoom {
  package let forwarder = SelectiveForwarder(random: .seeded(1))
  package let serverAddress: TransportAddress
  package private(set) var now: Instant
  /// What the forwarder sends outside of `exchange`; the owner empties it.
  package let outbox = Outbox(byteCapacity: 1 << 20)
  /// In the order they were added.
  package private(set) var peers: [LoadPeer] = []
  package private(set) var events: [ForwarderEvent] = []
  private var peerByAddress: [TransportAddress: LoadPeer] = [:]
  private let clientOutbox = Outbox()

  package init(serverAddress: TransportAddress, at start: Instant = .zero) {
    self.serverAddress = serverAddress
    now = start
  }

  /// Adds a peer that is reached at `address`: one that sends a picture, or one that receives one.
  package func add(
    at address: TransportAddress, in room: UInt64 = 1, profile: SRTPProtectionProfile, sends: Bool,
    isFull: Bool = false
  ) throws {
    let number = UInt64(peers.count)
    try add(
      at: address, in: RoomID(rawValue: room),
      .injected(.seeded(number, profile, isServer: true)),
      .injected(.seeded(number, profile, isServer: false)),
      publishing: sends ? [LoadPeer.camera] : [],
      receiving: sends
        ? []
        : isFull
          ? LoadPeer.fullSlots(audio: 0, video: 1) : LoadPeer.slots(audio: 0, video: 1))
    if isFull { peers.last?.remote.transportSequenceID = LoadPeer.transportSequenceID }
  }

  /// Adds a peer with what secures it on our side and on its own.
  package func add(
    at address: TransportAddress, in room: RoomID, _ near: RemotePeer.Security,
    _ far: RemotePeer.Security, publishing: [PublishedTrack], receiving: [ReceiveSlot]
  ) throws {
    let number = UInt64(peers.count)
    let serverCredentials = ICECredentials.seeded(number * 2)
    let client = try LoadPeer(
      number: number, at: address, server: serverAddress, serverCredentials: serverCredentials,
      security: far)
    var ice = ICEAgent(
      role: .controlled, credentials: serverCredentials, random: .seeded(number + 1_000_000))
    _ = ice.addLocalCandidate(ICECandidate(address: serverAddress))
    let remote = try RemotePeer(ice: ice, security: near)
    remote.setRemote(client.remote.localCredentials, candidates: [], isComplete: false)
    remote.transportSequenceID = LoadPeer.transportSequenceID
    forwarder.add(
      client.id, to: room, remote: remote, cname: "room", publishing: publishing,
      receiving: receiving, startBitrate: 10_000_000, at: now, events: &events)
    peers.append(client)
    peerByAddress[address] = client
  }

  /// Forgets all far ends; the forwarder keeps its own.
  package func dropFarEnds() {
    peers = []
    peerByAddress = [:]
  }

  /// Hands everything to and fro, with time passing, until all are connected.
  package func connect() {
    let end = now + .seconds(60)
    while now < end, !peers.allSatisfy({ $0.remote.isConnected }) { exchange(.milliseconds(20)) }
    for _ in 0..<10 { exchange(.milliseconds(20)) }
    precondition(peers.allSatisfy { $0.remote.isConnected }, "somebody did not connect")
  }

  /// Lets `elapsed` pass and hands over all but media, so that nobody's consent runs out.
  package func exchange(_ elapsed: Duration) {
    now = now + elapsed
    forwarder.advance(to: now, into: outbox, events: &events)
    deliverToClients()
    for peer in peers {
      peer.advance(to: now, into: clientOutbox)
      deliverToServer()
    }
    deliverToClients()
    deliverToServer()
    events.removeAll(keepingCapacity: true)
  }

  /// Lets time pass as it would with everybody there, up to `later`.
  package func exchange(until later: Instant) {
    while now < later { exchange(min(later - now, .milliseconds(100))) }
  }

  /// Notes that time has passed outside of `exchange`.
  package func pass(_ later: Instant) { now = max(now, later) }

  /// Empties the outbox; all but media in it reaches its peer.
  package func deliverToClients() {
    for datagram in outbox.datagrams where outbox.arena[datagram.offset] < 64 {
      guard let peer = peerByAddress[datagram.path.remote] else { continue }
      var bytes = outbox.bytes(of: datagram)
      var span = bytes.mutableSpan
      peer.receive(&span, at: now, into: clientOutbox)
    }
    outbox.removeAll()
  }

  /// Empties the outbox: all of it reaches its peer at `now`, and what the peers have to say waits for
  /// `deliverToServer`.
  package func deliverEverything(at now: Instant) {
    for datagram in outbox.datagrams {
      guard let peer = peerByAddress[datagram.path.remote] else { continue }
      var bytes = outbox.bytes(of: datagram)
      var span = bytes.mutableSpan
      peer.receive(&span, at: now, into: clientOutbox)
    }
    outbox.removeAll()
    for peer in peers { peer.advance(to: now, into: clientOutbox) }
    self.now = max(self.now, now)
  }

  /// Hands what peers have said to the forwarder.
  package func deliverToServer() {
    for datagram in clientOutbox.datagrams {
      var bytes = clientOutbox.bytes(of: datagram)
      var span = bytes.mutableSpan
      let path = Path(local: datagram.path.remote, remote: datagram.path.local)
      forwarder.receive(
        &span, at: 0, on: path, at: now, into: outbox, events: &events)
    }
    clientOutbox.removeAll()
  }
}

extension ICECredentials {
  static func seeded(_ seed: UInt64) -> ICECredentials {
    var random = RandomSource.seeded(seed)
    return .random(using: &random)
  }
}

extension SRTPKeyingMaterial {
  /// Both halves of a pair of keys, from one side or the other.
  package static func seeded(
    _ seed: UInt64, _ profile: SRTPProtectionProfile, isServer: Bool
  ) -> SRTPKeyingMaterial {
    var random = RandomSource.seeded(seed &+ 77)
    func half() -> (key: [UInt8], salt: [UInt8]) {
      (random.bytes(profile.masterKeyByteCount), random.bytes(profile.masterSaltByteCount))
    }
    let (client, server) = (half(), half())
    let (local, remote) = isServer ? (server, client) : (client, server)
    return SRTPKeyingMaterial(
      profile: profile, localKey: local.key, localSalt: local.salt, remoteKey: remote.key,
      remoteSalt: remote.salt)
  }
}
