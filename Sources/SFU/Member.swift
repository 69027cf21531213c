import Peer
import Wire

/// A peer in a room: what it sends, and what it receives.
final class Member {
  /// The most streams one peer may send.
  static let streamLimit = 64
  /// After so long without a way to it a peer is no reason to send anything.
  static let absence = Duration.seconds(10)
  /// How often receiver reports leave.
  static let reportInterval = Duration.seconds(1)

  let id: PeerID
  let room: Room
  let remote: RemotePeer
  var sources: [Source] = []
  var slots: [Slot] = [] {
    didSet { slotSSRCs = slots.map(\.ssrc) }
  }
  /// The SSRCs of `slots`, close together to be searched.
  private var slotSSRCs: [UInt32] = []
  var streams: [UInt32: IncomingStream] = [:]
  /// Streams in order of arrival: iterating must not depend on hashing.
  var streamList: [IncomingStream] = []
  /// When it is to be looked at next.
  let wakeup = Wakeup()
  /// Retransmission SSRCs with the stream each repairs.
  var repairs: [UInt32: IncomingStream] = [:]
  /// What the screen shows, or nil where the viewer never said.
  var tiles: [ViewTile]? {
    didSet {
      tilePlaces = Dictionary(
        (tiles ?? []).enumerated().map { ($1.source, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }
  /// The place of each source among the tiles.
  private(set) var tilePlaces: [SourceID: Int] = [:]
  var allocation = ViewerAllocation()
  /// How many voices its path carries.
  var voices = VoiceAllowance()
  /// What the owner was told of our slots last.
  var told: [ForwarderEvent.SlotContent] = []
  /// From the sender's NTP clock to ours, in 2^-32 s; the same for all its streams.
  var ntpOffset: UInt64?
  var nextReport: Instant?
  var isConnected = false
  /// Since when nothing can be sent to it, where that is so.
  var unreachableSince: Instant?
  /// The way to it as a viewer.
  let link: ViewerLink
  /// What came of it.
  var received = ReceivedCounters()
  /// When anything came of it last.
  var lastHeardAt: Instant?
  /// How well it sends and receives.
  var quality = QualityWatch()
  /// What losses on that way are worth.
  var protection = ViewerProtection()
  /// The canonical name we send under (RFC 3550 §6.5.1).
  let cname: String

  init(id: PeerID, room: Room, remote: RemotePeer, cname: String, startBitrate: Int? = nil) {
    link = ViewerLink(remote: remote, startBitrate: startBitrate)
    self.id = id
    self.room = room
    self.remote = remote
    self.cname = cname
  }

  /// In how many slots it receives.
  var slotCount: SlotCount {
    let sounds = slots.count { $0.kind == .audio }
    return SlotCount(sounds: sounds, pictures: slots.count - sounds)
  }

  /// Whether it has not been there for so long that it does not count among those who watch.
  func isAbsent(at now: Instant) -> Bool {
    guard !isConnected, let unreachableSince else { return false }
    return now - unreachableSince >= Self.absence
  }

  /// In how many of them something is shown.
  var shownCount: Int { slots.count { $0.source != nil } }

  /// When its turn to speak was last, counted through; 0 for never.
  var lastTurn: Int { source(.microphone)?.voice?.turn ?? 0 }

  /// The slot in which `ssrc` is sent.
  func slot(_ ssrc: UInt32) -> Slot? { slotSSRCs.firstIndex(of: ssrc).map { slots[$0] } }

  func source(_ role: SourceRole) -> Source? { sources.first { $0.id.role == role } }

  /// Slots that show something, as the owner is told.
  var content: [ForwarderEvent.SlotContent] {
    slots.compactMap { slot in
      slot.source.map {
        .init(mid: slot.plan.mid, source: $0.id, state: slot.state, delay: slot.delay.told)
      }
    }
  }

  /// Ends one stream: its sender stopped it, or another one takes its place.
  func unbind(_ stream: IncomingStream) {
    stream.pending.removeAll()
    streams[stream.ssrc] = nil
    streamList.removeAll { $0 === stream }
    repairs = repairs.filter { $0.value !== stream }
    stream.source.streams.removeAll { $0 === stream }
    for slot in stream.source.slots {
      if slot.current === stream { slot.stop() }
      if slot.target === stream { slot.target = nil }
    }
  }

  /// Takes a stream's packets out of everything, as when its source ends.
  func remove(_ source: Source) {
    for slot in source.slots { slot.show(nil) }
    for stream in source.streams { unbind(stream) }
    sources.removeAll { $0 === source }
  }
}

extension Member {
  /// The way to this viewer carries more or less than before: what it receives is to be chosen anew.
  func allocationIsDue(at now: Instant) { allocation.isDue = true }
}
