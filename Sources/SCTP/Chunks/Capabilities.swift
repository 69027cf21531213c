/// The extensions an endpoint says it has (RFC 5061 §4.2.7 and the RFCs of each).
struct Capabilities: OptionSet, Hashable, Sendable {
  let rawValue: UInt8

  /// FORWARD-TSN (RFC 3758).
  static let forwardTSN = Self(rawValue: 1)
  /// RE-CONFIG (RFC 6525).
  static let reconfiguration = Self(rawValue: 2)
  /// I-DATA (RFC 8260).
  static let interleavedData = Self(rawValue: 4)
  /// I-FORWARD-TSN (RFC 8260).
  static let interleavedForwardTSN = Self(rawValue: 8)
  /// Packets towards it may have a checksum of zero (RFC 9653).
  static let zeroChecksum = Self(rawValue: 16)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The capability that a chunk type in the list of supported extensions stands for, if any.
  init(chunk type: ChunkType) {
    switch type {
    case .forwardTSN: self = .forwardTSN
    case .reconfiguration: self = .reconfiguration
    case .interleavedData: self = .interleavedData
    case .interleavedForwardTSN: self = .interleavedForwardTSN
    default: self = []
    }
  }

  /// What we say of ourselves.
  init(of options: SCTPOptions) {
    self = [.forwardTSN, .reconfiguration]
    if options.offersInterleaving { formUnion([.interleavedData, .interleavedForwardTSN]) }
    if options.acceptsZeroChecksum { insert(.zeroChecksum) }
  }

  /// The chunk types in the list of supported extensions.
  var chunks: [ChunkType] {
    [.reconfiguration, .forwardTSN, .interleavedData, .interleavedForwardTSN].filter {
      contains(Capabilities(chunk: $0))
    }
  }
}
