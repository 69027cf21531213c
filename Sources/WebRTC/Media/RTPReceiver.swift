public import Media
public import RTP
public import Session
import Wire

/// The receiving half of a transceiver (W3C WebRTC §5.3): what the other side sends comes out of it.
public final class RTPReceiver: Sendable {
  /// A frame of the other side's, whole and in order.
  public struct Frame: Sendable, Hashable {
    /// The simulcast layer; empty where there is one alone.
    public var rid: String
    /// What it is encoded with.
    public var codec: MediaCodec
    /// The frame, and how it came.
    public var received: ReceivedFrame

    /// The frame.
    public var frame: EncodedFrame { received.frame }
  }

  /// A packet of the other side's, in the order of the network.
  public struct Packet: Sendable, Hashable {
    /// The simulcast layer; empty where there is one alone.
    public var rid: String
    /// The packet.
    public var received: ReceivedPacket
  }

  /// What happened to the track.
  public enum Event: Sendable, Hashable {
    /// Media flows, or does again.
    case unmuted
    /// No media flows for now.
    case muted
    /// The other side has stopped sending in this transceiver.
    case ended
  }

  /// What it carries.
  public let kind: TrackKind
  private let id: TransceiverID
  private let handle: ConnectionHandle
  private let frameStreams = Subscribers<Frame>(limit: 512)
  private let packetStreams = Subscribers<Packet>(limit: 4096)
  private let eventStreams = Subscribers<Event>(limit: 64)

  init(id: TransceiverID, kind: TrackKind, handle: ConnectionHandle) {
    self.id = id
    self.kind = kind
    self.handle = handle
  }

  /// Frames from now on. A reader that falls behind by more than 512 misses the oldest.
  ///
  /// Whoever begins to read pictures after some have come has missed the key frame that they build on: another one is
  /// asked for.
  public func frames() -> AsyncStream<Frame> {
    let (stream, isLate) = frameStreams.subscribe()
    if isLate, kind == .video { Task { await requestKeyFrame() } }
    return stream
  }

  /// Packets from now on. A reader that falls behind by more than 4,096 misses the oldest.
  public func packets() -> AsyncStream<Packet> { packetStreams.subscribe().stream }

  /// What happens to the track from now on.
  public func events() -> AsyncStream<Event> { eventStreams.subscribe().stream }

  /// Asks the other side for a key frame; of all layers where `rid` is empty.
  ///
  /// What cannot be decoded for a loss is asked for anyway.
  public func requestKeyFrame(rid: String = "") async {
    let id = id
    try? await handle.perform { connection, now, outbox throws(RTCError) in
      connection.session.requestKeyFrame(of: id, rid: rid, at: now, into: outbox)
    }
  }

  func take(_ frame: Frame) { frameStreams.yield(frame) }

  func take(_ packet: Packet) { packetStreams.yield(packet) }

  func note(_ event: Event) { eventStreams.yield(event) }

  func finish() {
    frameStreams.finish()
    packetStreams.finish()
    eventStreams.finish()
  }
}
