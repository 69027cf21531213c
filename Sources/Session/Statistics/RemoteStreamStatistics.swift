/// How the other side receives a stream that is sent (RTCRemoteInboundRtpStreamStats).
public struct RemoteInboundStreamStatistics: Sendable, Hashable {
  /// The source.
  public var ssrc: UInt32
  /// `audio` or `video`.
  public var kind: String
  /// The transport.
  public var transportId: String
  /// The stream as it is sent.
  public var localId: String
  /// The codec of its last packet.
  public var codecId: String?
  /// Packets the other side misses; negative with duplicates.
  public var packetsLost: Int64?
  /// Interarrival jitter there in seconds.
  public var jitter: Double?
  /// The part missed since the report before, 0 to 1.
  public var fractionLost: Double?
  /// The last round trip in seconds.
  public var roundTripTime: Double?
  /// The sum of all round trips in seconds.
  public var totalRoundTripTime: Double?
  /// How many round trips were measured.
  public var roundTripTimeMeasurements: UInt64?

  init(ssrc: UInt32, kind: String, transportId: String, localId: String) {
    self.ssrc = ssrc
    self.kind = kind
    self.transportId = transportId
    self.localId = localId
  }

  func write(into members: inout StatisticsMembers) {
    members.set("ssrc", ssrc)
    members.set("kind", kind)
    members.set("transportId", transportId)
    members.set("localId", localId)
    members.set("codecId", codecId)
    members.set("packetsLost", packetsLost)
    members.set("jitter", jitter)
    members.set("fractionLost", fractionLost)
    members.set("roundTripTime", roundTripTime)
    members.set("totalRoundTripTime", totalRoundTripTime)
    members.set("roundTripTimeMeasurements", roundTripTimeMeasurements)
  }
}

/// What the other side says of a stream that is received (RTCRemoteOutboundRtpStreamStats).
public struct RemoteOutboundStreamStatistics: Sendable, Hashable {
  /// The source.
  public var ssrc: UInt32
  /// `audio` or `video`.
  public var kind: String
  /// The transport.
  public var transportId: String
  /// The stream as it is received.
  public var localId: String
  /// The codec of its last packet.
  public var codecId: String?
  /// Packets it says it has sent.
  public var packetsSent: UInt64?
  /// Bytes of payload it says it has sent.
  public var bytesSent: UInt64?
  /// The time of its report on its clock, in milliseconds since 1970.
  public var remoteTimestamp: Double?
  /// Reports that came.
  public var reportsSent: UInt64?

  init(ssrc: UInt32, kind: String, transportId: String, localId: String) {
    self.ssrc = ssrc
    self.kind = kind
    self.transportId = transportId
    self.localId = localId
  }

  func write(into members: inout StatisticsMembers) {
    members.set("ssrc", ssrc)
    members.set("kind", kind)
    members.set("transportId", transportId)
    members.set("localId", localId)
    members.set("codecId", codecId)
    members.set("packetsSent", packetsSent)
    members.set("bytesSent", bytesSent)
    members.set("remoteTimestamp", remoteTimestamp)
    members.set("reportsSent", reportsSent)
  }
}
