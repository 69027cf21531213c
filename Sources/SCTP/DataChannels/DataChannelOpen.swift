import Wire

/// DATA_CHANNEL_OPEN: announces a channel on the stream it arrives on (RFC 8832 §5.1).
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Type = 0x03  | Channel Type  |           Priority            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                     Reliability Parameter                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         Label Length          |        Protocol Length        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// :                     Label, then Protocol                      :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
public struct DataChannelOpen: Sendable, Hashable {
  /// The message's type.
  public static let messageType: UInt8 = 0x03
  /// Bytes before the label.
  public static let fixedByteCount = 12

  /// Why a message is none.
  public enum Failure: Error, Hashable, Sendable {
    /// It ends too early.
    case truncated
    /// It is of another type.
    case otherMessage(UInt8)
    /// The channel's type is not one of the six.
    case unknownChannelType(UInt8)
  }

  /// The channel that is opened. Numbers larger than the options hold are the largest they hold; text
  /// that is not UTF-8 has U+FFFD in its place.
  public var options: DataChannelOptions

  /// Announces a channel.
  public init(_ options: DataChannelOptions) { self.options = options }

  /// Reads a message; bytes beyond its end are not looked at.
  public init(parsing message: Span<UInt8>) throws(Failure) {
    guard !message.isEmpty else { throw .truncated }
    guard message[0] == Self.messageType else { throw .otherMessage(message[0]) }
    guard let (channelType, options) = try? Self.parse(message.extracting(droppingFirst: 1)) else {
      throw .truncated
    }
    guard channelType & ~Self.unordered <= Self.limitedLifetime else {
      throw .unknownChannelType(channelType)
    }
    self.options = options
  }

  private static func parse(
    _ fields: Span<UInt8>
  ) throws(Truncated) -> (channelType: UInt8, DataChannelOptions) {
    var reader = ByteReader(fields)
    let channelType = try reader.readUInt8()
    var options = DataChannelOptions(
      isOrdered: channelType & unordered == 0, priority: try reader.readUInt16())
    let limit = try reader.readUInt32()
    switch channelType & ~unordered {
    case limitedRetransmissions: options.maximumRetransmissions = UInt16(clamping: limit)
    case limitedLifetime: options.maximumLifetime = .milliseconds(Int64(limit))
    default: break
    }
    let (labelCount, protocolCount) = (try reader.readUInt16(), try reader.readUInt16())
    options.label = text(try reader.take(Int(labelCount)))
    options.protocolName = text(try reader.take(Int(protocolCount)))
    return (channelType, options)
  }

  private static func text(_ bytes: Span<UInt8>) -> String {
    String(decoding: [UInt8](capacity: bytes.count) { $0.append(copying: bytes) }, as: UTF8.self)
  }

  /// The message's bytes; `nil` where label or protocol has more than 65,535.
  public var bytes: [UInt8]? {
    let (label, name) = (Array(options.label.utf8), Array(options.protocolName.utf8))
    guard let labelCount = UInt16(exactly: label.count), let nameCount = UInt16(exactly: name.count)
    else { return nil }
    let (channelType, limit) = wireReliability
    return [UInt8](capacity: Self.fixedByteCount + label.count + name.count) { output in
      output.append(Self.messageType)
      output.append(channelType | (options.isOrdered ? 0 : Self.unordered))
      output.append(bigEndian: options.priority)
      output.append(bigEndian: limit)
      output.append(bigEndian: labelCount)
      output.append(bigEndian: nameCount)
      output.append(copying: label.span)
      output.append(copying: name.span)
    }
  }

  private var wireReliability: (channelType: UInt8, limit: UInt32) {
    if let count = options.maximumRetransmissions {
      return (Self.limitedRetransmissions, UInt32(count))
    }
    if let lifetime = options.maximumLifetime {
      return (Self.limitedLifetime, UInt32(clamping: lifetime.milliseconds))
    }
    return (0, 0)
  }

  private static let limitedRetransmissions: UInt8 = 0x01
  private static let limitedLifetime: UInt8 = 0x02
  private static let unordered: UInt8 = 0x80
}

/// DATA_CHANNEL_ACK: the channel is known on the other side too (RFC 8832 §5.2).
enum DataChannelAcknowledgement {
  static let messageType: UInt8 = 0x02
  static let bytes: [UInt8] = [messageType]
}
