/// A codec both sides agreed on in an m-section.
public struct NegotiatedCodec: Hashable, Sendable {
  /// As the offer writes it: `VP8`, `opus`.
  public var name: String
  /// The payload type, both ways.
  public var payloadType: UInt8
  /// Ticks per second of the RTP timestamp.
  public var clockRate: UInt32
  /// Channels if written.
  public var channels: UInt8?
  /// The peer's `fmtp`.
  public var formatParameters: String
  /// The payload type of its retransmissions (RFC 4588), if agreed.
  public var rtxPayloadType: UInt8?
  /// The feedback agreed: `nack`, `nack pli`, `ccm fir`, `goog-remb`, `transport-cc`.
  public var feedback: Set<String>

  /// Whether it bears that name; case does not matter.
  public func isNamed(_ name: String) -> Bool { self.name.equalsIgnoringCase(name) }
}

/// A header extension both sides agreed on in an m-section.
public struct NegotiatedExtension: Hashable, Sendable {
  /// 1–14 or 16–255.
  public var id: UInt8
  /// What it is.
  public var uri: String
  /// Whether this side may write it.
  public var weSend: Bool
  /// Whether the peer may write it.
  public var weReceive: Bool
}

/// What was agreed for one m-section.
public struct NegotiatedSection: Hashable, Sendable {
  /// Why a section is rejected.
  public enum Rejection: Hashable, Sendable {
    /// The offer itself does not want it, or the answerer rejected it.
    case byPeer
    /// The plan rejects it.
    case byPlan
    /// Neither audio nor video over RTP with DTLS, nor data channels where they are taken.
    case unsupported
    /// It would need a transport of its own.
    case notBundled
    /// It would need a port of its own for RTCP.
    case noRTCPMux
    /// No codec in common.
    case noCodec
  }

  /// Its place among the m-sections, the first being 0.
  public var index: Int
  /// Its tag, unique in the session; the index in parentheses if it has none.
  public var mid: String
  /// What flows in it.
  public var kind: MediaSection.Kind
  /// Why it is rejected; nil if it is not.
  public var rejection: Rejection?
  /// Whether this side sends.
  public var weSend = false
  /// Whether this side receives.
  public var weReceive = false
  /// The codecs agreed, the preferred one first, without RTX, with redundancy and repair.
  public var codecs: [NegotiatedCodec] = []
  /// The header extensions agreed.
  public var extensions: [NegotiatedExtension] = []
  /// Whether headers of one and two bytes may be mixed (RFC 8285 §4.1.2).
  public var allowsMixedExtensions = false
  /// The simulcast layers this side receives, in the order of `a=simulcast`; empty without simulcast.
  public var receiveRIDs: [String] = []
  /// The simulcast layers this side sends, in the order of `a=simulcast`; empty without simulcast.
  public var sendRIDs: [String] = []
  /// What was agreed of data channels, where it is their section.
  public var data: NegotiatedData?
  /// The sources the peer announced, if any; at most 64.
  public var remoteSSRCs: [SSRCDescription] = []
  /// How the peer grouped them: `FID` pairs media and retransmission; at most 64.
  public var remoteGroups: [SSRCGroup] = []
  /// The stream and track of what the peer sends.
  public var remoteMSID: MSID?
  /// What this side sends, as written in the description; without `rtxSSRC` where RTX was not agreed, and without
  /// `repairSSRC` where FlexFEC was not.
  public var localTrack: LocalTrack?
  /// RTCP packets need not be compound (RFC 5506).
  public var hasReducedSizeRTCP = false

  init(index: Int, section: MediaSection, rejection: Rejection? = nil) {
    self.index = index
    mid = section.tag(at: index)
    kind = section.kind
    self.rejection = rejection
  }

  /// Whether the section is rejected.
  public var isRejected: Bool { rejection != nil }

  /// The simulcast layers of the direction that has them; of those received where both have.
  public var rids: [String] { receiveRIDs.isEmpty ? sendRIDs : receiveRIDs }

  /// The extension of that URI, if agreed.
  public func headerExtension(_ uri: String) -> NegotiatedExtension? {
    extensions.first { $0.uri == uri }
  }

  /// The codec of that name, if agreed.
  public func codec(named name: String) -> NegotiatedCodec? { codecs.first { $0.isNamed(name) } }

  /// The retransmission source the peer announced for `ssrc` in a `FID` group.
  public func remoteRTXSSRC(of ssrc: UInt32) -> UInt32? {
    remoteGroups.first { $0.semantics == "FID" && $0.ssrcs.count == 2 && $0.ssrcs[0] == ssrc }?
      .ssrcs[1]
  }
}

/// The peer's side of the one transport, and the roles on it.
public struct NegotiatedTransport: Hashable, Sendable {
  /// The peer's ICE user name fragment.
  public var iceUfrag: String
  /// The peer's ICE password.
  public var icePwd: String
  /// The peer's ICE options.
  public var iceOptions: [String]
  /// Whether the peer is an ICE-lite agent.
  public var isICELite: Bool
  /// The peer's certificate must match one of these whose hash function is known; at most 8.
  public var fingerprints: [Fingerprint]
  /// Names the DTLS association, where the peer does so (RFC 8842 §5.1).
  public var tlsID: String?
  /// This side's DTLS role: `active` is the client, `passive` the server.
  public var localSetup: SetupRole
  /// The peer's `a=candidate` values.
  public var candidates: [String]
  /// Whether the peer said that no candidate will follow.
  public var hasEndOfCandidates: Bool
}

/// What an offer and its answer agreed on.
public struct NegotiatedSession: Hashable, Sendable {
  /// The session id of this side's descriptions.
  public var sessionID: UInt64
  /// The version of this side's last description.
  public var sessionVersion: UInt64
  /// All m-sections, the rejected ones included.
  public var sections: [NegotiatedSection]
  /// The transport; nil if every section is rejected.
  public var transport: NegotiatedTransport?

  /// The section with that tag.
  public func section(mid: String) -> NegotiatedSection? { sections.first { $0.mid == mid } }

  /// Whether `offer` asks for an ICE restart: other credentials than before (RFC 8839 §4.4.1.1.1). This
  /// side must then answer with new ones of its own.
  public func isICERestarted(by offer: SessionDescription) -> Bool {
    let lookup = BundleLookup(offer)
    let first = lookup.order.first { $0 < sections.count && !sections[$0].isRejected }
    guard let transport, let credentials = lookup.credentials(preferring: first) else {
      return false
    }
    return credentials.ufrag != transport.iceUfrag || credentials.pwd != transport.icePwd
  }
}
