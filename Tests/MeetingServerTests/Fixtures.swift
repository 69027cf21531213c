import Foundation
import Glibc
import MeetingServer
import Signaling
import Synchronization
import Testing
import Wire

/// A socket that remembers what it was told.
final class RecordingSocket: ClientSocket {
  private struct Record {
    var sent: [String] = []
    var read = 0
    var closed: (code: UInt16, reason: String)?
  }

  private let record = Mutex(Record())

  let address: String?

  init(address: String? = "203.0.113.7") { self.address = address }

  func send(_ text: String) { record.withLock { $0.sent.append(text) } }

  func close(code: UInt16, reason: String) {
    record.withLock { if $0.closed == nil { $0.closed = (code, reason) } }
  }

  var closeCode: UInt16? { record.withLock { $0.closed?.code } }
  var texts: [String] { record.withLock { $0.sent } }

  /// The messages since the last call.
  func new() throws -> [ServerEnvelope] {
    let texts = record.withLock { record in
      defer { record.read = record.sent.count }
      return Array(record.sent[record.read...])
    }
    return try texts.map {
      try JSONDecoder().decode(ServerEnvelope.self, from: Data($0.utf8))
    }
  }
}

/// A media plane that answers everything and remembers it.
final class RecordingPlane: MediaPlane {
  enum Call: Equatable {
    case connect(MediaPeerID, MediaRoomID, sdp: String, sources: [SourceBinding])
    case renegotiate(MediaPeerID, sdp: String)
    case setLive(Bool, MediaSource, MediaPeerID)
    case setView([MediaTile], MediaPeerID)
    case disconnect(MediaPeerID)
    case candidate(String?, MediaPeerID)
    case clock(String, client: String?)
  }

  private struct Record {
    var calls: [Call] = []
    var offers: [MediaOffer] = []
    var gates: [CheckedContinuation<Void, Never>] = []
    var isHeld = false
    var reach: MediaContact.Reach?
  }

  let events: AsyncStream<MediaEvent>
  let feed: AsyncStream<MediaEvent>.Continuation
  private let record = Mutex(Record())

  init() { (events, feed) = AsyncStream.makeStream() }

  var calls: [Call] { record.withLock { $0.calls } }

  /// The offers in order, first and later ones.
  var offers: [MediaOffer] { record.withLock { $0.offers } }

  /// The peers in order of connection.
  var peers: [MediaPeerID] {
    calls.compactMap { if case .connect(let peer, _, _, _) = $0 { peer } else { nil } }
  }

  /// The peers that are connected now.
  var connected: Set<MediaPeerID> {
    calls.reduce(into: []) { peers, call in
      switch call {
      case .connect(let peer, _, let sdp, _) where !isBad(sdp):
        peers.insert(peer)
      case .disconnect(let peer): peers.remove(peer)
      default: break
      }
    }
  }

  /// Makes every `connect` wait until `release`.
  func hold() { record.withLock { $0.isHeld = true } }

  func release() {
    let gates = record.withLock { record in
      record.isHeld = false
      defer { record.gates = [] }
      return record.gates
    }
    for gate in gates { gate.resume() }
  }

  /// How many calls of `connect` wait.
  var waitingCount: Int { record.withLock { $0.gates.count } }

  var isWaiting: Bool { waitingCount > 0 }

  func connect(
    _ peer: MediaPeerID, in room: MediaRoomID, offer: MediaOffer
  ) async throws(MediaError) -> String {
    note(.connect(peer, room, sdp: offer.sdp, sources: offer.sources))
    record.withLock { $0.offers.append(offer) }
    await withCheckedContinuation { continuation in
      let isHeld = record.withLock { record in
        if record.isHeld { record.gates.append(continuation) }
        return record.isHeld
      }
      if !isHeld { continuation.resume() }
    }
    if isBad(offer.sdp) { throw .badOffer("not SDP") }
    return "answer to \(offer.sdp)"
  }

