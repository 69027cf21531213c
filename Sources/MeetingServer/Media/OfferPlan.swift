import SDP
import SFU

/// What is answered to an offer, and what forwarding makes of it.
///
/// Sections in which the peer sends become published tracks; sections in which it receives become receive
/// slots. A plain client's one section both ways is both.
struct OfferPlan {
  private static let publishedVideo: [CodecPreference] = [.vp8, .h264, .vp9, .av1]
  /// What a viewer may ask for. Repairs towards viewers are not made yet, so they are not promised.
  private static let viewerFeedback = ["nack pli", "ccm fir"]

  /// Beginning at two megabits, a browser shows a sharp picture at once instead of after half a minute.
  static let policy = MediaPolicy(
    audio: [.opus], video: publishedVideo,
    headerExtensions: [
      HeaderExtension.mid, HeaderExtension.rid, HeaderExtension.repairedRID,
      HeaderExtension.audioLevel, HeaderExtension.transportWideCC,
      HeaderExtension.videoOrientation,
    ], videoFormatParameters: ["x-google-start-bitrate=2000"])

  /// By index of the m-section.
  private(set) var sections: [SectionPlan] = []
  private var roles: [Int: SourceRole] = [:]

  /// Plans an answer. `previous` are the slots the peer has already; `newSSRC` draws an unused SSRC.
  init(
    _ offer: SessionDescription, sources: [SourceBinding], previous: NegotiatedSession?,
    newSSRC: () -> UInt32
  ) {
    var counts: [MediaSection.Kind: Int] = [:]
    for (index, section) in offer.mediaSections.enumerated() {
      let direction = section.direction ?? .sendrecv
      let mid = section.tag(at: index)
      if direction.sends, let role = role(of: section, mid, sources) { roles[index] = role }
      guard direction.receives else {
        sections.append(SectionPlan(codecs: Self.publishedCodecs(section)))
        continue
      }
      let ordinal = counts[section.kind, default: 0]
      counts[section.kind] = ordinal + 1
      let track =
        previous?.section(mid: mid)?.localTrack
        ?? LocalTrack(
          ssrc: newSSRC(), cname: "jumpa", streamID: "slot-\(ordinal)",
          trackID: "slot-\(section.kind.name)-\(ordinal)")
      sections.append(
        SectionPlan(
          track: track,
          codecs: direction.sends
            ? Self.publishedCodecs(section) : Self.viewerCodecs(section.kind)))
    }
  }

  /// The role the client names, or by kind: the first of a kind is a person's, the second a screen's.
  private func role(
    of section: MediaSection, _ mid: String, _ sources: [SourceBinding]
  ) -> SourceRole? {
    let kinds: [SourceRole] =
      switch section.kind {
      case .audio: [.microphone, .screenAudio]
      case .video: [.camera, .screen]
      default: []
      }
    if let binding = sources.first(where: { $0.mid == mid }) {
      let named = SourceRole(binding.source)
      return kinds.contains(named) && !roles.values.contains(named) ? named : nil
    }
    let isNamedElsewhere = Set(sources.map { SourceRole($0.source) })
    return kinds.first { !roles.values.contains($0) && !isNamedElsewhere.contains($0) }
  }

  /// One codec only, so that nothing is sent that somebody cannot show: the first of ours that is offered.
  private static func publishedCodecs(_ section: MediaSection) -> [CodecPreference]? {
    guard section.kind == .video else { return nil }
    let offered = section.codecs
    let match = publishedVideo.first { preference in
      offered.contains { $0.isNamed(preference.name) }
    }
    return match.map { [$0] }
  }

  private static func viewerCodecs(_ kind: MediaSection.Kind) -> [CodecPreference]? {
    guard kind == .video else { return nil }
    return publishedVideo.map { preference in
      var preference = preference
      preference.feedback = viewerFeedback
      return preference
    }
  }

