/// A stream that is received (RTCInboundRtpStreamStats).
public struct InboundStreamStatistics: Sendable, Hashable {
  /// The source.
  public var ssrc: UInt32
  /// `audio` or `video`.
  public var kind: String
  /// The transport it comes by.
  public var transportId: String
  /// The codec of its last packet.
  public var codecId: String?
  /// Packets, without repetitions.
  public var packetsReceived: UInt64?
  /// Packets missed; negative with duplicates.
  public var packetsLost: Int64?
  /// Interarrival jitter in seconds.
  public var jitter: Double?
  /// The remote track.
  public var trackIdentifier: String?
  /// The m-section.
  public var mid: String?
  /// What the other side says of it.
  public var remoteId: String?
  /// The simulcast layer, where there are layers.
  public var rid: String?
  /// When the last packet came, in milliseconds since 1970.
  public var lastPacketReceivedTimestamp: Double?
  /// Bytes of headers and padding.
  public var headerBytesReceived: UInt64?
  /// Bytes of payload, repetitions included.
  public var bytesReceived: UInt64?
  /// Packets that came too late or twice.
  public var packetsDiscarded: UInt64?
  /// Requests for lost packets.
  public var nackCount: UInt64?
  /// Full intra requests; of pictures only.
  public var firCount: UInt64?
  /// Picture loss indications; of pictures only.
  public var pliCount: UInt64?
  /// Packets that came by repetition.
  public var retransmittedPacketsReceived: UInt64?
  /// Bytes of payload of repetitions.
  public var retransmittedBytesReceived: UInt64?
  /// The source of repetitions, once one came.
  public var rtxSsrc: UInt32?
  /// Pictures that came whole; of pictures only.
  public var framesReceived: UInt64?
  /// Pictures that could not be used; of pictures only.
  public var framesDropped: UInt64?
  /// Pictures in the last second; of pictures only.
  public var framesPerSecond: Double?
  /// Width of the last key frame; of pictures only.
  public var frameWidth: UInt64?
  /// Height of the last key frame; of pictures only.
  public var frameHeight: UInt64?
  /// Samples that came in whole frames; of sound only.
  public var totalSamplesReceived: UInt64?
  /// The time frames were held, summed over those given out, in seconds.
  public var jitterBufferDelay: Double?
  /// The time frames were to be held, summed likewise, in seconds.
  public var jitterBufferTargetDelay: Double?
  /// Frames, or samples of sound, given out.
  public var jitterBufferEmittedCount: UInt64?

  init(ssrc: UInt32, kind: String, transportId: String) {
    self.ssrc = ssrc
    self.kind = kind
    self.transportId = transportId
  }

  func write(into members: inout StatisticsMembers) {
    members.set("ssrc", ssrc)
    members.set("kind", kind)
    members.set("transportId", transportId)
    members.set("codecId", codecId)
    members.set("packetsReceived", packetsReceived)
    members.set("packetsLost", packetsLost)
    members.set("jitter", jitter)
    members.set("trackIdentifier", trackIdentifier)
    members.set("mid", mid)
    members.set("remoteId", remoteId)
    members.set("rid", rid)
    members.set("lastPacketReceivedTimestamp", lastPacketReceivedTimestamp)
    members.set("headerBytesReceived", headerBytesReceived)
    members.set("bytesReceived", bytesReceived)
    members.set("packetsDiscarded", packetsDiscarded)
    members.set("nackCount", nackCount)
    members.set("firCount", firCount)
    members.set("pliCount", pliCount)
    members.set("retransmittedPacketsReceived", retransmittedPacketsReceived)
    members.set("retransmittedBytesReceived", retransmittedBytesReceived)
    members.set("rtxSsrc", rtxSsrc)
    members.set("framesReceived", framesReceived)
    members.set("framesDropped", framesDropped)
    members.set("framesPerSecond", framesPerSecond)
    members.set("frameWidth", frameWidth)
    members.set("frameHeight", frameHeight)
    members.set("totalSamplesReceived", totalSamplesReceived)
    members.set("jitterBufferDelay", jitterBufferDelay)
    members.set("jitterBufferTargetDelay", jitterBufferTargetDelay)
    members.set("jitterBufferEmittedCount", jitterBufferEmittedCount)
  }
}
