import Peer
import Wire

/// A peer in a room: what it sends, and what it receives.
final class Member {
  /// The most streams one peer may send.
  static let streamLimit = 64
  /// How often receiver reports leave.
  static let reportInterval = Duration.seconds(1)

  let id: PeerID
  let room: Room
  let remote: RemotePeer
  var sources: [Source] = []
  var slots: [Slot] = []
  var streams: [UInt32: IncomingStream] = [:]
  /// Streams in order of arrival: iterating must not depend on hashing.
  var streamList: [IncomingStream] = []
  /// Retransmission SSRCs with the stream each repairs.
  var repairs: [UInt32: IncomingStream] = [:]
  /// What the screen shows, or nil where the viewer never said.
  var tiles: [ViewTile]?
  /// What the owner was told of our slots last.
  var told: [ForwarderEvent.SlotContent] = []
  /// From the sender's NTP clock to ours, in 2^-32 s; the same for all its streams.
  var ntpOffset: UInt64?
  var nextReport: Instant?
  var isConnected = false
  /// The canonical name we send under (RFC 3550 §6.5.1).
  let cname: String

  init(id: PeerID, room: Room, remote: RemotePeer, cname: String) {
    self.id = id
    self.room = room
    self.remote = remote
    self.cname = cname
  }

  func source(_ role: SourceRole) -> Source? { sources.first { $0.id.role == role } }

  /// Slots that show something, as the owner is told.
  var content: [ForwarderEvent.SlotContent] {
    slots.compactMap { slot in
      slot.source.map { .init(mid: slot.plan.mid, source: $0.id) }
    }
  }

  /// Ends one stream: its sender stopped it, or another one takes its place.
  func unbind(_ stream: IncomingStream) {
    stream.pending.removeAll()
    streams[stream.ssrc] = nil
    streamList.removeAll { $0 === stream }
    repairs = repairs.filter { $0.value !== stream }
    stream.source.streams.removeAll { $0 === stream }
    for slot in stream.source.slots where slot.current === stream || slot.target === stream {
      slot.stop()
    }
  }

  /// Takes a stream's packets out of everything, as when its source ends.
  func remove(_ source: Source) {
    for slot in source.slots { slot.show(nil) }
    for stream in source.streams { unbind(stream) }
    sources.removeAll { $0 === source }
  }
}
