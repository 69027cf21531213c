/// Looks into single RTP payloads of a codec, and joins those of a frame.
public struct Depacketizer: Sendable {
  /// The codec.
  public let codec: MediaCodec

  /// A depacketizer.
  public init(codec: MediaCodec) { self.codec = codec }

  /// What `payload` tells of itself; nil where it makes no sense in its format.
  public func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    switch codec {
    case .opus: OpusDepacketizer.describe(payload)
    case .pcmu, .pcma: G711Depacketizer.describe(payload)
    case .vp8: VP8Depacketizer.describe(payload)
    case .vp9: VP9Depacketizer.describe(payload)
    case .h264: H264Depacketizer.describe(payload)
    case .h265: H265Depacketizer.describe(payload)
    case .av1: AV1Depacketizer.describe(payload)
    }
  }

  /// The frame that `payloads` make, all of it, in order and without a gap; nil where they do not fit together.
  public func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    switch codec {
    case .opus, .pcmu, .pcma: payloads.count == 1 ? payloads[0] : nil
    case .vp8: VP8Depacketizer.join(payloads)
    case .vp9: VP9Depacketizer.join(payloads)
    case .h264: H264Depacketizer.join(payloads)
    case .h265: H265Depacketizer.join(payloads)
    case .av1: AV1Depacketizer.join(payloads)
    }
  }
}

/// What one payload tells of the frame it is part of.
public struct PayloadDescription: Sendable, Hashable {
  /// Whether a frame starts here.
  public enum Start: Sendable, Hashable {
    /// The payload is the first of its frame.
    case certain
    /// Only the packet before can tell.
    case possible
    /// The payload goes on with something.
    case none
  }

  /// Whether a frame starts here.
  public var start: Start
  /// Whether this makes the frame one that decoding can begin with.
  public var isKeyFrame: Bool
  /// Whether parameter sets of H.264 or H.265 lie in it.
  public var hasParameterSets = false
  /// The place among layers, where the payload tells it.
  public var layer: FrameLayer?
  /// The picture's number in 7 or 15 bits, where the payload tells it.
  public var pictureID: UInt16?
  /// TL0PICIDX of VP8 and VP9: counts the frames of temporal layer 0.
  public var baseLayerIndex: UInt8?

  /// A description that tells of no layer.
  public init(start: Start, isKeyFrame: Bool) {
    self.start = start
    self.isKeyFrame = isKeyFrame
  }
}
