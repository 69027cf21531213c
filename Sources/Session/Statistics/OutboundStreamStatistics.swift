/// A stream that is sent (RTCOutboundRtpStreamStats).
public struct OutboundStreamStatistics: Sendable, Hashable {
  /// The source.
  public var ssrc: UInt32
  /// `audio` or `video`.
  public var kind: String
  /// The transport it leaves by.
  public var transportId: String
  /// The codec of its last packet.
  public var codecId: String?
  /// Packets, repetitions included.
  public var packetsSent: UInt64?
  /// Bytes of payload, repetitions included.
  public var bytesSent: UInt64?
  /// The m-section.
  public var mid: String?
  /// The track.
  public var mediaSourceId: String?
  /// How the other side receives it.
  public var remoteId: String?
  /// The simulcast layer, where there are layers.
  public var rid: String?
  /// Its place among the encodings.
  public var encodingIndex: UInt64?
  /// Bytes of headers.
  public var headerBytesSent: UInt64?
  /// Repetitions.
  public var retransmittedPacketsSent: UInt64?
  /// Bytes of payload of repetitions.
  public var retransmittedBytesSent: UInt64?
  /// The source of repetitions, where they were agreed on.
  public var rtxSsrc: UInt32?
  /// Pictures; of pictures only.
  public var framesSent: UInt64?
  /// Key frames among them; of pictures only.
  public var keyFramesEncoded: UInt64?
  /// Pictures in the last second; of pictures only.
  public var framesPerSecond: Double?
  /// Width of the last key frame; of pictures only.
  public var frameWidth: UInt64?
  /// Height of the last key frame; of pictures only.
  public var frameHeight: UInt64?
  /// Requests for lost packets.
  public var nackCount: UInt64?
  /// Full intra requests; of pictures only.
  public var firCount: UInt64?
  /// Picture loss indications; of pictures only.
  public var pliCount: UInt64?
  /// Whether it is to be sent.
  public var active: Bool?

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
    members.set("packetsSent", packetsSent)
    members.set("bytesSent", bytesSent)
    members.set("mid", mid)
    members.set("mediaSourceId", mediaSourceId)
    members.set("remoteId", remoteId)
    members.set("rid", rid)
    members.set("encodingIndex", encodingIndex)
    members.set("headerBytesSent", headerBytesSent)
    members.set("retransmittedPacketsSent", retransmittedPacketsSent)
    members.set("retransmittedBytesSent", retransmittedBytesSent)
    members.set("rtxSsrc", rtxSsrc)
    members.set("framesSent", framesSent)
    members.set("keyFramesEncoded", keyFramesEncoded)
    members.set("framesPerSecond", framesPerSecond)
    members.set("frameWidth", frameWidth)
    members.set("frameHeight", frameHeight)
    members.set("nackCount", nackCount)
    members.set("firCount", firCount)
    members.set("pliCount", pliCount)
    members.set("active", active)
  }
}
