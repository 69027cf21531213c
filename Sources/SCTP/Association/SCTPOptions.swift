public import Wire

/// Sizes, times and offers of an association. The defaults are for data channels over DTLS (RFC 8831).
public struct SCTPOptions: Sendable, Equatable {
  /// Which congestion controller decides how much may be in flight.
  public enum CongestionControl: Sendable, Equatable {
    /// Slow start and additive increase (RFC 9260 §7.2).
    case standard
    /// RFC 9438, with HyStart.
    case cubic
    /// A model of the path: its rate and its length. Keeps queues short, and does not take every loss
    /// for congestion (after BBR).
    case delayAware
  }

  /// SCTP's own ports; WebRTC uses 5000 on both sides (RFC 8841 §5).
  public var localPort: UInt16 = 5000
  /// See `localPort`.
  public var remotePort: UInt16 = 5000
  /// The longest packet in bytes, common header included; a multiple of four.
  public var maximumPacketSize = 1160
  /// Streams we ask for and accept in each direction.
  public var maximumStreams: UInt16 = 1024
  /// Bytes of received data that may wait to be complete or in order.
  public var receiveWindow: UInt32 = 8 << 20
  /// Bytes that may wait to be sent or acknowledged.
  public var sendBufferLimit = 16 << 20
  /// The longest message taken from the other side, in bytes.
  public var maximumReceivedMessageSize = 256 << 10
  /// The longest message the other side takes, in bytes (RFC 8841 §6); `Int.max` for any.
  public var maximumSentMessageSize = 256 << 10
  /// Bounds of the retransmission timeout (RFC 9260 §16).
  public var initialRetransmissionTimeout = Duration.milliseconds(500)
  /// See `initialRetransmissionTimeout`.
  public var minimumRetransmissionTimeout = Duration.milliseconds(200)
  /// See `initialRetransmissionTimeout`.
  public var maximumRetransmissionTimeout = Duration.seconds(10)
  /// INIT and COOKIE ECHO are sent so often before the association fails.
  public var maximumHandshakeAttempts = 10
  /// Data and heartbeats may go unanswered so often in a row before the association fails.
  public var maximumRetransmissions = 10
  /// How long a state cookie is good for (RFC 9260 §5.1.3).
  public var cookieLifetime = Duration.seconds(60)
  /// An idle association is probed this often (RFC 9260 §8.3); `nil` for never.
  public var heartbeatInterval: Duration? = .seconds(30)
  /// Messages of several streams may be interleaved (RFC 8260), where the other side can.
  public var offersInterleaving = true
  /// Checksums may be zero towards us, since DTLS protects the packets (RFC 9653).
  public var acceptsZeroChecksum = true
  /// We send checksums of zero where the other side accepts them.
  public var sendsZeroChecksum = true
  /// Packets of data taken in at one time are acknowledged together, up to so many. Beyond 2 it asks of the owner to
  /// call `advance` as soon as it has taken in all that there is, whenever `deadline` says so.
  public var maximumAcknowledgedPackets = 2
  /// See `CongestionControl`.
  public var congestionControl = CongestionControl.delayAware

  /// The defaults.
  public init() {}
}
