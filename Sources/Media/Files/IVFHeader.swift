import Wire

/// The header of an IVF file: 32 bytes, little endian.
public struct IVFHeader: Sendable, Hashable {
  /// Length of the header that is written.
  public static let byteCount = 32

  /// VP8, VP9 or AV1, or another codec of video, which gets a name of four letters too.
  public var codec: MediaCodec
  /// The size of the first picture.
  public var size: FrameSize
  /// Units of time in `scale` seconds; not zero.
  public var rate: UInt32
  /// Seconds of `rate` units of time; not zero.
  public var scale: UInt32
  /// How many frames follow, as far as the file tells.
  public var frameCount: UInt32

  /// A header. Time is counted in milliseconds unless told otherwise.
  public init(
    codec: MediaCodec, size: FrameSize, rate: UInt32 = 1000, scale: UInt32 = 1,
    frameCount: UInt32 = 0
  ) {
    self.codec = codec
    self.size = size
    self.rate = max(rate, 1)
    self.scale = max(scale, 1)
    self.frameCount = frameCount
  }

  private static let names: [(MediaCodec, String)] = [
    (.vp8, "VP80"), (.vp9, "VP90"), (.av1, "AV01"),
  ]

  /// Whether IVF has a name for the codec.
  static func names(_ codec: MediaCodec) -> Bool { names.contains { $0.0 == codec } }

  /// The header's bytes.
  public var bytes: [UInt8] {
    let name = Self.names.first { $0.0 == codec }?.1 ?? "    "
    return [UInt8](capacity: Self.byteCount) { output in
      for byte in "DKIF".utf8 { output.append(byte) }
      output.append(littleEndian: 0 as UInt16)
      output.append(littleEndian: UInt16(Self.byteCount))
      for byte in name.utf8 { output.append(byte) }
      output.append(littleEndian: UInt16(clamping: size.width))
      output.append(littleEndian: UInt16(clamping: size.height))
      output.append(littleEndian: rate)
      output.append(littleEndian: scale)
      output.append(littleEndian: frameCount)
      output.append(littleEndian: 0 as UInt32)
    }
  }

  /// Reads a header and tells how long it is; nil where more bytes are needed.
  static func parse(_ bytes: Span<UInt8>) throws(MediaFileError) -> (IVFHeader, count: Int)? {
    for (index, byte) in "DKIF".utf8.enumerated() where index < bytes.count {
      guard bytes[index] == byte else { throw .notThisFormat }
    }
    guard bytes.count >= byteCount else { return nil }
    do throws(MediaFileError) {
      var reader = FieldReader(bytes)
      try reader.skip(4)
      let version = try reader.readUInt16()
      let count = Int(try reader.readUInt16())
      let name = try reader.readUInt32().byteSwapped
      let width = Int(try reader.readUInt16())
      let height = Int(try reader.readUInt16())
      let rate = try reader.readUInt32()
      let scale = try reader.readUInt32()
      let frameCount = try reader.readUInt32()
      let codec = names.first { $0.1.utf8.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } == name }?.0
      guard version == 0, let codec else { throw .unsupported }
      guard count >= byteCount, rate > 0, scale > 0 else { throw .malformed }
      guard bytes.count >= count else { return nil }
      return (
        IVFHeader(
          codec: codec, size: FrameSize(width: width, height: height), rate: rate, scale: scale,
          frameCount: frameCount), count
      )
    } catch {
      guard error == .truncated else { throw error }
      return nil
    }
  }
}
