public import Wire

/// Names a channel for as long as its set lives; its stream may be assigned later and used again after it.
public struct DataChannelID: RawRepresentable, Hashable, Sendable {
  /// The number, in the order channels came to be.
  public let rawValue: UInt32

  /// Any number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What a channel is for and how it delivers (RFC 8831 §6.1, W3C WebRTC §6.2).
public struct DataChannelOptions: Sendable, Hashable {
  /// Names the channel for the application; need not be unique.
  public var label: String
  /// The protocol spoken in it, as the application calls it.
  public var protocolName: String
  /// Whether messages arrive in the order they were sent.
  public var isOrdered: Bool
  /// A message is sent again at most so often; `nil` for as often as it takes.
  public var maximumRetransmissions: UInt16?
  /// A message is given up after so long, told the other side in milliseconds; `nil` for never. Not
  /// together with `maximumRetransmissions`.
  public var maximumLifetime: Duration?
  /// 128, 256, 512 or 1024, from below normal to extra high (RFC 8831 §6.4): each channel's share of what can
  /// be sent.
  public var priority: UInt16
  /// The stream both applications agreed on, where the channel is not announced by the protocol.
  public var negotiatedStream: UInt16?

  /// A reliable and ordered channel, unless said otherwise.
  public init(
    label: String = "", protocolName: String = "", isOrdered: Bool = true,
    maximumRetransmissions: UInt16? = nil, maximumLifetime: Duration? = nil,
    priority: UInt16 = 256, negotiatedStream: UInt16? = nil
  ) {
    self.label = label
    self.protocolName = protocolName
    self.isOrdered = isOrdered
    self.maximumRetransmissions = maximumRetransmissions
    self.maximumLifetime = maximumLifetime
    self.priority = priority
    self.negotiatedStream = negotiatedStream
  }

  var delivery: SCTPDelivery {
    SCTPDelivery(
      isOrdered: isOrdered, maximumRetransmissions: maximumRetransmissions,
      lifetime: maximumLifetime)
  }
}

/// What is kept on behalf of the other side.
public struct DataChannelLimits: Sendable, Hashable {
  /// Channels at one time, ours and the other side's.
  public var channels = 1024
  /// Bytes of label and protocol together in a channel that the other side opens. A label alone may have
  /// 65,535 bytes on the wire, and browsers send such.
  public var labelByteCount = 2 * 65_535
  /// Bytes of all labels and protocols at one time.
  public var totalLabelByteCount = 1 << 20
  /// Messages that wait for their channel to be opened.
  public var heldMessages = 64
  /// Bytes of messages that wait for their channel to be opened.
  public var heldByteCount = 256 << 10

  /// The defaults.
  public init() {}
}

/// How far a channel is (W3C WebRTC §6.2).
public enum DataChannelState: String, Sendable, Hashable {
  /// The association is not there yet.
  case connecting
  /// Messages can be sent.
  case open
  /// Closed by one side; what was queued still goes.
  case closing
  /// Over.
  case closed
}

/// Why a channel could not be opened or a message not be sent.
public enum DataChannelError: Error, Hashable, Sendable {
  /// A lifetime and a number of retransmissions together, a label or protocol over 65,535 bytes, or stream 65,535.
  case invalidOptions
  /// The negotiated stream has a channel already.
  case streamInUse
  /// There are as many channels as the limits or the other side's streams allow.
  case tooManyChannels
  /// The channel is not open, or there is none of that name.
  case notOpen
  /// Longer than the other side takes (RFC 8841 §6).
  case messageTooLong
  /// Too many bytes wait already. Wait for the buffered amount to become low.
  case bufferFull
  /// The association is over.
  case ended
}

/// What went through a channel (W3C WebRTC Statistics, `RTCDataChannelStats`).
public struct DataChannelStatistics: Sendable, Hashable {
  /// Messages taken for sending.
  public internal(set) var messagesSent: UInt64 = 0
  /// Their bytes.
  public internal(set) var bytesSent: UInt64 = 0
  /// Messages handed out.
  public internal(set) var messagesReceived: UInt64 = 0
  /// Their bytes.
  public internal(set) var bytesReceived: UInt64 = 0
}
