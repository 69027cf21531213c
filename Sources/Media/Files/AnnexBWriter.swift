/// Writes access units of H.264 or H.265 into a file in the byte stream format, which has no header and tells no time.
public struct AnnexBWriter: Sendable {
  /// A writer.
  public init() {}

  /// What the frame adds to the file: nothing, if it has no start code.
  public func write(_ frame: EncodedFrame) -> [UInt8] {
    AnnexB.nextStartCode(in: frame.bytes.span, from: 0) == nil ? [] : frame.bytes
  }
}