  func renegotiate(_ peer: MediaPeerID, offer: MediaOffer) async throws(MediaError) -> String {
    note(.renegotiate(peer, sdp: offer.sdp))
    record.withLock { $0.offers.append(offer) }
    if isBad(offer.sdp) { throw .badOffer("not SDP") }
    if offer.sdp.utf8.elementsEqual("gone".utf8) { throw .noSuchPeer }
    return "answer to \(offer.sdp)"
  }

  func addCandidate(_ candidate: String?, of peer: MediaPeerID) async throws(MediaError) {
    note(.candidate(candidate, peer))
    if let candidate, isBad(candidate) { throw .badOffer("no candidate") }
  }

  func connectClock(offer: String, client: String?) async throws(MediaError) -> String {
    note(.clock(offer, client: client))
    if isBad(offer) { throw .badOffer("not SDP") }
    if offer.utf8.elementsEqual("busy".utf8) { throw .busy("many are served already") }
    return "answer to \(offer)"
  }

  func setLive(_ isLive: Bool, source: MediaSource, of peer: MediaPeerID) async {
    note(.setLive(isLive, source, peer))
  }

  func setView(_ tiles: [MediaTile], of peer: MediaPeerID) async { note(.setView(tiles, peer)) }

  func disconnect(_ peer: MediaPeerID) async { note(.disconnect(peer)) }

  /// What `figures(of:)` tells of every peer.
  static let figures = MediaFigures(
    up: MediaLinkFigures(loss: 0.12345, roundTrip: 40, bitrate: 1_000),
    down: MediaLinkFigures(loss: .nan, roundTrip: 40, bitrate: 2_000, target: 3_000),
    layers: [MediaLayer(mid: "4", rid: "h", size: 1, sizes: 1, rate: 2, rates: 3)])

  func figures(of peers: [MediaPeerID]) async -> [MediaPeerID: MediaFigures] {
    let connected = connected
    return Dictionary(
      uniqueKeysWithValues: peers.filter(connected.contains).map { ($0, Self.figures) })
  }

  /// Who hears whom in what `contact(of:)` tells of every peer; nil where it knows nothing.
  var reach: MediaContact.Reach? {
    get { record.withLock { $0.reach } }
    set { record.withLock { $0.reach = newValue } }
  }

  /// Where every peer was heard from, if it was.
  static let place = TransportAddress(ip: IPAddress(203, 0, 113, 7), port: 50_000)

  func contact(of peers: [MediaPeerID: Instant]) async -> [MediaPeerID: MediaContact] {
    let connected = connected
    guard let reach else { return [:] }
    let places = reach == .silent ? [] : [MediaContact.Place(address: Self.place, reach: reach)]
    return peers.filter { connected.contains($0.key) }.mapValues { _ in
      MediaContact(ports: [7880], places: places)
    }
  }

  var addresses: [TransportAddress] {
    [TransportAddress(ip: IPAddress(203, 0, 113, 9), port: 7880)]
  }

  var metrics: [MetricFamily] { get async { [] } }

  private func note(_ call: Call) { record.withLock { $0.calls.append(call) } }
}

/// Compared by bytes: a test may send what is costly to compare as text.
private func isBad(_ sdp: String) -> Bool { sdp.utf8.elementsEqual("bad".utf8) }

/// A clock turned by hand.
final class HandClock: Sendable {
  private let time = Mutex(Instant.zero)

  func advance(_ duration: Wire.Duration) { time.withLock { $0 = $0 + duration } }

  var clock: MeetingClock {
    MeetingClock(
      now: { self.time.withLock { $0 } },
      milliseconds: { 1_790_000_000_000 + self.time.withLock { $0.nanoseconds } / 1_000_000 })
  }
}

