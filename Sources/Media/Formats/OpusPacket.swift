import Wire

/// What the first bytes of an Opus packet tell (RFC 6716 §3.1, §3.2).
///
///       0
///       0 1 2 3 4 5 6 7
///      +-+-+-+-+-+-+-+-+
///      | config  |s| c |
///      +-+-+-+-+-+-+-+-+
public struct OpusPacket: Sendable, Hashable {
  /// Frames of audio in the packet, 1–48.
  public let frameCount: Int
  /// Samples of one frame at 48 kHz.
  public let samplesPerFrame: Int
  /// Whether it was coded in two channels.
  public let isStereo: Bool

  /// Samples of the packet at 48 kHz: at most 5,760, which are 120 ms.
  public var sampleCount: Int { frameCount * samplesPerFrame }

  /// Reads the head of a packet; nil where it is empty, tells no frame, or more than 120 ms.
  public init?(parsing packet: Span<UInt8>) {
    var reader = ByteReader(packet)
    guard let first = try? reader.readUInt8() else { return nil }
    isStereo = first & 0x04 != 0
    samplesPerFrame = Self.samplesPerFrame(configuration: first >> 3)
    switch first & 0x03 {
    case 0: frameCount = 1
    case 3:
      guard let second = try? reader.readUInt8() else { return nil }
      frameCount = Int(second & 0x3f)
    default: frameCount = 2
    }
    guard frameCount > 0, sampleCount <= 5_760 else { return nil }
  }

  /// RFC 6716 Table 2: SILK has 10, 20, 40 and 60 ms, hybrid 10 and 20, CELT 2.5, 5, 10 and 20.
  private static func samplesPerFrame(configuration: UInt8) -> Int {
    switch configuration {
    case 0..<12: [480, 960, 1920, 2880][Int(configuration & 3)]
    case 12..<16: configuration & 1 == 0 ? 480 : 960
    default: 120 << Int(configuration & 3)
    }
  }
}
