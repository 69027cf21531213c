internal import Wire

/// INIT and INIT ACK (RFC 9260 §3.3.2, §3.3.3), which differ in the cookie only.
struct Initiation: Hashable, Sendable {
  /// The tag the receiver puts into every packet from now on.
  var tag: UInt32
  /// The sender's receive window in bytes.
  var window: UInt32
  /// Streams the sender wants to send on.
  var outgoingStreams: UInt16
  /// Streams the sender is able to receive on.
  var incomingStreams: UInt16
  /// The TSN of the sender's first DATA.
  var initialTSN: UInt32
  var capabilities = Capabilities()
  /// The state cookie of an INIT ACK.
  var cookie: [UInt8]?
  /// Parameters that are unknown and asked to be told back, each as it came.
  var unrecognized: [[UInt8]] = []

  /// Unrecognized parameters told back in one answer; more are passed over.
  private static let maximumUnrecognized = 4

  /// Reads what follows the chunk header.
  init(parsing value: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(value)
    tag = try reader.readUInt32()
    window = try reader.readUInt32()
    outgoingStreams = try reader.readUInt16()
    incomingStreams = try reader.readUInt16()
    initialTSN = try reader.readUInt32()
    while !reader.isAtEnd {
      let parameter = try Parameter.read(from: &reader)
      guard try take(parameter) else { break }
    }
  }

  init(
    tag: UInt32, window: UInt32, outgoingStreams: UInt16, incomingStreams: UInt16,
    initialTSN: UInt32, capabilities: Capabilities
  ) {
    self.tag = tag
    self.window = window
    self.outgoingStreams = outgoingStreams
    self.incomingStreams = incomingStreams
    self.initialTSN = initialTSN
    self.capabilities = capabilities
  }

  /// Returns whether to go on with the next parameter.
  private mutating func take(_ parameter: borrowing Parameter) throws(Truncated) -> Bool {
    switch parameter.type {
    case .stateCookie: cookie = [UInt8](copying: parameter.value)
    case .forwardTSNSupported: capabilities.insert(.forwardTSN)
    case .zeroChecksumAcceptable:
      var reader = ByteReader(parameter.value)
      if try reader.readUInt32() == Self.lowerLayerIsDTLS { capabilities.insert(.zeroChecksum) }
    case .supportedExtensions:
      for index in parameter.value.indices {
        capabilities.insert(Capabilities(chunk: ChunkType(rawValue: parameter.value[index])))
      }
    // Addresses mean nothing over DTLS, and an answer to what we sent asks for nothing.
    case .ipv4Address, .ipv6Address, .cookiePreservative, .supportedAddressTypes, .unrecognized:
      break
    default:
      if parameter.type.isReportedWhereUnknown, unrecognized.count < Self.maximumUnrecognized {
        unrecognized.append([UInt8](copying: parameter.whole))
      }
      return parameter.type.isSkippedWhereUnknown
    }
    return true
  }

  /// The error detection method of RFC 9653 §4 for packets inside DTLS.
  fileprivate static let lowerLayerIsDTLS: UInt32 = 1

  /// Length with the chunk header.
  fileprivate var length: Int {
    var lengths: [Int] = []
    if let cookie { lengths.append(4 + cookie.count) }
    if capabilities.contains(.forwardTSN) { lengths.append(4) }
    lengths.append(4 + capabilities.chunks.count)
    if capabilities.contains(.zeroChecksum) { lengths.append(8) }
    return 20 + joined(lengths + unrecognized.map { 4 + $0.count })
  }

  /// Bytes on the wire, padding included.
  var byteCount: Int { padded(length) }
}

extension OutputSpan<UInt8> {
  /// Appends INIT, or INIT ACK where there is a cookie.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: Initiation) {
    appendChunk(
      chunk.cookie == nil ? .initiation : .initiationAcknowledgement, length: chunk.length)
    append(bigEndian: chunk.tag)
    append(bigEndian: chunk.window)
    append(bigEndian: chunk.outgoingStreams)
    append(bigEndian: chunk.incomingStreams)
    append(bigEndian: chunk.initialTSN)
    if let cookie = chunk.cookie { append(.stateCookie, cookie) }
    if chunk.capabilities.contains(.forwardTSN) { append(.forwardTSNSupported, []) }
    append(.supportedExtensions, chunk.capabilities.chunks.map(\.rawValue))
    if chunk.capabilities.contains(.zeroChecksum) {
      appendParameter(ParameterType.zeroChecksumAcceptable.rawValue, length: 8)
      append(bigEndian: Initiation.lowerLayerIsDTLS)
    }
    for parameter in chunk.unrecognized { append(.unrecognized, parameter) }
  }

  @_lifetime(self: copy self)
  private mutating func append(_ type: ParameterType, _ value: [UInt8]) {
    appendParameter(type.rawValue, length: 4 + value.count)
    append(copying: value.span)
    appendPadding(after: value.count)
  }
}
