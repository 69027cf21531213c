/// What a datagram on a media port is, by its first bytes (RFC 7983 §7, RFC 5761 §4).
public enum DatagramKind: Sendable, Equatable {
  /// A connectivity check or an answer to one.
  case stun
  /// A DTLS record.
  case dtls
  /// A TURN channel's data.
  case turnChannel
  /// SRTP.
  case rtp
  /// SRTCP.
  case rtcp
  /// Nothing that belongs here.
  case unknown

  /// Tells by the first one or two bytes.
  public init(of datagram: Span<UInt8>) {
    guard let first = datagram.isEmpty ? nil : datagram[0] else {
      self = .unknown
      return
    }
    switch first {
    case 0...3: self = .stun
    case 20...63: self = .dtls
    case 64...79: self = .turnChannel
    case 128...191 where datagram.count >= 2:
      self = (192...223).contains(datagram[1]) ? .rtcp : .rtp
    default: self = .unknown
    }
  }
}