/// Processor time of this process, in which one test runs at a time: what else goes on at this machine is not in it.
func processorTime() -> Swift.Duration {
  var time = timespec()
  // The kernel writes the time into a local variable.
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// A log that is only kept.
final class RecordingLog: Sendable {
  private let written = Mutex<[String]>([])

  var lines: [String] { written.withLock { $0 } }

  func write(_ line: String) { written.withLock { $0.append(line) } }
}

/// A meeting with recording surroundings.
struct Stage {
  let plane = RecordingPlane()
  let clock = HandClock()
  let log = RecordingLog()
  let meeting: Meeting

  init(
    seed: UInt64 = 1, relay: (any RelayAccess)? = nil,
    _ adjust: (inout MeetingLimits) -> Void = { _ in }
  ) {
    var limits = MeetingLimits()
    adjust(&limits)
    let log = log
    meeting = Meeting(
      plane: plane, limits: limits, clock: clock.clock, random: .seeded(seed), relay: relay,
      log: { log.write($0) })
  }

  func client(address: String? = "203.0.113.7") async -> Client {
    let socket = RecordingSocket(address: address)
    return Client(meeting: meeting, socket: socket, id: await meeting.open(socket))
  }

  /// A participant who has joined, with everything that was said read.
  func joined(
    _ name: String, room: String = "tea", sdp: String? = nil,
    media: LiveMediaChange? = nil, bandwidth: BandwidthHint? = nil, codec: VideoCodecName? = nil,
    address: String? = "203.0.113.7"
  ) async throws -> Client {
    let client = await client(address: address)
    let request = JoinRequest(
      name: name, sdp: sdp, media: media, bandwidth: bandwidth, codec: codec)
    await client.say(.join(request, room: room))
    try client.readWelcome()
    return client
  }

  func relay(_ id: String, room: String = "tea") async throws -> Client {
    let socket = RecordingSocket()
    let socketID = try #require(await meeting.openRelay(socket, room: room, userId: id))
    let client = Client(meeting: meeting, socket: socket, id: socketID)
    client.me.withLock { $0.id = id }
    return client
  }

  func advance(_ duration: Wire.Duration) async {
    clock.advance(duration)
    await meeting.advance()
  }
}

/// One client of a meeting.
final class Client: Sendable {
  struct Me {
    var id = ""
    var token = ""
    var joined: Joined?
  }

  let meeting: Meeting
  let socket: RecordingSocket
  let socketID: SocketID
  let me = Mutex(Me())

  init(meeting: Meeting, socket: RecordingSocket, id: SocketID) {
    self.meeting = meeting
    self.socket = socket
    socketID = id
  }

  var id: String { me.withLock { $0.id } }
  var token: String { me.withLock { $0.token } }
  var joined: Joined? { me.withLock { $0.joined } }

  func say(_ message: ClientMessage, byteCount: Int = 100) async {
    await meeting.receive(.success(message), byteCount: byteCount, from: socketID)
  }

  func close(isGoingAway: Bool = false) async {
    await meeting.closed(socketID, isGoingAway: isGoingAway)
  }

  /// The messages since the last call.
  func heard() throws -> [ServerMessage] { try socket.new().map(\.message) }

  func readWelcome() throws {
    for envelope in try socket.new() {
      guard case .joined(let joined) = envelope.message else { continue }
      me.withLock { $0 = Me(id: envelope.userId ?? "", token: joined.resumeToken, joined: joined) }
    }
    #expect(!id.isEmpty, "joined")
  }

  func errors() throws -> [SignalingErrorCode] {
    try heard().compactMap { if case .error(let failure) = $0 { failure.code } else { nil } }
  }
}

extension ClientMessage {
  static func chat(_ text: String, to: String? = nil) -> ClientMessage {
    .relayed(RelayedMessage(.chat, to: to, payload: .object(["text": .string(text)])))
  }

  static func offer(_ text: String, to: String? = nil) -> ClientMessage {
    .relayed(RelayedMessage(.offer, to: to, payload: .object(["sdp": .string(text)])))
  }
}
