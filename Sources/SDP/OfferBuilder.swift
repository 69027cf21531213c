/// Makes offers and reads their answers (RFC 8829 §5.2, §5.11): for clients of our own.
///
/// Everything offered shares one transport; only the first m-section has a port and candidates.
public struct OfferBuilder: Hashable, Sendable {
  /// One m-section to offer.
  public struct Section: Hashable, Sendable {
    /// Its tag, at most 16 characters, unique in the offer.
    public var mid: String
    /// Sound, pictures, or data channels on the policy's terms.
    public var kind: MediaSection.Kind
    /// Who sends.
    public var direction: Direction
    /// What is sent; its sources are not written where `rids` are, as they are told apart by RID then.
    public var track: LocalTrack?
    /// Simulcast layers to send, in order.
    public var rids: [String]
    /// The codecs to offer here; nil takes the policy's.
    public var codecs: [CodecPreference]?
    /// The codecs to offer with their payload types, RTX among them; nil has types given to `codecs`.
    public var payloads: [RTPCodec]?
    /// The header extensions with their numbers; nil has numbers given to the policy's.
    public var extensions: [HeaderExtension]?
    /// Whether the section already shares the transport, so that it needs no `bundle-only`.
    public var isBundled: Bool
    /// Offered as rejected: its place may be taken by another section in a later offer.
    public var isStopped: Bool

    /// An m-section to offer.
    public init(
      mid: String, kind: MediaSection.Kind, direction: Direction, track: LocalTrack? = nil,
      rids: [String] = [], codecs: [CodecPreference]? = nil, payloads: [RTPCodec]? = nil,
      extensions: [HeaderExtension]? = nil, isBundled: Bool = false, isStopped: Bool = false
    ) {
      self.payloads = payloads
      self.extensions = extensions
      self.isBundled = isBundled
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
    // The section that holds the transport cannot be declined, so a new one does not come first.
    let live =
      sections.indices.filter { !sections[$0].isStopped && sections[$0].isBundled }
      + sections.indices.filter { !sections[$0].isStopped && !sections[$0].isBundled }
    if !live.isEmpty {
      offer.add("group", "BUNDLE " + live.map { sections[$0].mid }.joined(separator: " "))
    }
    offer.add("extmap-allow-mixed")
    if local.isICELite { offer.add("ice-lite") }
    for (index, section) in sections.enumerated() {
      offer.mediaSections.append(write(section, isTagged: index == live.first))
    }
    return offer
  }

  private func write(_ section: Section, isTagged: Bool) -> MediaSection {
    let codecs = section.kind == .application ? [] : payloads(for: section)
    var written: MediaSection
    if section.kind == .application {
      written = MediaSection(data: policy.data ?? .init(), mid: section.mid, port: 0, like: nil)
    } else {
      written = MediaSection(
        kind: section.kind, port: 0, transportProtocol: "UDP/TLS/RTP/SAVPF",
        // An m= line has a format even where it is rejected.
        formats: codecs.isEmpty ? ["0"] : codecs.map { "\($0.payloadType)" })
      written.add("mid", section.mid)
    }
    let isReachable = !section.isStopped && (isTagged || section.isBundled)
    if isReachable { written.port = local.defaultAddress.port }
    written.connections = [isReachable ? local.defaultAddress.connection : "IN IP4 0.0.0.0"]
    if section.isStopped {
      written.add(Direction.inactive.rawValue)
      return written
    }
    if section.kind != .application { written.add(section.direction.rawValue) }
    written.attributes += local.attributes(setup: .actpass)
    if isTagged { written.attributes += local.candidateAttributes }
    if !isReachable { written.add("bundle-only") }
    if section.kind == .application {
      written.addDataLines(policy.data ?? .init())
    } else {
      write(section, codecs: codecs, into: &written)
    }
    return written
  }

  private func write(_ section: Section, codecs: [RTPCodec], into written: inout MediaSection) {
    written.add("rtcp-mux")
    written.add("rtcp-rsize")
    for codec in codecs { written.attributes += codec.attributes }
    let extensions = section.extensions ?? extensions(for: section.kind)
    for one in extensions { written.add("extmap", one.text) }
    guard section.direction.sends else { return }
    var track = section.track
    if !codecs.contains(where: { $0.isNamed("rtx") }) { track?.rtxSSRC = nil }
    written.attributes += track?.attributes(withSources: section.rids.isEmpty) ?? []
    if !section.rids.isEmpty {
      for rid in section.rids { written.add("rid", "\(rid) send") }
      written.add("simulcast", "send " + section.rids.joined(separator: ";"))
    }
  }

  /// Codecs with payload types: the same codec has the same type in every section.
  private func payloads(for section: Section) -> [RTPCodec] {
    if let payloads = section.payloads { return payloads }
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
