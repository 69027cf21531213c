public import SDP
public import Session
import Wire

extension PeerConnection {
  /// Adds a transceiver (W3C WebRTC §5.1). Several encodings are simulcast layers, the smallest first.
  public func addTransceiver(
    _ kind: TrackKind, direction: Direction = .sendrecv, track: OutgoingTrack? = nil,
    sendEncodings: [SendEncoding] = []
  ) async throws(RTCError) -> RTPTransceiver {
    try await transceiver { session throws(SessionError) in
      try session.addTransceiver(
        kind, direction: direction, track: track, sendEncodings: sendEncodings)
    }
  }

  /// Sends a track, in a transceiver that never sent before if there is one (W3C WebRTC §5.1).
  public func addTrack(
    _ kind: TrackKind, _ track: OutgoingTrack
  ) async throws(RTCError) -> RTPTransceiver {
    try await transceiver { session throws(SessionError) in try session.addTrack(track, kind) }
  }

  /// Ends sending in a transceiver, which stays (W3C WebRTC §5.1).
  public func removeTrack(of transceiver: RTPTransceiver) async throws(RTCError) {
    let id = transceiver.id
    try await session { session, _, _ throws(SessionError) in try session.removeTrack(of: id) }
  }

  /// The transceivers that are not over, in order of their making.
  public var transceivers: [RTPTransceiver] {
    get async {
      let found = try? await handle.perform { connection, _, _ throws(RTCError) in
        connection.session.transceivers.compactMap { connection.face(of: $0.id) }
      }
      return found ?? []
    }
  }

  private func transceiver(
    _ make: @Sendable (PeerSession) throws(SessionError) -> TransceiverID
  ) async throws(RTCError) -> RTPTransceiver {
    try await handle.perform { connection, _, _ throws(RTCError) in
      let id: TransceiverID
      do throws(SessionError) {
        id = try make(connection.session)
      } catch {
        throw RTCError(error)
      }
      guard let made = connection.face(of: id) else { throw .closed }
      return made
    }
  }
}
