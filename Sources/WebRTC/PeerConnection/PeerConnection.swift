public import Session
import Wire

/// A connection to one other WebRTC endpoint, such as a browser (W3C WebRTC §4.4).
///
/// The names and states are those of the specification; what a browser tells by event handlers comes as `events`.
/// A connection lives on an engine's thread until `close` is called or the last reference to it goes.
public final class PeerConnection: Sendable {
  /// What happened.
  public enum Event: Sendable {
    /// An offer should be made; told again after each change that needs one.
    case negotiationNeeded
    /// A candidate to pass to the other side; `nil` after the last one of a generation.
    case iceCandidate(CandidateInit?)
    /// A server could not be asked: its URL, the code of RFC 8489 or 701 where it did not answer, and why.
    case iceCandidateError(url: String, code: Int, reason: String)
    /// See `signalingState`.
    case signalingStateChanged(SignalingState)
    /// See `iceGatheringState`.
    case iceGatheringStateChanged(ICEGatheringState)
    /// See `iceConnectionState`.
    case iceConnectionStateChanged(ICEConnectionState)
    /// See `connectionState`.
    case connectionStateChanged(PeerConnectionState)
    /// The other side sends a track.
    case track(RTPTransceiver)
    /// The other side has made a channel.
    case dataChannel(DataChannel)
  }

  /// What happens, from the beginning on; ends when the connection is closed. For one reader.
  public let events: AsyncStream<Event>
  /// The other side can bring about events without end; where nobody reads them, the oldest are lost.
  private static let eventLimit = 4096
  let handle: ConnectionHandle
  private let engine: RTCEngine

  /// A connection that has not begun to do anything.
  ///
  /// Without an engine it lives on the shared one.
  public init(
    configuration: Configuration = Configuration(), engine: RTCEngine? = nil
  ) async throws(RTCError) {
    let engine = if let engine { engine } else { try RTCEngine.shared }
    let servers = try configuration.parsedServers()
    let (events, feed) = AsyncStream<Event>.makeStream(
      bufferingPolicy: .bufferingNewest(Self.eventLimit))
    self.events = events
    self.engine = engine
    let key = try await engine.hub.add(configuration, events: feed)
    handle = ConnectionHandle(hub: engine.hub, key: key)
    Self.resolve(servers, in: configuration.addressFamilies, for: handle)
  }

  deinit {
    let handle = handle
    Task { await handle.close() }
  }

  /// Names are looked up while the application makes its first description; the end of gathering
  /// waits for them.
  private static func resolve(
    _ servers: [ParsedServer], in families: Set<IPAddress.Family>?, for handle: ConnectionHandle
  ) {
    Task {
      let found = await ParsedServer.resolve(servers, in: families)
      try? await handle.perform { connection, now, outbox throws(RTCError) in
        connection.setServers(found, at: now, into: outbox)
      }
    }
  }

  /// Ends the connection and tells the other side. Nothing can be done with it any more.
  public func close() async { await handle.close() }
}
