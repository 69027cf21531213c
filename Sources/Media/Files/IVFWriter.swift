import Wire

/// Writes frames of VP8, VP9 or AV1 into an IVF file.
///
/// What `write` gives is appended to the file. In the end `header` goes to its first 32 bytes, with the number of frames.
public struct IVFWriter: Sendable {
  /// The header as it would be if the file ended here.
  public private(set) var header: IVFHeader
  private var isHeaderWritten = false
  private var origin: UInt32?
  /// Ticks at 90 kHz from the origin to the newest frame.
  private var ticks: Int64 = 0

  /// A writer; nil for a codec that IVF has no name for. The file's time starts at the RTP timestamp `origin`,
  /// or at the first frame's.
  public init?(header: IVFHeader, origin: UInt32? = nil) {
    guard IVFHeader.names(header.codec) else { return nil }
    self.header = header
    self.header.frameCount = 0
    self.origin = origin
  }

  /// What the frame adds to the file, the first time with the header in front. Its timestamp counts at 90 kHz.
  public mutating func write(_ frame: EncodedFrame) -> [UInt8] {
    let start = origin ?? frame.timestamp
    origin = start
    let offset = frame.timestamp &- start &- UInt32(truncatingIfNeeded: ticks)
    ticks += Int64(Int32(bitPattern: offset))
    header.frameCount &+= 1
    let prefix =
      isHeaderWritten
      ? []
      : IVFHeader(
        codec: header.codec, size: header.size, rate: header.rate, scale: header.scale
      ).bytes
    isHeaderWritten = true
    return [UInt8](capacity: prefix.count + 12 + frame.bytes.count) { output in
      output.append(copying: prefix.span)
      output.append(littleEndian: UInt32(clamping: frame.bytes.count))
      output.append(littleEndian: time)
      output.append(copying: frame.bytes.span)
    }
  }

  /// The newest frame's time in the file's units, rounded.
  private var time: UInt64 {
    let unit = 90_000 * UInt128(header.scale)
    let scaled = UInt128(max(ticks, 0)) * UInt128(header.rate) + unit / 2
    return UInt64(truncatingIfNeeded: scaled / unit)
  }
}
