public import Wire

/// One packet of a stream as it was received, by itself or within a repetition.
public struct ReceivedPacket: Sendable, Hashable {
  /// Its source.
  public var ssrc: UInt32
  /// Its payload type.
  public var payloadType: UInt8
  /// Its M bit.
  public var marker: Bool
  /// Its sequence number.
  public var sequenceNumber: UInt16
  /// The sequence number without wraps: order and gaps at a glance.
  public var index: Int64
  /// The media time in ticks of the codec's clock; it wraps.
  public var timestamp: UInt32
  /// The payload without padding; empty for a packet of padding only.
  public var payload: [UInt8]
  /// How loud the sound is, where the packet tells.
  public var audioLevel: AudioLevel?
  /// How the picture is to be turned, where the packet tells.
  public var videoOrientation: VideoOrientation?
  /// Whether it was lost and came within a repetition.
  public var isRepaired: Bool
  /// When it came.
  public var receivedAt: Instant

  /// A packet with the fields of `header`, which was read from `packet`.
  init(
    _ header: RTPHeader, in packet: Span<UInt8>, payload: Range<Int>, index: Int64,
    extensions: StreamExtensionIDs, isRepaired: Bool, at now: Instant
  ) {
    ssrc = header.ssrc
    payloadType = header.payloadType
    marker = header.marker
    sequenceNumber = header.sequenceNumber
    self.index = index
    timestamp = header.timestamp
    let bytes = packet.extracting(payload)
    self.payload = [UInt8](capacity: bytes.count) { $0.append(copying: bytes) }
    audioLevel = header.extensionByte(id: extensions.audioLevel, in: packet).map {
      AudioLevel(byte: $0)
    }
    videoOrientation = header.extensionByte(id: extensions.videoOrientation, in: packet).map {
      VideoOrientation(byte: $0)
    }
    self.isRepaired = isRepaired
    receivedAt = now
  }
}
