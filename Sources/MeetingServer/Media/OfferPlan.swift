import Peer
import SDP
import SFU

/// What is answered to an offer, and what forwarding makes of it.
///
/// Sections in which the peer sends become published tracks; sections in which it receives become receive
/// slots. A plain client's one section both ways is both.
struct OfferPlan {
  private static let allVideo: [CodecPreference] = [.vp8, .h264, .vp9, .av1]

  /// Beginning at two megabits, a browser shows a sharp picture at once instead of after half a minute; one that
  /// knows its own path begins there.
  static func policy(for offer: MediaOffer) -> MediaPolicy {
    MediaPolicy(
      audio: [.opus, .red], video: allVideo,
      headerExtensions: [
        HeaderExtension.mid, HeaderExtension.rid, HeaderExtension.repairedRID,
        HeaderExtension.audioLevel, HeaderExtension.transportWideCC,
        HeaderExtension.videoOrientation, HeaderExtension.dependencyDescriptor,
      ],
      videoFormatParameters: [
        "x-google-start-bitrate=\((offer.upBitrate ?? 2_000_000) / 1000)"
      ])
  }

  /// By index of the m-section.
  private(set) var sections: [SectionPlan] = []
  private var roles: [Int: SourceRole] = [:]

  /// Plans an answer. `codecs` are those in which pictures may come, the preferred one first; `previous` are the slots the peer has already; `newSSRC` draws an unused SSRC.
  init(
    _ offer: SessionDescription, sources: [SourceBinding], codecs: [MediaVideoCodec],
    previous: NegotiatedSession?,
    newSSRC: () -> UInt32
  ) {
    let isMozilla = offer.origin.username.hasPrefix("mozilla")
    var counts: [MediaSection.Kind: Int] = [:]
    for (index, section) in offer.mediaSections.enumerated() {
      let direction = section.direction ?? .sendrecv
      let mid = section.tag(at: index)
      if direction.sends, let role = role(of: section, mid, sources) { roles[index] = role }
      let published = Self.publishedCodecs(section, codecs, isMozilla: isMozilla)
      guard direction.receives else {
        sections.append(SectionPlan(codecs: published))
        continue
      }
      let ordinal = counts[section.kind, default: 0]
      counts[section.kind] = ordinal + 1
      var track =
        previous?.section(mid: mid)?.localTrack
        ?? LocalTrack(
          ssrc: newSSRC(), cname: "jumpa", streamID: "slot-\(ordinal)",
          trackID: "slot-\(section.kind.name)-\(ordinal)")
      if section.kind == .video, track.repairSSRC == nil { track.repairSSRC = newSSRC() }
      // Left out of the answer where the offer has no RTX.
      track.rtxSSRC = track.rtxSSRC ?? newSSRC()
      sections.append(
        SectionPlan(
          track: track,
          codecs: direction.sends ? published : Self.viewerCodecs(section.kind))
      )
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

  /// One codec only, so that nothing is sent that somebody cannot show: the first of ours that is offered. With it
  /// goes what makes losses good; sound is sent with redundancy where that stands first.
  ///
  /// Firefox sends no H264 without a plugin, and all simulcast layers of VP9 in one size.
  private static func publishedCodecs(
    _ section: MediaSection, _ codecs: [MediaVideoCodec], isMozilla: Bool
  ) -> [CodecPreference]? {
    guard section.kind == .video else { return [.red, .opus] }
    let offered = section.codecs
    let isSimulcast = section.simulcast?.send.isEmpty == false
    let match = codecs.first { codec in
      if isMozilla, codec == .h264 || codec == .vp9 && isSimulcast { return false }
      return offered.contains { $0.isNamed(codec.preference.name) }
    }
    return match.map { [$0.preference, .flexibleFEC] } ?? []
  }

  private static func viewerCodecs(_ kind: MediaSection.Kind) -> [CodecPreference]? {
    kind == .video ? allVideo + [.flexibleFEC] : nil
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
      for codec in section.mediaCodecs.reversed() {
        payloadTypes[PayloadCodec(codec)] = codec.payloadType
      }
      var slot = ReceiveSlot(
        mid: section.mid, kind: section.kind == .audio ? .audio : .video, ssrc: track.ssrc,
        payloadTypes: payloadTypes, extensions: section.writtenExtensions)
      slot.protection = SlotProtection(section, track)
      slot.retransmissionSSRC = track.rtxSSRC
      for codec in section.codecs {
        slot.retransmissionTypes[codec.payloadType] = codec.rtxPayloadType
      }
      slot.asksForLost = section.codecs.contains { $0.feedback.contains("nack") }
      return slot
    }
  }
}

extension MediaVideoCodec {
  fileprivate var preference: CodecPreference {
    switch self {
    case .vp8: .vp8
    case .h264: .h264
    case .vp9: .vp9
    case .av1: .av1
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
    for codec in section.mediaCodecs { codecs[codec.payloadType] = PayloadCodec(codec) }
    let repairs = section.secondarySources("FID")
    let protection = TrackProtection(section)
    self.init(
      mid: section.mid, role: role, codecs: codecs,
      clockRate: section.mediaCodecs.first?.clockRate ?? 90_000,
      extensions: section.readExtensions,
      ssrcs: section.remoteSSRCs.map(\.ssrc).filter {
        repairs[$0] == nil && protection.repairSSRCs[$0] == nil
      })
    self.protection = protection
    retransmissions = section.repairedPayloadTypes
    retransmissionSSRCs = repairs
    rids = section.rids
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
