/// A session description (RFC 8866): what a peer offers or answers.
///
/// Holds everything the text says, unknown attributes included and in order, so that printing what
/// was parsed and parsing it again gives the same value. Lines within the session or within an
/// m-section may come in any order; they are printed in the order of RFC 8866 §5.
public struct SessionDescription: Hashable, Sendable, AttributeCarrier {
  /// `o=`: who made the description and which version of it this is (RFC 8866 §5.2).
  public struct Origin: Hashable, Sendable {
    /// `-`, or a name.
    public var username: String
    /// A number that names the session; digits.
    public var sessionID: String
    /// Rises with each change; digits.
    public var sessionVersion: String
    /// Network type, address type and address, as written.
    public var address: String

    /// An origin; the address says nothing, as RFC 8829 §5.2.1 advises.
    public init(
      username: String = "-", sessionID: String, sessionVersion: String,
      address: String = "IN IP4 0.0.0.0"
    ) {
      self.username = username
      self.sessionID = sessionID
      self.sessionVersion = sessionVersion
      self.address = address
    }
  }

  /// `b=` (RFC 8866 §5.8).
  public struct Bandwidth: Hashable, Sendable {
    /// `AS` (kilobit/s), `TIAS` (bit/s) or another.
    public var type: String
    /// In the type's unit.
    public var value: UInt64

    /// `b=type:value`.
    public init(type: String, value: UInt64) {
      self.type = type
      self.value = value
    }
  }

  /// A line that is kept but not looked into: `t`, `r`, `z`, `e`, `p`, `u`, `i`, `k`.
  public struct OtherLine: Hashable, Sendable {
    /// The type letter.
    public var type: Character
    /// Everything after the equals sign.
    public var value: String
  }

  /// `o=`.
  public var origin: Origin
  /// `s=`.
  public var name: String
  /// `i`, `u`, `e` and `p` lines, in order.
  public var contacts: [OtherLine]
  /// `c=`, as written.
  public var connection: String?
  /// `b=` lines.
  public var bandwidths: [Bandwidth]
  /// `t`, `r`, `z` and `k` lines, in order.
  public var times: [OtherLine]
  /// Session-level `a=` lines.
  public var attributes: [Attribute]
  /// The m-sections in order.
  public var mediaSections: [MediaSection]

  /// A description with `t=0 0` and no m-section yet.
  public init(origin: Origin) {
    self.origin = origin
    name = "-"
    contacts = []
    connection = nil
    bandwidths = []
    times = [OtherLine(type: "t", value: "0 0")]
    attributes = []
    mediaSections = []
  }
}

extension SessionDescription {
  /// `a=group` (RFC 5888 §5).
  public struct Group: Hashable, Sendable {
    /// `BUNDLE`, `LS` or another.
    public var semantics: String
    /// The tags of the m-sections grouped.
    public var mids: [String]

    /// A group of m-sections.
    public init(semantics: String, mids: [String]) {
      self.semantics = semantics
      self.mids = mids
    }
  }

  /// All `a=group` lines.
  public var groups: [Group] {
    values(of: "group").compactMap { value in
      let words = value.pieces(separatedBy: .space)
      guard let semantics = words.first else { return nil }
      return Group(semantics: String(semantics), mids: words.dropFirst().map(String.init))
    }
  }

  /// The tags of the first BUNDLE group (RFC 9143); nil if the description has none.
  public var bundle: [String]? { groups.first { $0.semantics == "BUNDLE" }?.mids }

  /// Whether the peer is an ICE-lite agent (RFC 8839 §5.3).
  public var isICELite: Bool { has("ice-lite") }
}
