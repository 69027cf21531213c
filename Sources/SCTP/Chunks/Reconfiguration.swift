internal import Wire

/// RE-CONFIG (RFC 6525 §3.1): one or two parameters.
struct Reconfiguration: Hashable, Sendable {
  var parameters: [Item]

  /// One parameter of a RE-CONFIG.
  enum Item: Hashable, Sendable {
    case outgoingReset(OutgoingReset)
    /// The sender wants so many more streams to send on (RFC 6525 §4.5).
    case addOutgoingStreams(number: UInt32, count: UInt16)
    /// Any other request: it is refused by its number.
    case otherRequest(number: UInt32)
    case response(Response)
  }

  /// Outgoing SSN Reset Request (RFC 6525 §4.1): these streams of the sender begin anew.
  struct OutgoingReset: Hashable, Sendable {
    var number: UInt32
    /// The number of the request it answers; of no use to us, since we do not ask for resets.
    var responseNumber: UInt32
    /// The reset takes place once all TSNs up to this one have arrived.
    var lastTSN: UInt32
    /// None means all.
    var streams: [UInt16]

    fileprivate var length: Int { 16 + 2 * streams.count }
  }

  /// Re-configuration Response (RFC 6525 §4.4).
  struct Response: Hashable, Sendable {
    /// What became of the request.
    enum Result: UInt32, Sendable {
      case nothingToDo = 0
      case performed = 1
      case denied = 2
      case wrongStream = 3
      case requestInProgress = 4
      case badSequenceNumber = 5
      case inProgress = 6
    }

    var number: UInt32
    /// Unknown results count as a refusal.
    var result: Result
  }

  /// A chunk has no more parameters than these (RFC 6525 §3.1).
  private static let maximumParameters = 2

  init(_ parameters: [Item]) { self.parameters = parameters }

  /// Reads what follows the chunk header.
  init(parsing value: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(value)
    parameters = []
    while !reader.isAtEnd, parameters.count < Self.maximumParameters {
      let parameter = try Parameter.read(from: &reader)
      var content = ByteReader(parameter.value)
      switch parameter.type {
      case .outgoingReset: parameters.append(.outgoingReset(try Self.outgoingReset(&content)))
      case .addOutgoingStreams:
        let number = try content.readUInt32()
        parameters.append(.addOutgoingStreams(number: number, count: try content.readUInt16()))
      case .incomingReset, .associationReset, .addIncomingStreams:
        parameters.append(.otherRequest(number: try content.readUInt32()))
      case .reconfigurationResponse:
        let number = try content.readUInt32()
        let result = Response.Result(rawValue: try content.readUInt32()) ?? .denied
        parameters.append(.response(Response(number: number, result: result)))
      default:
        if !parameter.type.isSkippedWhereUnknown { return }
      }
    }
  }

  private static func outgoingReset(
    _ reader: inout ByteReader
  ) throws(Truncated) -> OutgoingReset {
    let number = try reader.readUInt32()
    let responseNumber = try reader.readUInt32()
    let lastTSN = try reader.readUInt32()
    var streams: [UInt16] = []
    streams.reserveCapacity(reader.remainingCount / 2)
    while !reader.isAtEnd { streams.append(try reader.readUInt16()) }
    return OutgoingReset(
      number: number, responseNumber: responseNumber, lastTSN: lastTSN, streams: streams)
  }

  /// Length with the chunk header.
  fileprivate var length: Int {
    4
      + joined(
        parameters.compactMap { parameter in
          switch parameter {
          case .outgoingReset(let request): request.length
          case .otherRequest, .addOutgoingStreams: nil
          case .response: 12
          }
        })
  }

  /// Bytes on the wire, padding included.
  var byteCount: Int { padded(length) }
}

extension OutputSpan<UInt8> {
  /// Appends RE-CONFIG; requests that we never make are left out.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: Reconfiguration) {
    appendChunk(.reconfiguration, length: chunk.length)
    for parameter in chunk.parameters {
      switch parameter {
      case .outgoingReset(let request): append(request)
      case .otherRequest, .addOutgoingStreams: break
      case .response(let response):
        appendParameter(ParameterType.reconfigurationResponse.rawValue, length: 12)
        append(bigEndian: response.number)
        append(bigEndian: response.result.rawValue)
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func append(_ request: Reconfiguration.OutgoingReset) {
    appendParameter(ParameterType.outgoingReset.rawValue, length: request.length)
    append(bigEndian: request.number)
    append(bigEndian: request.responseNumber)
    append(bigEndian: request.lastTSN)
    for stream in request.streams { append(bigEndian: stream) }
    appendPadding(after: request.length)
  }
}
