/// What can be told of a session at one moment, under the identifiers of W3C webrtc-stats.
///
/// Ids are stable: what has the same id in two of them is the same thing. A member that is not known is nil, and not
/// among `values`. Times are in seconds, except `timestamp` and other points in time, which are in milliseconds since
/// 1970 as the W3C has them.
public struct SessionStatistics: Sendable, Hashable {
  /// All that is told, in a stable order.
  public var entries: [StatisticsEntry]

  /// A report.
  public init(entries: [StatisticsEntry] = []) { self.entries = entries }

  /// The entry with that id.
  public subscript(id: String) -> StatisticsEntry? { entries.first { $0.id == id } }

  /// The entries of a kind.
  public func entries(of kind: StatisticsKind) -> [StatisticsEntry] {
    entries.filter { $0.kind == kind }
  }

  /// Everything by id and name, as `getStats()` has it.
  public var dictionary: [String: [String: StatisticsValue]] {
    Dictionary(entries.map { ($0.id, $0.values) }, uniquingKeysWith: { first, _ in first })
  }
}

/// What an entry tells of (RTCStatsType).
public enum StatisticsKind: String, Sendable, Hashable, CaseIterable {
  /// A codec in use.
  case codec
  /// A stream that is received.
  case inboundRTP = "inbound-rtp"
  /// A stream that is sent.
  case outboundRTP = "outbound-rtp"
  /// How the other side receives a stream that is sent.
  case remoteInboundRTP = "remote-inbound-rtp"
  /// What the other side says of a stream that is received.
  case remoteOutboundRTP = "remote-outbound-rtp"
  /// A track that is sent.
  case mediaSource = "media-source"
  /// The session as a whole.
  case peerConnection = "peer-connection"
  /// A data channel.
  case dataChannel = "data-channel"
  /// The transport that everything shares.
  case transport
  /// A pair of candidates.
  case candidatePair = "candidate-pair"
  /// A candidate of this side.
  case localCandidate = "local-candidate"
  /// A candidate of the other side.
  case remoteCandidate = "remote-candidate"
  /// A certificate.
  case certificate
}

/// One value.
public enum StatisticsValue: Sendable, Hashable {
  /// A count or a size.
  case integer(Int64)
  /// A time, a rate, a share.
  case number(Double)
  /// A text or one of a list of words.
  case text(String)
  /// Yes or no.
  case flag(Bool)
}

/// One entry of a report.
public struct StatisticsEntry: Sendable, Hashable {
  /// What it tells, by kind.
  public enum Content: Sendable, Hashable {
    /// A codec.
    case codec(CodecStatistics)
    /// A stream that is received.
    case inboundRTP(InboundStreamStatistics)
    /// A stream that is sent.
    case outboundRTP(OutboundStreamStatistics)
    /// How the other side receives.
    case remoteInboundRTP(RemoteInboundStreamStatistics)
    /// What the other side says it sends.
    case remoteOutboundRTP(RemoteOutboundStreamStatistics)
    /// A track that is sent.
    case mediaSource(MediaSourceStatistics)
    /// The session.
    case peerConnection(PeerConnectionStatistics)
    /// A data channel.
    case dataChannel(ChannelStatistics)
    /// The transport.
    case transport(TransportStatistics)
    /// A pair of candidates.
    case candidatePair(CandidatePairStatistics)
    /// A candidate of this side.
    case localCandidate(CandidateStatistics)
    /// A candidate of the other side.
    case remoteCandidate(CandidateStatistics)
    /// A certificate.
    case certificate(CertificateStatistics)
  }

  /// Names it, from report to report.
  public var id: String
  /// When it was so, in milliseconds since 1970.
  public var timestamp: Double
  /// What it tells.
  public var content: Content

  /// An entry.
  public init(id: String, timestamp: Double, content: Content) {
    self.id = id
    self.timestamp = timestamp
    self.content = content
  }

  /// What it tells of.
  public var kind: StatisticsKind {
    switch content {
    case .codec: .codec
    case .inboundRTP: .inboundRTP
    case .outboundRTP: .outboundRTP
    case .remoteInboundRTP: .remoteInboundRTP
    case .remoteOutboundRTP: .remoteOutboundRTP
    case .mediaSource: .mediaSource
    case .peerConnection: .peerConnection
    case .dataChannel: .dataChannel
    case .transport: .transport
    case .candidatePair: .candidatePair
    case .localCandidate: .localCandidate
    case .remoteCandidate: .remoteCandidate
    case .certificate: .certificate
    }
  }

  /// All members that are known, by their standard names, `id`, `type` and `timestamp` among them.
  public var values: [String: StatisticsValue] {
    var members = StatisticsMembers()
    members.set("id", id)
    members.set("type", kind.rawValue)
    members.set("timestamp", timestamp)
    switch content {
    case .codec(let part): part.write(into: &members)
    case .inboundRTP(let part): part.write(into: &members)
    case .outboundRTP(let part): part.write(into: &members)
    case .remoteInboundRTP(let part): part.write(into: &members)
    case .remoteOutboundRTP(let part): part.write(into: &members)
    case .mediaSource(let part): part.write(into: &members)
    case .peerConnection(let part): part.write(into: &members)
    case .dataChannel(let part): part.write(into: &members)
    case .transport(let part): part.write(into: &members)
    case .candidatePair(let part): part.write(into: &members)
    case .localCandidate(let part), .remoteCandidate(let part): part.write(into: &members)
    case .certificate(let part): part.write(into: &members)
    }
    return members.values
  }
}

/// Gathers members by name; what is nil is left out.
struct StatisticsMembers {
  private(set) var values: [String: StatisticsValue] = [:]

  mutating func set(_ name: String, _ value: String?) {
    values[name] = value.map { .text($0) }
  }

  mutating func set(_ name: String, _ value: Double?) {
    values[name] = value.map { .number($0) }
  }

  mutating func set(_ name: String, _ value: Bool?) {
    values[name] = value.map { .flag($0) }
  }

  mutating func set(_ name: String, _ value: (some BinaryInteger)?) {
    values[name] = value.map { .integer(Int64(clamping: $0)) }
  }
}
