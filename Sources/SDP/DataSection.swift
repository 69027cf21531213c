/// What this side says of data channels (RFC 8841).
public struct DataChannelTerms: Hashable, Sendable {
  /// SCTP's own port.
  public var port: UInt16
  /// The longest message taken, in bytes; 0 says any.
  public var maximumMessageSize: UInt64

  /// Port 5000 and 256 KiB unless said otherwise.
  public init(port: UInt16 = 5000, maximumMessageSize: UInt64 = 256 << 10) {
    self.port = port
    self.maximumMessageSize = maximumMessageSize
  }
}

/// What was agreed for the m-section of data channels.
public struct NegotiatedData: Hashable, Sendable {
  /// The peer's SCTP port.
  public var peerPort: UInt16
  /// The longest message the peer takes, in bytes; `UInt64.max` where it takes any.
  public var maximumMessageSize: UInt64
}

extension MediaSection {
  /// RFC 8841 §4.2; and what drafts up to number 5 wrote: the port as the format, and `a=sctpmap`.
  var isLegacyData: Bool {
    kind == .application && transportProtocol == "DTLS/SCTP"
      && formats.first.flatMap { UInt16(digits: $0) } != nil
  }

  /// Whether the section is one of data channels.
  public var isData: Bool {
    guard kind == .application else { return false }
    switch transportProtocol {
    case "UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP":
      return formats.first == "webrtc-datachannel" || isLegacyData
    default: return false
    }
  }

  /// What the writer says of its end; nil where it is no usable section of data channels.
  var data: NegotiatedData? {
    guard isData else { return nil }
    let legacy = isLegacyData ? formats.first.flatMap { UInt16(digits: $0) } : nil
    // RFC 8841 §5.1 wants the port, of which every implementation uses one.
    guard let port = legacy ?? (has("sctp-port") ? sctpPort : 5000), port != 0 else { return nil }
    // RFC 8841 §6.1: nothing said means 64 KiB, 0 means anything.
    let size = has("max-message-size") ? maxMessageSize ?? 65536 : 65536
    return NegotiatedData(
      peerPort: port, maximumMessageSize: size == 0 ? UInt64.max : size)
  }

  /// A section of data channels in the form that `legacy` asks for, its tag alone being set.
  init(data terms: DataChannelTerms, mid: String?, port: UInt16, like offered: MediaSection?) {
    let isLegacy = offered?.isLegacyData ?? false
    self.init(
      kind: .application, port: port,
      transportProtocol: offered?.transportProtocol ?? "UDP/DTLS/SCTP",
      formats: [isLegacy ? "\(terms.port)" : "webrtc-datachannel"])
    if let mid { add("mid", mid) }
  }

  /// The lines about SCTP.
  mutating func addDataLines(_ terms: DataChannelTerms) {
    if isLegacyData {
      add("sctpmap", "\(terms.port) webrtc-datachannel 65535")
    } else {
      add("sctp-port", "\(terms.port)")
    }
    add("max-message-size", "\(terms.maximumMessageSize)")
  }
}

extension AnswerBuilder {
  /// Answers a section of data channels.
  func replyToData(
    _ offered: MediaSection, index: Int, terms: DataChannelTerms, data: NegotiatedData
  ) -> Reply {
    var section = MediaSection(data: terms, mid: offered.mid, port: 9, like: offered)
    let transportPlace = section.attributes.count
    section.addDataLines(terms)
    var negotiated = NegotiatedSection(index: index, section: offered)
    negotiated.data = data
    return Reply(section: section, transportPlace: transportPlace, negotiated: negotiated)
  }
}

extension NegotiatedSession {
  /// The section of data channels, if one is agreed.
  public var dataSection: NegotiatedSection? { sections.first { !$0.isRejected && $0.data != nil } }

  /// The peer's SCTP port, if data channels are agreed.
  public var sctpPort: UInt16? { dataSection?.data?.peerPort }

  /// The longest message the peer takes, if data channels are agreed.
  public var maxMessageSize: UInt64? { dataSection?.data?.maximumMessageSize }
}
