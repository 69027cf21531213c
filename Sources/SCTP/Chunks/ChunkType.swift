/// The first byte of a chunk (RFC 9260 §3.2).
struct ChunkType: RawRepresentable, Hashable, Sendable {
  let rawValue: UInt8

  static let data = Self(rawValue: 0)
  static let initiation = Self(rawValue: 1)
  static let initiationAcknowledgement = Self(rawValue: 2)
  static let selectiveAcknowledgement = Self(rawValue: 3)
  static let heartbeat = Self(rawValue: 4)
  static let heartbeatAcknowledgement = Self(rawValue: 5)
  static let abort = Self(rawValue: 6)
  static let shutdown = Self(rawValue: 7)
  static let shutdownAcknowledgement = Self(rawValue: 8)
  static let error = Self(rawValue: 9)
  static let cookieEcho = Self(rawValue: 10)
  static let cookieAcknowledgement = Self(rawValue: 11)
  static let shutdownComplete = Self(rawValue: 14)
  static let interleavedData = Self(rawValue: 64)
  static let reconfiguration = Self(rawValue: 130)
  static let forwardTSN = Self(rawValue: 192)
  static let interleavedForwardTSN = Self(rawValue: 194)

  /// What the two highest bits ask of a receiver that does not know the chunk (RFC 9260 §3.2): go on
  /// with the next one, or leave the rest of the packet alone.
  var isSkippedWhereUnknown: Bool { rawValue & 0x80 != 0 }
  /// Whether such a receiver tells the sender.
  var isReportedWhereUnknown: Bool { rawValue & 0x40 != 0 }
}

extension ChunkType {
  /// Whether only an association that has our cookie sends it: then its COOKIE ACK was lost, or is late.
  var impliesCookieAcknowledgement: Bool {
    switch self {
    case .data, .interleavedData, .selectiveAcknowledgement, .forwardTSN, .interleavedForwardTSN:
      true
    default: false
    }
  }
}
