import DTLS
public import HTTPServer
import Net
import Relay
import SFU
import Synchronization
public import Wire

/// The media plane of one process: its workers, with rooms spread over them.
public final class WorkerMediaPlane: MediaPlane {
  /// Everything media has to tell, in order for each peer.
  public let events: AsyncStream<MediaEvent>
  /// The UDP port of all workers.
  public let port: UInt16
  private let workers: [MediaWorker]
  private let inquiry: AddressInquiry
  private let feed: AsyncStream<MediaEvent>.Continuation
  private let placement = Mutex(Placement())

  private struct Placement {
    var workerOfPeer: [MediaPeerID: Int] = [:]
    var rooms: [MediaRoomID: (worker: Int, peers: Int)] = [:]
    var roomOfPeer: [MediaPeerID: MediaRoomID] = [:]
    var clockPeers: UInt = 0

    func peerCount(onWorker index: Int) -> Int {
      rooms.values.reduce(0) { $0 + ($1.worker == index ? $1.peers : 0) }
    }
  }

  /// Binds the sockets and starts the workers. The certificate is new with each process.
  public init(_ configuration: MediaConfiguration) async throws {
    let identity = try DTLSIdentity.generate()
    let count = max(1, configuration.workerCount)
    var configuration = configuration
    // Sockets that share a port do not keep another program from sharing it too; one that does not, does.
    if count > 1 {
      configuration.port = try MediaWorker.freePort(configuration)
    }
    let inquiry = AddressInquiry()
    var workers: [MediaWorker] = []
    for index in 0..<count {
      let worker = try MediaWorker(
        configuration: configuration, index: index, sharesPort: count > 1, identity: identity,
        inquiry: inquiry)
      workers.append(worker)
    }
    for worker in workers { try await worker.start(inboxes: workers.map(\.inbox)) }
    self.workers = workers
    self.inquiry = inquiry
    port = configuration.port == 0 ? workers[0].port : configuration.port
    (events, feed) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    for worker in workers {
      Task { [feed] in
        for await event in worker.events { feed.yield(event) }
      }
    }
  }

  /// Where clients are told to send.
  public var addresses: [TransportAddress] {
    get async { await workers[0].addresses.all(port: port) }
  }

  /// The same, by who says so.
  var mediaAddresses: MediaAddresses { get async { await workers[0].addresses } }

  /// Tells those who come from now on of other addresses.
  func setAddresses(_ addresses: MediaAddresses) async {
    for worker in workers { await worker.setAddresses(addresses) }
  }

  /// Asks STUN servers where they see the media port: one address of each family at most, after three seconds at most.
  func ask(_ servers: [TransportAddress]) async -> [TransportAddress] {
    await workers[0].ask(servers)
  }

  /// Has a round of asking end with what it has.
  func stopAsking() { inquiry.end() }

  /// Where peers say that they see the media port.
  var sightings: [AddressSighting] {
    get async {
      var all: [AddressSighting] = []
      for worker in workers { all += await worker.sightings }
      return all
    }
  }

  /// What others need to send by the media port, for each worker.
  var shares: [UDPSocket.Share] { workers.map(\.share) }

  /// Hands what TURN clients send to the workers' ports to a relay, one door for each worker.
  func lead(to doors: [RelayDoor]) async {
    for (worker, door) in zip(workers, doors) { await worker.lead(to: door) }
  }

  /// Ends all connections and threads.
  public func stop() async {
    inquiry.end()
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

  /// Adds a candidate that a peer sent after its offer.
  public func addCandidate(
    _ candidate: String?, of peer: MediaPeerID
  ) async throws(MediaError) {
    guard let worker = worker(of: peer) else { throw .noSuchPeer }
    try await worker.addCandidate(candidate, of: PeerID(peer))
  }

  /// Answers an offer of data channels; the workers take turns.
  public func connectClock(offer: String, client: String?) async throws(MediaError) -> String {
    let index = placement.withLock { placement in
      placement.clockPeers &+= 1
      return Int(placement.clockPeers % UInt(workers.count))
    }
    return try await workers[index].connectClock(offer: offer, client: client)
  }

  /// Takes over connections on a web server's port over which peers send media (ICE over TCP, RFC 6544).
  public var streamService: StreamService {
    let desks = workers.map(\.desk)
    return StreamService(
      sendQueueBytes: 128 * 1024, idleTimeout: nil, recognise: StreamBeginning.check
    ) { stream in
      guard let stream = MediaStream(stream, desks: desks) else { return UnplacedStream() }
      return stream
    }
  }

  /// Has answers tell of the TCP port where `streamService` is served, at those of the media addresses for which
  /// `reaches` holds. `isFixed` says that clients reach it by that very number.
  public func offerStreams(
    port: UInt16, isFixed: Bool = false,
    where reaches: @escaping @Sendable (IPAddress) -> Bool
  ) async {
    let offer = MediaWorker.StreamOffer(port: port, isFixed: isFixed, reaches: reaches)
    for worker in workers { await worker.offerStreams(offer) }
  }

  /// How many peers there are in rooms, and how many that hear the time.
  public var peerCounts: (rooms: Int, clock: Int) {
    get async {
      var sum = (rooms: 0, clock: 0)
      for worker in workers {
        let counts = await worker.peerCounts
        sum.rooms += counts.rooms
        sum.clock += counts.clock
      }
      return sum
    }
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

  /// The figures behind the quality of peers; each worker is asked once.
  public func figures(of peers: [MediaPeerID]) async -> [MediaPeerID: MediaFigures] {
    let places = placement.withLock { placement in
      Dictionary(grouping: peers) { placement.workerOfPeer[$0] }
    }
    var figures: [MediaPeerID: MediaFigures] = [:]
    for (index, peers) in places {
      guard let index else { continue }
      for (peer, known) in await workers[index].figures(of: peers.map { PeerID($0) }) {
        figures[MediaPeerID(peer)] = known
      }
    }
    return figures
  }

  /// How far peers have come with the media ports, each since its time.
  public func contact(of peers: [MediaPeerID: Instant]) async -> [MediaPeerID: MediaContact] {
    let places = placement.withLock { placement in
      Dictionary(grouping: peers) { placement.workerOfPeer[$0.key] }
    }
    var contacts: [MediaPeerID: MediaContact] = [:]
    for (index, peers) in places {
      guard let index else { continue }
      for (peer, known) in await workers[index].contact(of: peers.map { (PeerID($0), $1) }) {
        contacts[MediaPeerID(peer)] = known
      }
    }
    return contacts
  }

  /// How all workers together do.
  public var metrics: [MetricFamily] {
    get async {
      var metrics = MediaMetrics()
      for worker in workers { metrics.add(await worker.metrics) }
      return metrics.families
    }
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
