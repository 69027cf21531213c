public import SDP
public import Session
import Wire

/// A sender and a receiver that share an m-section of the descriptions (W3C WebRTC §5.4).
public final class RTPTransceiver: Sendable {
  /// What it carries.
  public let kind: TrackKind
  /// The sending half.
  public let sender: RTPSender
  /// The receiving half.
  public let receiver: RTPReceiver

  let id: TransceiverID
  private let handle: ConnectionHandle

  init(id: TransceiverID, kind: TrackKind, handle: ConnectionHandle) {
    self.id = id
    self.kind = kind
    self.handle = handle
    sender = RTPSender(id: id, handle: handle)
    receiver = RTPReceiver(id: id, kind: kind, handle: handle)
  }

  /// Everything about it at this moment; nil once it is stopped and forgotten.
  public var description: Transceiver? {
    get async {
      let id = id
      return try? await handle.session { session, _, _ throws(SessionError) in
        guard let found = session.transceiver(id) else {
          throw .invalidArgument("the transceiver is stopped")
        }
        return found
      }
    }
  }

  /// The tag of its m-section; nil before there is one.
  public var mid: String? { get async { await description?.mid } }

  /// What we want.
  public var direction: Direction { get async { await description?.direction ?? .inactive } }

  /// What was agreed; nil before.
  public var currentDirection: Direction? { get async { await description?.currentDirection } }

  /// Says who is to send; the next exchange makes it so.
  public func setDirection(_ direction: Direction) async throws(RTCError) {
    let id = id
    try await handle.session { session, _, _ throws(SessionError) in
      try session.setDirection(direction, of: id)
    }
  }

  /// Says which codecs the next exchange may agree on, the best first; none for all.
  public func setCodecPreferences(_ codecs: [CodecPreference]) async throws(RTCError) {
    let id = id
    try await handle.session { session, _, _ throws(SessionError) in
      try session.setCodecPreferences(codecs, of: id)
    }
  }

  /// Ends it for good; the next exchange tells the other side, and its m-section can be used again.
  public func stop() async throws(RTCError) {
    let id = id
    try await handle.session { session, _, _ throws(SessionError) in try session.stop(id) }
  }

  func finish() {
    sender.finish()
    receiver.finish()
  }
}
