/// A codec in use (RTCCodecStats).
public struct CodecStatistics: Sendable, Hashable {
  /// The payload type.
  public var payloadType: UInt8
  /// The transport it is used on.
  public var transportId: String
  /// Such as `video/VP8`.
  public var mimeType: String
  /// Ticks of timestamps in a second.
  public var clockRate: UInt32
  /// Channels of sound, where told.
  public var channels: UInt8?
  /// The format parameters, where there are any.
  public var sdpFmtpLine: String?

  init(payloadType: UInt8, transportId: String, mimeType: String, clockRate: UInt32) {
    self.payloadType = payloadType
    self.transportId = transportId
    self.mimeType = mimeType
    self.clockRate = clockRate
  }

  func write(into members: inout StatisticsMembers) {
    members.set("payloadType", payloadType)
    members.set("transportId", transportId)
    members.set("mimeType", mimeType)
    members.set("clockRate", clockRate)
    members.set("channels", channels)
    members.set("sdpFmtpLine", sdpFmtpLine)
  }
}
