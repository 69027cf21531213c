public import Media
public import RTP
public import Session
import Wire

/// The sending half of a transceiver (W3C WebRTC §5.2): encoded frames, or packets, leave by it.
public final class RTPSender: Sendable {
  private let id: TransceiverID
  private let handle: ConnectionHandle
  private let requests = Subscribers<String>(limit: 8)

  init(id: TransceiverID, handle: ConnectionHandle) {
    self.id = id
    self.handle = handle
  }

  /// Sends one frame, cut into packets.
  ///
  /// The codec is the best that was agreed on, unless one is named; an empty `rid` means the only, or the
  /// first, encoding.
  /// Throws before media can flow: see `PeerConnection.connected()`.
  public func send(
    _ frame: EncodedFrame, codec: MediaCodec? = nil, rid: String = "",
    audioLevel: AudioLevel? = nil
  ) async throws(RTCError) {
    let id = id
    try await handle.media { session, now, outbox throws(MediaSendError) in
      try session.send(
        frame, codec: codec, audioLevel: audioLevel, on: id, rid: rid, at: now, into: outbox)
    }
  }

  /// Sends one packet; its numbers and names are added. Payload types are those that were agreed on.
  public func send(_ packet: OutgoingPacket, rid: String = "") async throws(RTCError) {
    let id = id
    try await handle.media { session, now, outbox throws(MediaSendError) in
      try session.send(packet, on: id, rid: rid, at: now, into: outbox)
    }
  }

  /// Tells whenever the other side needs a key frame, with the `rid` of the encoding; at most twice a second.
  public func keyFrameRequests() -> AsyncStream<String> { requests.subscribe().stream }

  /// Sends another track in place of the present one; `nil` sends none. No exchange is needed.
  public func replaceTrack(with trackID: String?) async throws(RTCError) {
    let id = id
    try await handle.session { session, _, _ throws(SessionError) in
      try session.replaceTrack(of: id, with: trackID)
    }
  }

  /// Changes what needs no exchange: activity, bit rates, sizes.
  public func setEncodings(_ encodings: [SendEncoding]) async throws(RTCError) {
    let id = id
    try await handle.session { session, _, _ throws(SessionError) in
      try session.setEncodings(encodings, of: id)
    }
  }

  func requestKeyFrame(_ rid: String) { requests.yield(rid) }

  func finish() { requests.finish() }
}
