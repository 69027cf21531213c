/// What a description is, and its text (W3C WebRTC §4.6.2).
public struct SessionDescriptionText: Hashable, Sendable {
  /// What it is in the exchange.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A proposal.
    case offer
    /// An answer that another will follow.
    case provisionalAnswer = "pranswer"
    /// The answer.
    case answer
    /// Takes back the proposal; has no text.
    case rollback
  }

  /// What it is.
  public var kind: Kind
  /// The description (RFC 8866).
  public var sdp: String

  /// A description.
  public init(kind: Kind, sdp: String) {
    self.kind = kind
    self.sdp = sdp
  }

  /// Takes back what was proposed.
  public static let rollback = SessionDescriptionText(kind: .rollback, sdp: "")
}

/// A candidate as it travels through signalling (W3C WebRTC §4.8.1.1).
public struct CandidateInit: Hashable, Sendable {
  /// `candidate:…`; empty where no more will come.
  public var candidate: String
  /// The tag of its m-section.
  public var sdpMid: String?
  /// The place of its m-section, the first being 0.
  public var sdpMLineIndex: Int?
  /// The generation it belongs to.
  public var usernameFragment: String?

  /// A candidate; one of `sdpMid` and `sdpMLineIndex` is needed to add it, unless it is empty.
  public init(
    candidate: String, sdpMid: String? = nil, sdpMLineIndex: Int? = nil,
    usernameFragment: String? = nil
  ) {
    self.candidate = candidate
    self.sdpMid = sdpMid
    self.sdpMLineIndex = sdpMLineIndex
    self.usernameFragment = usernameFragment
  }
}

/// What an offer should do besides (W3C WebRTC §4.2.5).
public struct OfferOptions: Hashable, Sendable {
  /// Whether it restarts ICE.
  public var restartsICE: Bool

  /// An ordinary offer.
  public init(restartsICE: Bool = false) { self.restartsICE = restartsICE }
}

/// As browsers write it: `{"type": "offer", "sdp": "v=0…"}`.
extension SessionDescriptionText: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind = "type"
    case sdp
  }

  /// Reads what `JSON.stringify` makes of a browser's description.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      kind: try fields.decode(Kind.self, forKey: .kind),
      sdp: try fields.decodeIfPresent(String.self, forKey: .sdp) ?? "")
  }
}

extension SessionDescriptionText.Kind: Codable {}

/// As browsers write it: `{"candidate": "candidate:…", "sdpMid": "0", …}`.
extension CandidateInit: Codable {
  private enum CodingKeys: String, CodingKey {
    case candidate, sdpMid, sdpMLineIndex, usernameFragment
  }

  /// Reads what `JSON.stringify` makes of a browser's candidate.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      candidate: try fields.decodeIfPresent(String.self, forKey: .candidate) ?? "",
      sdpMid: try fields.decodeIfPresent(String.self, forKey: .sdpMid),
      sdpMLineIndex: try fields.decodeIfPresent(Int.self, forKey: .sdpMLineIndex),
      usernameFragment: try fields.decodeIfPresent(String.self, forKey: .usernameFragment))
  }
}
