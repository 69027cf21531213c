/// Makes offers and reads their answers (RFC 8829 §5.2, §5.11): for clients of our own.
///
/// Everything offered shares one transport; only the first m-section has a port and candidates.
public struct OfferBuilder: Hashable, Sendable {
  /// One m-section to offer.
  public struct Section: Hashable, Sendable {
    /// Its tag, at most 16 characters, unique in the offer.
    public var mid: String
    /// Sound or pictures.
    public var kind: MediaSection.Kind
    /// Who sends.
    public var direction: Direction
    /// What is sent; its sources are not written where `rids` are, as they are told apart by RID then.
    public var track: LocalTrack?
    /// Simulcast layers to send, in order.
    public var rids: [String]
    /// The codecs to offer here; nil takes the policy's.
    public var codecs: [CodecPreference]?
    /// Offered as rejected: its place may be taken by another section in a later offer.
    public var isStopped: Bool

    /// An m-section to offer.
    public init(
      mid: String, kind: MediaSection.Kind, direction: Direction, track: LocalTrack? = nil,
      rids: [String] = [], codecs: [CodecPreference]? = nil, isStopped: Bool = false
    ) {
      self.mid = mid
      self.kind = kind
      self.direction = direction
      self.track = track
      self.rids = rids
      self.codecs = codecs
      self.isStopped = isStopped
    }
  }

  /// This side of the transport; its DTLS role is always left to the answerer (RFC 8842 §5.2).
  public var local: LocalTransport
  /// The codecs and header extensions offered.
  public var policy: MediaPolicy
  /// The m-sections; later offers only add to them.
  public var sections: [Section]
  /// Names the session in `o=`.
  public var sessionID: UInt64
  /// To be raised with each offer that differs.
  public var sessionVersion: UInt64

  /// Offers `sections` as `local`.
  public init(
    local: LocalTransport, policy: MediaPolicy = MediaPolicy(), sections: [Section],
    sessionID: UInt64, sessionVersion: UInt64 = 1
  ) {
    self.local = local
    self.policy = policy
    self.sections = sections
    self.sessionID = sessionID & 0x7FFF_FFFF_FFFF_FFFF
    self.sessionVersion = sessionVersion
  }

  /// The offer.
  public func offer() -> SessionDescription {
    var offer = SessionDescription(
      origin: .init(sessionID: "\(sessionID)", sessionVersion: "\(sessionVersion)"))
    let live = sections.filter { !$0.isStopped }
    if !live.isEmpty {
      offer.add("group", "BUNDLE " + live.map(\.mid).joined(separator: " "))
    }
    offer.add("extmap-allow-mixed")
    if local.isICELite { offer.add("ice-lite") }
    let tagged = sections.firstIndex { !$0.isStopped }
    for (index, section) in sections.enumerated() {
      offer.mediaSections.append(write(section, isTagged: index == tagged))
    }
    return offer
  }

  private func write(_ section: Section, isTagged: Bool) -> MediaSection {
    let codecs = payloads(for: section)
    let address = local.defaultAddress
    var written = MediaSection(
      kind: section.kind, port: isTagged ? address.port : 0,
      transportProtocol: "UDP/TLS/RTP/SAVPF", formats: codecs.map { "\($0.payloadType)" })
    written.connections = [isTagged ? address.connection : "IN IP4 0.0.0.0"]
    written.add("mid", section.mid)
    if section.isStopped {
      written.add(Direction.inactive.rawValue)
      return written
    }
    written.add(section.direction.rawValue)
    written.attributes += local.attributes(setup: .actpass)
    if isTagged {
      written.attributes += local.candidateAttributes
    } else {
      written.add("bundle-only")
    }
    written.add("rtcp-mux")
    written.add("rtcp-rsize")
    for codec in codecs { written.attributes += codec.attributes }
    for one in extensions(for: section.kind) { written.add("extmap", one.text) }
    guard section.direction.sends else { return written }
    if section.rids.isEmpty {
      var track = section.track
      if !codecs.contains(where: { $0.isNamed("rtx") }) { track?.rtxSSRC = nil }
      written.attributes += track?.attributes ?? []
    } else {
      if let track = section.track { written.add("msid", track.msid) }
      for rid in section.rids { written.add("rid", "\(rid) send") }
      written.add("simulcast", "send " + section.rids.joined(separator: ";"))
    }
    return written
  }

  /// Codecs with payload types: the same codec has the same type in every section.
  private func payloads(for section: Section) -> [RTPCodec] {
    let known = policy.codecs(for: section.kind)
    let wanted = section.codecs ?? known
    let all = known + wanted.filter { !known.contains($0) }
    var next: UInt8 = section.kind == .audio ? 111 : 96
    var result: [RTPCodec] = []
    for preference in all {
      let type = next
      // 96–110 are for pictures, 111–127 for sound; types that run out are not offered.
      guard type < 127, section.kind == .audio || type < 110 else { break }
      next += 2
      guard wanted.contains(preference) else { continue }
      var parameters = preference.formatParameters
      if preference.name.equalsIgnoringCase("red") { parameters = "111/111" }
      result.append(
        RTPCodec(
          payloadType: type, name: preference.name, clockRate: preference.clockRate,
          channels: preference.channels, formatParameters: parameters,
          feedback: preference.feedback))
      if policy.usesRetransmission, section.kind == .video {
        result.append(
          RTPCodec(
            payloadType: type + 1, name: "rtx", clockRate: preference.clockRate,
            formatParameters: "apt=\(type)"))
      }
    }
    return result
  }

  private func extensions(for kind: MediaSection.Kind) -> [HeaderExtension] {
    var id: UInt16 = 0
    return policy.headerExtensions.compactMap { uri in
      id += id == 14 ? 2 : 1
      guard id <= 255, kind != .audio || Self.audioExtensions.contains(uri),
        kind == .audio || !Self.soundOnly.contains(uri)
      else { return nil }
      return HeaderExtension(id: id, uri: uri)
    }
  }

  private static let audioExtensions: Set<String> = [
    HeaderExtension.mid, HeaderExtension.audioLevel, HeaderExtension.mixedAudioLevel,
    HeaderExtension.transportWideCC, HeaderExtension.absoluteSendTime,
  ]
  private static let soundOnly: Set<String> = [
    HeaderExtension.audioLevel, HeaderExtension.mixedAudioLevel,
  ]
}
