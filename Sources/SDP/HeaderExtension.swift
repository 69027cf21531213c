/// `a=extmap` (RFC 8285 §5): the number an RTP header extension travels under.
public struct HeaderExtension: Hashable, Sendable {
  /// 1–14 and 16–255; up to 4351 in an offer with more extensions than numbers.
  public var id: UInt16
  /// Who uses it, seen from the writer; nil means both.
  public var direction: Direction?
  /// What it is; compare with the constants of ``HeaderExtension``.
  public var uri: String
  /// Everything after the URI.
  public var extensionAttributes: String?

  /// A header extension.
  public init(id: UInt16, uri: String, direction: Direction? = nil) {
    self.id = id
    self.direction = direction
    self.uri = uri
    extensionAttributes = nil
  }

  /// Reads `3 urn:…` or `3/sendonly urn:… attributes`; nil if it is not of that form.
  init?(extmap value: String) {
    let words = value.pieces(separatedBy: .space, maxSplits: 2)
    guard words.count >= 2 else { return nil }
    direction = nil
    var number = words[0]
    if let (head, tail) = words[0].cut(at: .slash) {
      guard let written = Direction(rawValue: String(tail)) else { return nil }
      direction = written
      number = head
    }
    guard let id = UInt16(digits: number) else { return nil }
    self.id = id
    uri = String(words[1])
    extensionAttributes = words.count > 2 ? String(words[2]) : nil
  }

  /// The value of `a=extmap`.
  var text: String {
    "\(id)" + (direction.map { "/\($0.rawValue)" } ?? "") + " \(uri)"
      + (extensionAttributes.map { " \($0)" } ?? "")
  }

  /// Whether the number is one RFC 8285 §6 allows in an offer; 0 is padding, 15 is reserved.
  var isValid: Bool {
    (1...14).contains(id) || (16...255).contains(id) || (4096...4351).contains(id)
  }
}

extension AttributeCarrier {
  /// `a=extmap` lines that can be read.
  public var headerExtensions: [HeaderExtension] {
    values(of: "extmap").compactMap { HeaderExtension(extmap: $0) }
  }
}

extension HeaderExtension {
  /// The m-section's identification tag (RFC 9143 §15).
  public static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
  /// The RID of a simulcast layer (RFC 8852).
  public static let rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
  /// The RID that a retransmission repairs (RFC 8852).
  public static let repairedRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
  /// Loudness (RFC 6464).
  public static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
  /// Loudness of mixed sources (RFC 6465).
  public static let mixedAudioLevel = "urn:ietf:params:rtp-hdrext:csrc-audio-level"
  /// Sequence numbers over all streams of a transport.
  public static let transportWideCC =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
  /// When the packet left.
  public static let absoluteSendTime =
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
  /// Transmission time offset (RFC 5450).
  public static let transmissionOffset = "urn:ietf:params:rtp-hdrext:toffset"
  /// How the camera is turned.
  public static let videoOrientation = "urn:3gpp:video-orientation"
  /// Limits of the jitter buffer.
  public static let playoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
  /// Camera or screen.
  public static let videoContentType =
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"
  /// Capture and encode times.
  public static let videoTiming = "http://www.webrtc.org/experiments/rtp-hdrext/video-timing"
  /// Colour primaries and range.
  public static let colorSpace = "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
  /// AV1 dependency descriptor.
  public static let dependencyDescriptor =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
  /// Bit rates of the layers sent.
  public static let videoLayersAllocation =
    "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
}
