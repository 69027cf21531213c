/// What one RTP packet carries after its header.
public struct RTPPayload: Sendable, Hashable {
  /// The payload.
  public var bytes: [UInt8]
  /// The marker bit: the last packet of a video frame, or the first packet of a talk spurt.
  public var marker: Bool

  /// A payload.
  public init(bytes: [UInt8], marker: Bool) {
    self.bytes = bytes
    self.marker = marker
  }
}

/// Cuts the frames of one track into RTP payloads.
///
/// All payloads of a frame are sent in order with the frame's timestamp. A frame that makes no sense in its
/// format, or an empty one, gives none.
public struct Packetizer: Sendable {
  /// The smallest payload a frame is cut into.
  public static let smallestPayloadSize = 64

  /// The codec.
  public let codec: MediaCodec
  /// The most bytes of one payload. Audio is never cut, so a longer frame of it makes a longer payload.
  public let maximumPayloadSize: Int
  private var format: any FrameCutting

  /// A packetizer.
  ///
  /// `firstPictureID` is where the picture numbers of VP8 and VP9 start; a random one hides how many there
  /// were. For VP9 only: `usesFlexibleMode` tells each frame's references one by one (RFC 9628 §4.2), and
  /// `structure` is told with each key frame.
  public init(
    codec: MediaCodec, maximumPayloadSize: Int = 1200, firstPictureID: UInt16 = 0,
    usesFlexibleMode: Bool = false, structure: VP9ScalabilityStructure? = nil
  ) {
    self.codec = codec
    self.maximumPayloadSize = max(maximumPayloadSize, Self.smallestPayloadSize)
    switch codec {
    case .opus: format = OpusPacketizer()
    case .pcmu, .pcma: format = G711Packetizer()
    case .vp8: format = VP8Packetizer(pictureID: firstPictureID)
    case .vp9:
      format = VP9Packetizer(
        pictureID: firstPictureID, isFlexible: usesFlexibleMode, structure: structure)
    case .h264: format = H264Packetizer()
    case .h265: format = H265Packetizer()
    case .av1: format = AV1Packetizer()
    }
  }

  /// The payloads of `frame`, in the order they are sent.
  public mutating func packetize(_ frame: EncodedFrame) -> [RTPPayload] {
    guard !frame.bytes.isEmpty else { return [] }
    return format.cut(frame, limit: maximumPayloadSize)
  }
}

/// Cuts frames of one codec.
protocol FrameCutting: Sendable {
  /// The payloads of a frame that is not empty, none longer than `limit`, which is 64 at least.
  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload]
}
