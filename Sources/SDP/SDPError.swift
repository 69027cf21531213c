/// Why a session description or an offer was refused, and where.
public struct SDPError: Error, Hashable, Sendable {
  /// What was wrong.
  public enum Problem: Hashable, Sendable {
    /// More bytes, lines, m-sections, candidates or formats than the limit named.
    case tooMany(Limit)
    /// A line is not `letter=value`, or holds NUL, a bare CR or bytes that are not UTF-8.
    case malformedLine
    /// A type letter RFC 8866 §5 does not know; such a description must be refused as a whole.
    case unknownType
    /// A required line is missing or not where RFC 8866 §5 wants it: `v`, `o`, `s` or `t`.
    case missing(String)
    /// The value of a line does not match its grammar; the line's type letter.
    case malformedValue(String)
    /// The value of an attribute does not match its grammar; the attribute's name.
    case malformedAttribute(String)
    /// A payload type above 127, or not a number.
    case badPayloadType
    /// A header-extension identifier that is 0, 15 or outside RFC 8285 §6.
    case badExtensionIdentifier
    /// A header-extension identifier used twice in one m-section.
    case duplicateExtensionIdentifier
    /// Two m-sections with the same identification tag (RFC 5888 §4).
    case duplicateMid(String)
    /// Nothing says how to reach or to check the peer: no `ice-ufrag` or no `ice-pwd`.
    case noICECredentials
    /// No certificate fingerprint: media could not be protected (RFC 8842 §5).
    case noFingerprint
    /// A DTLS role that cannot be answered, such as `holdconn`.
    case badSetupRole
    /// A later offer or an answer has fewer m-sections than there were, in another order, or of another kind.
    case sectionMismatch
  }

  /// A limit that was passed.
  public enum Limit: String, Hashable, Sendable {
    /// Bytes of the whole description.
    case bytes
    /// Lines of the whole description.
    case lines
    /// `m=` lines.
    case sections
    /// `a=candidate` lines of one m-section.
    case candidates
    /// Formats of one `m=` line.
    case formats
  }

  /// What was wrong.
  public var problem: Problem
  /// The line it was found in, the first being 1; nil if no single line is at fault.
  public var line: Int?
  /// The m-section it was found in, the first being 0; nil outside of them.
  public var section: Int?

  /// An error, at `line` or in `section` if known.
  public init(_ problem: Problem, line: Int? = nil, section: Int? = nil) {
    self.problem = problem
    self.line = line
    self.section = section
  }
}

extension SDPError: CustomStringConvertible {
  /// An English sentence for a log; repeats nothing the peer wrote except names of attributes and tags.
  public var description: String {
    var text = problem.description
    if let section { text += " in m-section \(section)" }
    if let line { text += " (line \(line))" }
    return text
  }
}

extension SDPError.Problem: CustomStringConvertible {
  /// What was wrong, in English.
  public var description: String {
    switch self {
    case .tooMany(let limit): "too many \(limit.rawValue)"
    case .malformedLine: "a line is not of the form letter=text"
    case .unknownType: "unknown type letter"
    case .missing(let letter): "\(letter)= is missing"
    case .malformedValue(let letter): "\(letter)= is malformed"
    case .malformedAttribute(let name): "a=\(name) is malformed"
    case .badPayloadType: "payload type is not 0 to 127"
    case .badExtensionIdentifier: "header-extension identifier out of range"
    case .duplicateExtensionIdentifier: "header-extension identifier used twice"
    case .duplicateMid(let mid): "mid \(mid) used twice"
    case .noICECredentials: "no ice-ufrag or ice-pwd"
    case .noFingerprint: "no fingerprint"
    case .badSetupRole: "setup role cannot be answered"
    case .sectionMismatch: "m-sections do not continue the earlier ones"
    }
  }
}
