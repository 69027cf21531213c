import Foundation
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
  }

  private struct Record {
    var calls: [Call] = []
    var gate: CheckedContinuation<Void, Never>?
    var isHeld = false
  }

  let events: AsyncStream<MediaEvent>
  let feed: AsyncStream<MediaEvent>.Continuation
  private let record = Mutex(Record())

  init() { (events, feed) = AsyncStream.makeStream() }

  var calls: [Call] { record.withLock { $0.calls } }

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

  /// Makes the next `connect` wait until `release`.
  func hold() { record.withLock { $0.isHeld = true } }

  func release() {
    let gate = record.withLock { record in
      record.isHeld = false
      defer { record.gate = nil }
      return record.gate
    }
    gate?.resume()
  }

  var isWaiting: Bool { record.withLock { $0.gate != nil } }

  func connect(
    _ peer: MediaPeerID, in room: MediaRoomID, offer: MediaOffer
  ) async throws(MediaError) -> String {
    note(.connect(peer, room, sdp: offer.sdp, sources: offer.sources))
    await withCheckedContinuation { continuation in
      let isHeld = record.withLock { record in
        if record.isHeld { record.gate = continuation }
        return record.isHeld
      }
      if !isHeld { continuation.resume() }
    }
    if isBad(offer.sdp) { throw .badOffer("not SDP") }
    return "answer to \(offer.sdp)"
  }

  func renegotiate(_ peer: MediaPeerID, offer: MediaOffer) async throws(MediaError) -> String {
    note(.renegotiate(peer, sdp: offer.sdp))
    if isBad(offer.sdp) { throw .badOffer("not SDP") }
    if offer.sdp.utf8.elementsEqual("gone".utf8) { throw .noSuchPeer }
    return "answer to \(offer.sdp)"
  }

  func setLive(_ isLive: Bool, source: MediaSource, of peer: MediaPeerID) async {
    note(.setLive(isLive, source, peer))
  }

  func setView(_ tiles: [MediaTile], of peer: MediaPeerID) async { note(.setView(tiles, peer)) }

  func disconnect(_ peer: MediaPeerID) async { note(.disconnect(peer)) }

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

/// A meeting with recording surroundings.
struct Stage {
  let plane = RecordingPlane()
  let clock = HandClock()
  let meeting: Meeting

  init(seed: UInt64 = 1, _ adjust: (inout MeetingLimits) -> Void = { _ in }) {
    var limits = MeetingLimits()
    adjust(&limits)
    meeting = Meeting(plane: plane, limits: limits, clock: clock.clock, random: .seeded(seed))
  }

  func client() async -> Client {
    let socket = RecordingSocket()
    return Client(meeting: meeting, socket: socket, id: await meeting.open(socket))
  }

  /// A participant who has joined, with everything that was said read.
  func joined(
    _ name: String, room: String = "tea", sdp: String? = nil,
    media: LiveMediaChange? = nil
  ) async throws -> Client {
    let client = await client()
    await client.say(.join(JoinRequest(name: name, sdp: sdp, media: media), room: room))
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
