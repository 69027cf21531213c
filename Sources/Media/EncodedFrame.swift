/// One encoded frame of a track: what an encoder gave or a decoder takes.
public struct EncodedFrame: Sendable, Hashable {
  /// The bytes in the codec's usual form: for H.264 and H.265 an Annex B access unit, for AV1 a temporal unit of
  /// OBUs with sizes, for VP8, VP9 and Opus the bare frame.
  public var bytes: [UInt8]
  /// When it is shown or heard, in units of the codec's RTP clock (90 kHz for video, 48 kHz for Opus); it wraps.
  public var timestamp: UInt32
  /// Whether decoding can begin with it. Always so for audio.
  public var isKeyFrame: Bool
  /// Its place among scalability layers, where VP8 or VP9 tells of any.
  public var layer: FrameLayer?

  /// A frame.
  public init(
    bytes: [UInt8], timestamp: UInt32, isKeyFrame: Bool = true, layer: FrameLayer? = nil
  ) {
    self.bytes = bytes
    self.timestamp = timestamp
    self.isKeyFrame = isKeyFrame
    self.layer = layer
  }
}
