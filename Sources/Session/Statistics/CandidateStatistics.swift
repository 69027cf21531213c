/// A pair of candidates (RTCIceCandidatePairStats).
public struct CandidatePairStatistics: Sendable, Hashable {
  /// The transport it is for.
  public var transportId: String
  /// The candidate of this side.
  public var localCandidateId: String
  /// The candidate of the other side.
  public var remoteCandidateId: String
  /// `frozen`, `waiting`, `in-progress`, `succeeded` or `failed`.
  public var state: String
  /// Whether it was nominated.
  public var nominated: Bool?
  /// Datagrams sent by it, checks not included.
  public var packetsSent: UInt64?
  /// Datagrams received by it, checks not included.
  public var packetsReceived: UInt64?
  /// Bytes of these.
  public var bytesSent: UInt64?
  /// Bytes of these.
  public var bytesReceived: UInt64?
  /// When the last datagram left, in milliseconds since 1970.
  public var lastPacketSentTimestamp: Double?
  /// When the last datagram came, in milliseconds since 1970.
  public var lastPacketReceivedTimestamp: Double?
  /// The sum of all round trips of checks in seconds.
  public var totalRoundTripTime: Double?
  /// The last round trip of a check in seconds.
  public var currentRoundTripTime: Double?
  /// Checks sent, the first time each.
  public var requestsSent: UInt64?
  /// Checks received.
  public var requestsReceived: UInt64?
  /// Answers sent.
  public var responsesSent: UInt64?
  /// Answers received.
  public var responsesReceived: UInt64?
  /// Checks sent to keep consent.
  public var consentRequestsSent: UInt64?

  init(transportId: String, localCandidateId: String, remoteCandidateId: String, state: String) {
    self.transportId = transportId
    self.localCandidateId = localCandidateId
    self.remoteCandidateId = remoteCandidateId
    self.state = state
  }

  func write(into members: inout StatisticsMembers) {
    members.set("transportId", transportId)
    members.set("localCandidateId", localCandidateId)
    members.set("remoteCandidateId", remoteCandidateId)
    members.set("state", state)
    members.set("nominated", nominated)
    members.set("packetsSent", packetsSent)
    members.set("packetsReceived", packetsReceived)
    members.set("bytesSent", bytesSent)
    members.set("bytesReceived", bytesReceived)
    members.set("lastPacketSentTimestamp", lastPacketSentTimestamp)
    members.set("lastPacketReceivedTimestamp", lastPacketReceivedTimestamp)
    members.set("totalRoundTripTime", totalRoundTripTime)
    members.set("currentRoundTripTime", currentRoundTripTime)
    members.set("requestsSent", requestsSent)
    members.set("requestsReceived", requestsReceived)
    members.set("responsesSent", responsesSent)
    members.set("responsesReceived", responsesReceived)
    members.set("consentRequestsSent", consentRequestsSent)
  }
}

/// A candidate of either side (RTCIceCandidateStats).
public struct CandidateStatistics: Sendable, Hashable {
  /// The transport it is for.
  public var transportId: String
  /// Its address; nil where a name hides it.
  public var address: String?
  /// Its port.
  public var port: UInt16
  /// `udp` or `tcp`.
  public var `protocol`: String
  /// `host`, `srflx`, `prflx` or `relay`.
  public var candidateType: String
  /// Its priority.
  public var priority: UInt32?
  /// Its foundation.
  public var foundation: String?
  /// The user name fragment it belongs to.
  public var usernameFragment: String?
  /// The address it was derived from.
  public var relatedAddress: String?
  /// The port of that.
  public var relatedPort: UInt16?
  /// `active`, `passive` or `so`; of TCP only.
  public var tcpType: String?
  /// The server it came from; of this side only.
  public var url: String?
  /// How the relay is reached: `udp`, `tcp` or `tls`; of relays of this side only.
  public var relayProtocol: String?

  init(transportId: String, port: UInt16, `protocol`: String, candidateType: String) {
    self.transportId = transportId
    self.port = port
    self.`protocol` = `protocol`
    self.candidateType = candidateType
  }

  func write(into members: inout StatisticsMembers) {
    members.set("transportId", transportId)
    members.set("address", address)
    members.set("port", port)
    members.set("protocol", `protocol`)
    members.set("candidateType", candidateType)
    members.set("priority", priority)
    members.set("foundation", foundation)
    members.set("usernameFragment", usernameFragment)
    members.set("relatedAddress", relatedAddress)
    members.set("relatedPort", relatedPort)
    members.set("tcpType", tcpType)
    members.set("url", url)
    members.set("relayProtocol", relayProtocol)
  }
}
