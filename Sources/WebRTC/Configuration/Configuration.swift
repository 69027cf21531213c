import Net
public import SCTP
public import Wire

extension PeerConnection {
  /// Which candidates are used (W3C WebRTC §4.2.4).
  public enum ICETransportPolicy: String, Sendable, Hashable {
    /// All.
    case all
    /// Only those on a TURN server: the other side does not learn our addresses.
    case relay
  }

  /// How a connection is set up. The defaults suit a program that talks to a browser.
  public struct Configuration: Sendable {
    /// Servers that help to find a path.
    public var iceServers: [ICEServer]
    /// See `ICETransportPolicy`.
    public var iceTransportPolicy = ICETransportPolicy.all
    /// Who we are; `nil` makes a certificate for this connection alone.
    public var certificate: RTCCertificate?
    /// UDP ports to choose from, for sockets of the connection's own; `nil` takes any.
    public var portRange: ClosedRange<UInt16>?
    /// Names of the network interfaces to use; `nil` uses all.
    public var interfaces: Set<String>?
    /// Kinds of addresses to use, ours and those of servers; `nil` uses all.
    public var addressFamilies: Set<IPAddress.Family>?
    /// Whether loopback addresses are candidates even where there are others.
    public var usesLoopback = false
    /// Addresses under which ours are reached from outside, as behind a one-to-one translator. They are told
    /// beside ours.
    public var advertisedAddresses: [IPAddress] = []
    /// Whether TCP candidates are told and tried (RFC 6544).
    public var usesTCP = true
    /// Whether names of `.local` candidates are looked up in the local network (RFC 6762).
    public var resolvesLocalNames = true
    /// Whose certificates are believed of TURN servers over TLS.
    public var turnTrust = ServerTrust.system
    /// What we send and take, by preference.
    public var media = MediaPreferences()
    /// Sizes and times of the data channels' association.
    public var sctp = SCTPOptions()
    /// `DataChannel.send` waits while this many bytes of the channel wait to be sent.
    public var sendBufferLimit = 4 << 20
    /// Messages nobody has read yet may hold this many bytes before the other side is slowed down.
    public var unreadLimit = 8 << 20

    /// A configuration with these servers.
    public init(iceServers: [ICEServer] = []) { self.iceServers = iceServers }
  }
}

extension PeerConnection {
  /// Whose certificates are believed of TURN servers over TLS.
  public enum ServerTrust: Sendable, Equatable {
    /// Those signed by the authorities the system knows, for the right name.
    case system
    /// Those signed by the authorities in this PEM text, for the right name.
    case authorities(pem: String)
    /// One certificate, by the SHA-256 of its DER bytes.
    case pinned(sha256: [UInt8])

    var netTrust: TLSContext.Trust {
      switch self {
      case .system: .system
      case .authorities(let pem): .authorities(pem: pem)
      case .pinned(let digest): .pinned(sha256: digest)
      }
    }
  }
}
