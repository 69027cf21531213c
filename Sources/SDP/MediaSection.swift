/// An `m=` line and the lines below it (RFC 8866 §5.14).
public struct MediaSection: Hashable, Sendable, AttributeCarrier {
  /// What flows in it.
  public enum Kind: Hashable, Sendable {
    /// Sound.
    case audio
    /// Pictures.
    case video
    /// Data channels, with SCTP as the protocol.
    case application
    /// Anything else, as written.
    case other(String)

    /// The kind written as `name`.
    public init(_ name: String) {
      switch name {
      case "audio": self = .audio
      case "video": self = .video
      case "application": self = .application
      default: self = .other(name)
      }
    }

    /// As it is written.
    public var name: String {
      switch self {
      case .audio: "audio"
      case .video: "video"
      case .application: "application"
      case .other(let name): name
      }
    }
  }

  /// What flows in it.
  public var kind: Kind
  /// 0 says rejected, or bundle-only (RFC 9143 §6).
  public var port: UInt16
  /// The number of ports, if written.
  public var portCount: UInt16?
  /// `UDP/TLS/RTP/SAVPF`, `UDP/DTLS/SCTP` or another.
  public var transportProtocol: String
  /// The formats in order of preference: payload types where the protocol is RTP.
  public var formats: [String]
  /// `i=`.
  public var information: String?
  /// `c=` lines, as written.
  public var connections: [String]
  /// `b=` lines.
  public var bandwidths: [SessionDescription.Bandwidth]
  /// `k=`, as written.
  public var key: String?
  /// The section's `a=` lines.
  public var attributes: [Attribute]

  /// A section without any line below `m=`.
  public init(kind: Kind, port: UInt16, transportProtocol: String, formats: [String]) {
    self.kind = kind
    self.port = port
    portCount = nil
    self.transportProtocol = transportProtocol
    self.formats = formats
    information = nil
    connections = []
    bandwidths = []
    key = nil
    attributes = []
  }
}

extension MediaSection {
  /// Whether the protocol is a profile of RTP, so that formats are payload types.
  public var isRTP: Bool {
    transportProtocol == "UDP/TLS/RTP/SAVPF"
      || transportProtocol.pieces(separatedBy: .slash).contains { $0 == "RTP" }
  }

  /// The payload types in order of preference; empty where the protocol is not RTP.
  public var payloadTypes: [UInt8] {
    isRTP ? formats.compactMap { UInt8(digits: $0) } : []
  }

  /// `a=mid` (RFC 5888 §4).
  public var mid: String? { value(of: "mid") }

  /// The tag, or the index in parentheses if there is none. Parentheses cannot stand in a tag, so the two
  /// never clash.
  public func tag(at index: Int) -> String { mid ?? "(\(index))" }

  /// The direction written in this section; nil if none is (then the session's, then sendrecv).
  public var direction: Direction? {
    for attribute in attributes where attribute.value == nil {
      if let direction = Direction(rawValue: attribute.name) { return direction }
    }
    return nil
  }

  /// Whether port 0 means "bundled, no address of its own" rather than "rejected" (RFC 9143 §6).
  public var isBundleOnly: Bool { has("bundle-only") }

  /// Whether the section is rejected, or offered without any hope: port 0 and not bundle-only.
  public var isRejected: Bool { port == 0 && !isBundleOnly }

  /// RTP and RTCP on one port (RFC 8858).
  public var hasRTCPMux: Bool { has("rtcp-mux") || has("rtcp-mux-only") }

  /// Reduced-size RTCP (RFC 5506).
  public var hasReducedSizeRTCP: Bool { has("rtcp-rsize") }

  /// `a=sctp-port` (RFC 8841 §5).
  public var sctpPort: UInt16? { value(of: "sctp-port").flatMap { UInt16(digits: $0) } }

  /// `a=max-message-size` in bytes (RFC 8841 §6); 0 says no limit, nil says 64 KiB.
  public var maxMessageSize: UInt64? {
    value(of: "max-message-size").flatMap { UInt64(digits: $0) }
  }
}
