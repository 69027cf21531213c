/// What a sender says of one packet; the stream it goes out on adds the rest.
public struct OutgoingPacket: Sendable, Hashable {
  /// One of the payload types that were agreed on.
  public var payloadType: UInt8
  /// The media time in ticks of the codec's clock, from any origin; it wraps.
  public var timestamp: UInt32
  /// The M bit: the last packet of a picture, the first of a talk spurt.
  public var marker: Bool
  /// The payload without padding.
  public var payload: [UInt8]
  /// The place in the sender's own numbering, for one who passes on packets from elsewhere, with their gaps and
  /// their order; nil where the stream is to count.
  public var sequenceNumber: UInt16?
  /// How loud the sound is, sent where the extension was agreed on.
  public var audioLevel: AudioLevel?
  /// How the picture is to be turned, sent where the extension was agreed on.
  public var videoOrientation: VideoOrientation?

  /// A packet.
  public init(
    payloadType: UInt8, timestamp: UInt32, marker: Bool = false, payload: [UInt8],
    sequenceNumber: UInt16? = nil, audioLevel: AudioLevel? = nil,
    videoOrientation: VideoOrientation? = nil
  ) {
    self.payloadType = payloadType
    self.timestamp = timestamp
    self.marker = marker
    self.payload = payload
    self.sequenceNumber = sequenceNumber
    self.audioLevel = audioLevel
    self.videoOrientation = videoOrientation
  }
}