  /// What the peer may send, after `negotiated`.
  func publishedTracks(_ negotiated: NegotiatedSession) -> [PublishedTrack] {
    negotiated.sections.compactMap { section in
      guard !section.isRejected, section.weReceive, let role = roles[section.index] else {
        return nil
      }
      return PublishedTrack(section, role: role)
    }
  }

  /// Where the peer receives, after `negotiated`.
  func receiveSlots(_ negotiated: NegotiatedSession) -> [ReceiveSlot] {
    negotiated.sections.compactMap { section in
      guard !section.isRejected, section.weSend, let track = section.localTrack else { return nil }
      var payloadTypes: [PayloadCodec: UInt8] = [:]
      for codec in section.codecs.reversed() {
        payloadTypes[PayloadCodec(codec)] = codec.payloadType
      }
      return ReceiveSlot(
        mid: section.mid, kind: section.kind == .audio ? .audio : .video, ssrc: track.ssrc,
        payloadTypes: payloadTypes, extensions: HeaderExtensionIDs(section, weWrite: true))
    }
  }
}

extension SourceRole {
  init(_ source: MediaSource) {
    self =
      switch source {
      case .microphone: .microphone
      case .camera: .camera
      case .screen: .screen
      case .screenAudio: .screenAudio
      }
  }
}

extension MediaSource {
  init(_ role: SourceRole) {
    self =
      switch role {
      case .microphone: .microphone
      case .camera: .camera
      case .screen: .screen
      case .screenAudio: .screenAudio
      }
  }
}

extension PublishedTrack {
  fileprivate init(_ section: NegotiatedSection, role: SourceRole) {
    var codecs: [UInt8: PayloadCodec] = [:]
    for codec in section.codecs { codecs[codec.payloadType] = PayloadCodec(codec) }
    let repairs = Dictionary(
      section.remoteGroups.filter { $0.semantics == "FID" && $0.ssrcs.count == 2 }
        .map { ($0.ssrcs[1], $0.ssrcs[0]) }, uniquingKeysWith: { first, _ in first })
    self.init(
      mid: section.mid, role: role, codecs: codecs,
      clockRate: section.codecs.first?.clockRate ?? 90_000,
      extensions: HeaderExtensionIDs(section, weWrite: false),
      ssrcs: section.remoteSSRCs.map(\.ssrc).filter { repairs[$0] == nil })
    for codec in section.codecs {
      if let repair = codec.rtxPayloadType { retransmissions[repair] = codec.payloadType }
    }
    retransmissionSSRCs = repairs
    rids = section.rids
  }
}

extension HeaderExtensionIDs {
  fileprivate init(_ section: NegotiatedSection, weWrite: Bool) {
    self.init()
    func id(_ uri: String) -> UInt8 {
      guard let agreed = section.headerExtension(uri) else { return 0 }
      return (weWrite ? agreed.weSend : agreed.weReceive) ? agreed.id : 0
    }
    mid = id(HeaderExtension.mid)
    rid = id(HeaderExtension.rid)
    repairedRid = id(HeaderExtension.repairedRID)
    audioLevel = id(HeaderExtension.audioLevel)
    videoOrientation = id(HeaderExtension.videoOrientation)
  }
}

extension PayloadCodec {
  fileprivate init(_ codec: NegotiatedCodec) {
    func parameter(_ name: String) -> UInt8 {
      for part in codec.formatParameters.split(separator: ";") {
        let pair = part.split(separator: "=", maxSplits: 1)
        guard pair.count == 2, pair[0].drop(while: { $0 == " " }) == name else { continue }
        return UInt8(pair[1]) ?? 0
      }
      return 0
    }
    switch codec.name.lowercased() {
    case "opus": self.init(.opus)
    case "vp8": self.init(.vp8)
    case "vp9": self.init(.vp9, variant: parameter("profile-id"))
    case "h264": self.init(.h264, variant: parameter("packetization-mode"))
    case "av1": self.init(.av1)
    default: self.init(.other)
    }
  }
}
