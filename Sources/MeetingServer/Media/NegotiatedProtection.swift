import SDP
import SFU

extension NegotiatedSection {
  private static let protection: Set<String> = ["red", "flexfec-03"]

  /// The codecs of the media itself, without what only makes losses good.
  var mediaCodecs: [NegotiatedCodec] {
    codecs.filter { !Self.protection.contains($0.name.lowercased()) }
  }

  /// The second source of each group of two, with the first.
  func secondarySources(_ semantics: String) -> [UInt32: UInt32] {
    Dictionary(
      remoteGroups.filter { $0.semantics == semantics && $0.ssrcs.count == 2 }
        .map { ($0.ssrcs[1], $0.ssrcs[0]) }, uniquingKeysWith: { first, _ in first })
  }

  /// Opus, if lost packets of it are repeated on request.
  fileprivate var repeatsSound: Bool {
    kind == .audio && codec(named: "opus")?.feedback.contains("nack") == true
  }
}

extension TrackProtection {
  init(_ section: NegotiatedSection) {
    self.init()
    if let red = section.codec(named: "red"), let opus = section.codec(named: "opus") {
      redundancy[red.payloadType] = opus.payloadType
    }
    repeatsSound = section.repeatsSound
    repairPayloadType = section.codec(named: "flexfec-03")?.payloadType
    repairSSRCs = section.secondarySources("FEC-FR")
  }
}

extension SlotProtection {
  init(_ section: NegotiatedSection, _ track: LocalTrack) {
    self.init()
    redundancyPayloadType = section.codec(named: "red")?.payloadType
    repeatsSound = section.repeatsSound
    if let codec = section.codec(named: "flexfec-03"), let ssrc = track.repairSSRC {
      repair = RepairStream(ssrc: ssrc, payloadType: codec.payloadType)
    }
  }
}
