import RTP

/// The size of a picture in pixels.
public struct FrameSize: Sendable, Hashable {
  /// Width in pixels.
  public var width: Int
  /// Height in pixels.
  public var height: Int

  /// A size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// The size a key frame tells of; nil for other frames, for audio, and where it cannot be read.
  public init?(of frame: EncodedFrame, codec: MediaCodec) {
    self.init(of: frame.bytes.span, codec: codec)
  }

  /// The size a key frame tells of; nil for other frames, for audio, and where it cannot be read.
  public init?(of bytes: Span<UInt8>, codec: MediaCodec) {
    guard let start = KeyFrameInspection.start(of: bytes, codec: codec),
      let width = start.width, let height = start.height
    else { return nil }
    self.init(width: width, height: height)
  }
}

extension MediaCodec {
  /// Whether decoding can begin with `frame`, which has the form that `EncodedFrame` tells of.
  public func isKeyFrame(_ frame: Span<UInt8>) -> Bool {
    isAudio || KeyFrameInspection.isKeyFrame(frame, codec: self)
  }
}

/// Looks into whole frames.
enum KeyFrameInspection {
  static func isKeyFrame(_ frame: Span<UInt8>, codec: MediaCodec) -> Bool {
    switch codec {
    case .opus, .pcmu, .pcma: true
    case .vp8, .vp9: start(of: frame, codec: codec) != nil
    case .h264:
      AnnexB.firstUnit(in: frame) { H264Unit.type($0) == H264Unit.idrSlice } != nil
    case .h265: AnnexB.firstUnit(in: frame, where: H265Unit.isIntraPicture) != nil
    case .av1: isAV1KeyFrame(frame)
    }
  }

  /// What the part of a frame that tells its size says.
  static func start(of frame: Span<UInt8>, codec: MediaCodec) -> KeyFrameStart? {
    switch codec {
    case .opus, .pcmu, .pcma: nil
    case .vp8: vp8Start(frame)
    case .vp9: VP9FrameHeader.keyFrame(in: frame)
    case .h264:
      AnnexB.firstUnit(in: frame) { H264Unit.type($0) == H264Unit.sequenceParameters }
        .map {
          H264SequenceParameters.size(in: frame.extracting($0.lowerBound + 1..<$0.upperBound))
        }
    case .h265:
      AnnexB.firstUnit(in: frame) { H265Unit.type($0) == H265Unit.sequenceParameters }
        .flatMap {
          $0.count < 2
            ? nil
            : H265SequenceParameters.size(in: frame.extracting($0.lowerBound + 2..<$0.upperBound))
        }
    case .av1:
      sequenceHeader(in: frame).map { AV1SequenceHeader.size(in: frame.extracting($0.data)) }
    }
  }

  /// RFC 6386 §9.1.
  private static func vp8Start(_ frame: Span<UInt8>) -> KeyFrameStart? {
    guard !frame.isEmpty, frame[0] & 1 == 0 else { return nil }
    guard frame.count >= 10, frame[3] == 0x9d, frame[4] == 0x01, frame[5] == 0x2a else {
      return KeyFrameStart()
    }
    return KeyFrameStart(
      width: Int(frame[6]) | Int(frame[7] & 0x3f) << 8,
      height: Int(frame[8]) | Int(frame[9] & 0x3f) << 8)
  }

  private static func sequenceHeader(in frame: Span<UInt8>) -> OpenBitstreamUnit? {
    var position = 0
    while position < frame.count, let unit = OpenBitstreamUnit(in: frame, at: position) {
      if unit.type == OpenBitstreamUnit.sequenceHeader { return unit }
      position = unit.end
    }
    return nil
  }

  /// A sequence header, and behind it a frame of type 0 that is not an old one shown again (AV1 Bitstream §5.9.2).
  private static func isAV1KeyFrame(_ frame: Span<UInt8>) -> Bool {
    var position = sequenceHeader(in: frame)?.end ?? frame.count
    while position < frame.count, let unit = OpenBitstreamUnit(in: frame, at: position) {
      if unit.type == OpenBitstreamUnit.frame || unit.type == OpenBitstreamUnit.frameHeader {
        return !unit.data.isEmpty && frame[unit.data.lowerBound] & 0xe0 == 0
      }
      position = unit.end
    }
    return false
  }
}
