import DTLS
import SFU
import Synchronization

/// The media plane of one process: its workers, with rooms spread over them.
public final class WorkerMediaPlane: MediaPlane {
  /// Everything media has to tell, in order for each peer.
  public let events: AsyncStream<MediaEvent>
  /// The UDP ports of the workers.
  public let ports: [UInt16]
  private let workers: [MediaWorker]
  private let feed: AsyncStream<MediaEvent>.Continuation
  private let placement = Mutex(Placement())

  private struct Placement {
    var workerOfPeer: [MediaPeerID: Int] = [:]
    var rooms: [MediaRoomID: (worker: Int, peers: Int)] = [:]
    var roomOfPeer: [MediaPeerID: MediaRoomID] = [:]

    func peerCount(onWorker index: Int) -> Int {
      rooms.values.reduce(0) { $0 + ($1.worker == index ? $1.peers : 0) }
    }
  }

  /// Binds the sockets and starts the workers. The certificate is new with each process.
  public init(_ configuration: MediaConfiguration) async throws {
    let identity = try DTLSIdentity.generate()
    var workers: [MediaWorker] = []
    for index in 0..<max(1, configuration.workerCount) {
      let worker = try MediaWorker(
        configuration: configuration, index: UInt16(clamping: index), identity: identity)
      workers.append(worker)
    }
    for worker in workers { try await worker.start() }
    self.workers = workers
    ports = workers.map(\.port)
    (events, feed) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    for worker in workers {
      Task { [feed] in
        for await event in worker.events { feed.yield(MediaEvent(event)) }
      }
    }
  }

  /// Ends all connections and threads.
  public func stop() async {
    for worker in workers { await worker.stop() }
    feed.finish()
  }

  /// Adds a peer to a room and answers its offer.
  public func connect(
    _ peer: MediaPeerID, in room: MediaRoomID, offer: MediaOffer
  ) async throws(MediaError) -> String {
    let worker = place(peer, in: room)
    do {
      return try await worker.connect(PeerID(peer), in: RoomID(room), offer: offer)
    } catch {
      _ = take(peer)
      throw error
    }
  }

  /// Answers a later offer of the same peer.
  public func renegotiate(
    _ peer: MediaPeerID, offer: MediaOffer
  ) async throws(MediaError) -> String {
    guard let worker = worker(of: peer) else { throw .noSuchPeer }
    return try await worker.renegotiate(PeerID(peer), offer: offer)
  }

  /// Starts or stops forwarding a source.
  public func setLive(_ isLive: Bool, source: MediaSource, of peer: MediaPeerID) async {
    await worker(of: peer)?.setLive(
      isLive, SourceID(peer: PeerID(peer), role: SourceRole(source)))
  }

  /// Takes what a peer's screen shows.
  public func setView(_ tiles: [MediaTile], of peer: MediaPeerID) async {
    let view = tiles.map { tile in
      ViewTile(
        source: SourceID(peer: PeerID(tile.peer), role: SourceRole(tile.source)),
        height: min(max(tile.height, 0), 8640), priority: min(max(tile.priority, -1000), 1000))
    }
    await worker(of: peer)?.setView(view, of: PeerID(peer))
  }

  /// Removes a peer and everything it sent.
  public func disconnect(_ peer: MediaPeerID) async {
    await take(peer)?.disconnect(PeerID(peer))
  }

  private func worker(of peer: MediaPeerID) -> MediaWorker? {
    placement.withLock { $0.workerOfPeer[peer] }.map { workers[$0] }
  }

  /// All of a room is on one worker; a new room goes to the one with the fewest peers.
  private func place(_ peer: MediaPeerID, in room: MediaRoomID) -> MediaWorker {
    let index = placement.withLock { placement in
      let index =
        placement.rooms[room]?.worker
        ?? workers.indices.min { left, right in
          placement.peerCount(onWorker: left) < placement.peerCount(onWorker: right)
        } ?? 0
      placement.rooms[room, default: (index, 0)].peers += 1
      placement.workerOfPeer[peer] = index
      placement.roomOfPeer[peer] = room
      return index
    }
    return workers[index]
  }

  private func take(_ peer: MediaPeerID) -> MediaWorker? {
    let index = placement.withLock { placement -> Int? in
      guard let index = placement.workerOfPeer.removeValue(forKey: peer) else { return nil }
      if let room = placement.roomOfPeer.removeValue(forKey: peer) {
        placement.rooms[room]?.peers -= 1
        if placement.rooms[room]?.peers == 0 { placement.rooms[room] = nil }
      }
      return index
    }
    return index.map { workers[$0] }
  }
}

extension PeerID {
  fileprivate init(_ peer: MediaPeerID) { self.init(rawValue: peer.rawValue) }
}

extension RoomID {
  fileprivate init(_ room: MediaRoomID) { self.init(rawValue: room.rawValue) }
}

extension MediaPeerID {
  fileprivate init(_ peer: PeerID) { self.init(rawValue: peer.rawValue) }
}

extension MediaEvent {
  fileprivate init(_ event: ForwarderEvent) {
    switch event {
    case .connected(let peer): self = .stateChanged(MediaPeerID(peer), .connected)
    case .interrupted(let peer): self = .stateChanged(MediaPeerID(peer), .connecting)
    case .failed(let peer): self = .stateChanged(MediaPeerID(peer), .failed)
    case .slotsChanged(let peer, let slots):
      self = .slotsChanged(
        MediaPeerID(peer),
        slots.map {
          MediaSlot(
            mid: $0.mid, peer: MediaPeerID($0.source.peer), source: MediaSource($0.source.role))
        })
    case .speakersChanged(let room, let speakers):
      self = .speakersChanged(
        MediaRoomID(rawValue: room.rawValue),
        speakers.map { .init(peer: MediaPeerID($0.peer), level: $0.level) })
    }
  }
}
