import Net
public import Wire

/// The thread on which connections live, and the sockets they share.
///
/// Connections use `shared` unless told otherwise: one thread for all of them. A program with thousands of
/// connections makes one engine for each core. It ends with the last connection and the last reference to it.
public final class RTCEngine: Sendable {
  /// How an engine is set up.
  public struct Options: Sendable {
    /// The thread's name, of which 15 bytes are kept.
    public var threadName = "webrtc"
    /// All connections share one UDP socket on this port of all interfaces (0 takes a free one); `nil`: each
    /// has sockets of its own.
    public var sharedUDPPort: UInt16?
    /// Connections share one TCP listener on this port for passive ICE-TCP candidates (0 takes a free one);
    /// `nil`: no passive candidates.
    public var sharedTCPPort: UInt16?
    /// The one address shared ports are bound to; `nil`: all.
    public var sharedAddress: IPAddress?

    /// The defaults: nothing shared but the thread.
    public init() {}
  }

  /// The engine of all connections that are not given one; nil where the system has no thread to spare.
  private static let common = try? RTCEngine()

  /// The engine of all connections that are not given one.
  public static var shared: RTCEngine {
    get throws(RTCError) {
      guard let common else { throw .network("no thread could be started") }
      return common
    }
  }

  let hub: Hub

  /// Starts a thread and opens the shared sockets.
  public init(options: Options = Options()) throws(RTCError) {
    do {
      hub = try Hub(options: options)
    } catch {
      throw .network(error.description)
    }
    hub.begin()
  }

  deinit {
    let hub = hub
    Task { await hub.endWhenEmpty() }
  }

  /// The shared UDP port, where there is one.
  public var sharedUDPPort: UInt16? { hub.sharedPort }

  /// The shared TCP port, where there is one.
  public var sharedTCPPort: UInt16? { hub.sharedTCPPort }
}
