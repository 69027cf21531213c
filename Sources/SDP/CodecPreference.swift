/// A codec this side can take, and on which terms.
public struct CodecPreference: Hashable, Sendable {
  /// The name in `rtpmap`; case does not matter.
  public var name: String
  /// Ticks per second.
  public var clockRate: UInt32
  /// Channels, where the codec has them in `rtpmap`.
  public var channels: UInt8?
  /// What `fmtp` says in an offer of ours, and in an answer unless the codec mirrors the offer's.
  public var formatParameters: String
  /// The feedback this side takes for it.
  public var feedback: [String]

  /// A codec this side can take.
  public init(
    name: String, clockRate: UInt32, channels: UInt8? = nil, formatParameters: String = "",
    feedback: [String] = []
  ) {
    self.name = name
    self.clockRate = clockRate
    self.channels = channels
    self.formatParameters = formatParameters
    self.feedback = feedback
  }

  /// Opus with in-band error correction (RFC 7587).
  public static let opus = CodecPreference(
    name: "opus", clockRate: 48000, channels: 2, formatParameters: "minptime=10;useinbandfec=1",
    feedback: ["transport-cc", "nack"])
  /// Redundant Opus (RFC 2198); its format parameters name the payload type of Opus.
  public static let red = CodecPreference(name: "red", clockRate: 48000, channels: 2)
  /// VP8 (RFC 7741).
  public static let vp8 = CodecPreference(
    name: "VP8", clockRate: 90000, feedback: CodecPreference.videoFeedback)
  /// H.264 constrained baseline, packetization mode 1 (RFC 6184).
  public static let h264 = CodecPreference(
    name: "H264", clockRate: 90000,
    formatParameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    feedback: CodecPreference.videoFeedback)
  /// VP9 profile 0 (RFC 9628).
  public static let vp9 = CodecPreference(
    name: "VP9", clockRate: 90000, formatParameters: "profile-id=0",
    feedback: CodecPreference.videoFeedback)
  /// AV1 main profile.
  public static let av1 = CodecPreference(
    name: "AV1", clockRate: 90000, formatParameters: "level-idx=5;profile=0;tier=0",
    feedback: CodecPreference.videoFeedback)

  /// Repair packets for pictures (draft-ietf-payload-flexible-fec-scheme-03); they have a source of their own.
  public static let flexibleFEC = CodecPreference(
    name: "flexfec-03", clockRate: 90000, formatParameters: "repair-window=10000000",
    feedback: ["goog-remb", "transport-cc"])

  static let videoFeedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]
}

extension CodecPreference {
  /// The offered codec to take: the first that fits best; nil if none does.
  public func match(in offered: [RTPCodec]) -> RTPCodec? {
    let sameName = offered.filter {
      $0.isNamed(name) && $0.clockRate == clockRate && ($0.channels ?? 1) == (channels ?? 1)
    }
    let own = RTPCodec(
      payloadType: 0, name: name, clockRate: clockRate, formatParameters: formatParameters)
    switch name.asciiLowercased {
    case "vp9": return Self.first(in: sameName, agreeing: "profile-id", with: own)
    case "av1": return Self.first(in: sameName, agreeing: "profile", with: own)
    case "h264": return Self.matchH264(in: sameName, own: own)
    default: return sameName.first
    }
  }

  private static func first(
    in offered: [RTPCodec], agreeing name: String, with own: RTPCodec
  ) -> RTPCodec? {
    offered.first { $0.parameter(name) ?? "0" == own.parameter(name) ?? "0" }
  }

  /// RFC 6184 §8.2.2: packetization mode and profile must agree; the level may differ. Plain baseline
  /// is taken where constrained baseline is wanted but not offered, as it decodes the same streams.
  private static func matchH264(in offered: [RTPCodec], own: RTPCodec) -> RTPCodec? {
    let wanted = H264Profile(levelID: own.parameter("profile-level-id"))
    let sameMode = offered.filter {
      $0.parameter("packetization-mode") ?? "0" == own.parameter("packetization-mode") ?? "0"
    }
    func first(_ profile: H264Profile?) -> RTPCodec? {
      sameMode.first { H264Profile(levelID: $0.parameter("profile-level-id")) == profile }
    }
    return first(wanted) ?? (wanted == .constrainedBaseline ? first(.baseline) : nil)
  }

  /// What the answer's `fmtp` says for the offered codec taken: what must agree is mirrored, and nothing of
  /// what only limits the offerer.
  func answeredParameters(to offered: RTPCodec) -> String {
    let mirrored: Set<String>
    switch name.asciiLowercased {
    case "h264":
      mirrored = ["level-asymmetry-allowed", "packetization-mode", "profile-level-id"]
    case "vp9": mirrored = ["profile-id"]
    case "av1": mirrored = ["level-idx", "profile", "tier"]
    case "red", "flexfec-03": return offered.formatParameters
    default: return formatParameters
    }
    return offered.formatParameters.pieces(separatedBy: .semicolon).filter { piece in
      mirrored.contains((piece.cut(at: .equals)?.head ?? piece).trimmed.asciiLowercased)
    }.map { String($0.trimmed) }.joined(separator: ";")
  }
}

/// H.264 profiles that browsers offer (RFC 6184 §8.1, Table 5).
enum H264Profile: Hashable {
  case constrainedBaseline, baseline, main, constrainedHigh, high

  /// Reads the first two bytes of `profile-level-id`; nil for a profile not listed or an ill-formed
  /// text. No text at all means baseline.
  init?(levelID: Substring?) {
    guard let levelID else {
      self = .baseline
      return
    }
    guard levelID.utf8.count == 6, levelID.utf8.allSatisfy(\.isHexDigit),
      let number = UInt32(levelID, radix: 16)
    else { return nil }
    let constraints = UInt8(truncatingIfNeeded: number >> 8)
    switch (number >> 16, constraints) {
    case (0x42, let bits) where bits & 0x4F == 0x40: self = .constrainedBaseline
    case (0x4D, let bits) where bits & 0x8F == 0x80: self = .constrainedBaseline
    case (0x58, let bits) where bits & 0xCF == 0xC0: self = .constrainedBaseline
    case (0x42, let bits) where bits & 0x4F == 0: self = .baseline
    case (0x58, let bits) where bits & 0xCF == 0x80: self = .baseline
    case (0x4D, let bits) where bits & 0xAF == 0: self = .main
    case (0x64, 0x00): self = .high
    case (0x64, 0x0C): self = .constrainedHigh
    default: return nil
    }
  }
}
