/// The session as a whole (RTCPeerConnectionStats).
public struct PeerConnectionStatistics: Sendable, Hashable {
  /// Data channels that were ever open.
  public var dataChannelsOpened: UInt64?
  /// Data channels that were open and are closed.
  public var dataChannelsClosed: UInt64?

  init() {}

  func write(into members: inout StatisticsMembers) {
    members.set("dataChannelsOpened", dataChannelsOpened)
    members.set("dataChannelsClosed", dataChannelsClosed)
  }
}

/// A data channel (RTCDataChannelStats).
public struct ChannelStatistics: Sendable, Hashable {
  /// Its label.
  public var label: String
  /// Its protocol.
  public var `protocol`: String
  /// `connecting`, `open`, `closing` or `closed`.
  public var state: String
  /// Its stream, once known.
  public var dataChannelIdentifier: UInt16?
  /// Messages sent.
  public var messagesSent: UInt64?
  /// Bytes of these.
  public var bytesSent: UInt64?
  /// Messages received.
  public var messagesReceived: UInt64?
  /// Bytes of these.
  public var bytesReceived: UInt64?

  init(label: String, `protocol`: String, state: String) {
    self.label = label
    self.`protocol` = `protocol`
    self.state = state
  }

  func write(into members: inout StatisticsMembers) {
    members.set("label", label)
    members.set("protocol", `protocol`)
    members.set("state", state)
    members.set("dataChannelIdentifier", dataChannelIdentifier)
    members.set("messagesSent", messagesSent)
    members.set("bytesSent", bytesSent)
    members.set("messagesReceived", messagesReceived)
    members.set("bytesReceived", bytesReceived)
  }
}
