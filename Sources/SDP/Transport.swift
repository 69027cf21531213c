/// Who starts the DTLS handshake (RFC 4145 §4, RFC 8842 §5.2).
public enum SetupRole: String, Hashable, Sendable, CaseIterable {
  /// The writer is the DTLS client.
  case active
  /// The writer is the DTLS server.
  case passive
  /// The writer leaves the choice to the answerer.
  case actpass
  /// Not yet.
  case holdconn
}

/// A certificate's hash (RFC 8122 §5).
public struct Fingerprint: Hashable, Sendable {
  /// `sha-256` or another, in lower case.
  public var hashFunction: String
  /// Pairs of upper-case hexadecimal digits, with colons between.
  public var value: String

  /// Reads `sha-256 AB:CD:…`; nil if it is not of that form. Case does not matter.
  public init?(_ text: String) {
    let words = text.pieces(separatedBy: .space)
    guard words.count == 2, words[0].consists(of: \.isTokenCharacter) else { return nil }
    let pairs = words[1].utf8.split(separator: .colon, omittingEmptySubsequences: false)
    guard !pairs.isEmpty, pairs.count <= 64 else { return nil }
    for pair in pairs where pair.count != 2 || !pair.allSatisfy(\.isHexDigit) { return nil }
    hashFunction = words[0].asciiLowercased
    value = String(
      decoding: words[1].utf8.map { 0x61 <= $0 && $0 <= 0x7A ? $0 & 0xDF : $0 }, as: UTF8.self)
  }

  /// The fingerprint of a certificate whose hash is `digest`.
  public init(hashFunction: String, digest: [UInt8]) {
    self.hashFunction = hashFunction.asciiLowercased
    let digits = Array("0123456789ABCDEF".utf8)
    var text: [UInt8] = []
    for byte in digest {
      if !text.isEmpty { text.append(.colon) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    value = String(decoding: text, as: UTF8.self)
  }

  /// The hash itself.
  public var digest: [UInt8] {
    value.pieces(separatedBy: .colon).compactMap { UInt8($0, radix: 16) }
  }

  /// As it is written after `a=fingerprint:`.
  public var text: String { "\(hashFunction) \(value)" }
}

extension AttributeCarrier {
  /// `a=ice-ufrag` (RFC 8839 §5.4).
  public var iceUfrag: String? { value(of: "ice-ufrag") }

  /// `a=ice-pwd` (RFC 8839 §5.4).
  public var icePwd: String? { value(of: "ice-pwd") }

  /// `a=ice-options` (RFC 8839 §5.6), such as `trickle` and `ice2`.
  public var iceOptions: [String] {
    values(of: "ice-options").flatMap { $0.pieces(separatedBy: .space).map(String.init) }
  }

  /// `a=fingerprint` lines that can be read (RFC 8122 §5).
  public var fingerprints: [Fingerprint] {
    values(of: "fingerprint").compactMap { Fingerprint($0) }
  }

  /// `a=setup` (RFC 4145 §4).
  public var setup: SetupRole? { value(of: "setup").flatMap { SetupRole(rawValue: $0) } }

  /// Header extensions of one and two bytes may be mixed (RFC 8285 §4.1.2).
  public var allowsMixedExtensions: Bool { has("extmap-allow-mixed") }
}

extension MediaSection {
  /// The values of `a=candidate` lines (RFC 8839 §5.1), each without the name: `1 1 udp 2130706431 …`.
  public var candidates: [String] { values(of: "candidate") }

  /// All candidates are listed (RFC 8840 §8.2).
  public var hasEndOfCandidates: Bool { has("end-of-candidates") }
}
