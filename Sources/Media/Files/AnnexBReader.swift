import Wire

/// Splits a file of H.264 or H.265 in the byte stream format into access units; its bytes may come in pieces of any
/// length.
///
/// A new one starts where a delimiter, parameter set or message follows the picture, or the first slice of another
/// picture does (ITU-T H.264 §7.4.1.2.3, H.265 §7.4.2.4.4). The second field of a picture in two fields counts as another.
public struct AnnexBReader: Sendable {
  /// The longest access unit that is read by default.
  public static let defaultFrameLimit = 16 << 20

  private let isH265: Bool
  private let frameDuration: Double
  private let frameLimit: Int
  private var pending = PendingBytes()
  private var frameNumber = 0
  /// How far the access unit has been looked at.
  private var position = 0
  private var hasUnit = false
  private var hasPicture = false

  /// A reader that takes bytes with `append`; nil for other codecs than H.264 and H.265, and for less
  /// than a frame in a thousand seconds.
  ///
  /// The file tells no time: frames follow each other at `framesPerSecond`. A longer access unit than
  /// `maximumFrameSize` is an error.
  public init?(
    codec: MediaCodec, framesPerSecond: Double, maximumFrameSize: Int = defaultFrameLimit
  ) {
    guard codec == .h264 || codec == .h265, framesPerSecond > 0.001 else { return nil }
    isH265 = codec == .h265
    frameDuration = 90_000 / framesPerSecond
    frameLimit = maximumFrameSize
  }

  /// A reader of a whole file.
  public init?(
    parsing file: Span<UInt8>, codec: MediaCodec, framesPerSecond: Double,
    maximumFrameSize: Int = defaultFrameLimit
  ) {
    self.init(
      codec: codec, framesPerSecond: framesPerSecond, maximumFrameSize: maximumFrameSize)
    append(file)
    finish()
  }

  /// Takes the next bytes of the file. What is not read yet is held.
  public mutating func append(_ bytes: Span<UInt8>) { pending.append(bytes) }

  /// Tells that the file ends here.
  public mutating func finish() { pending.finish() }

  /// The next access unit; nil at the end, or where more bytes are needed.
  public mutating func next() throws(MediaFileError) -> EncodedFrame? {
    var found = look()
    while case .unit(let code, let end, let kind) = found {
      if !hasUnit { try checkStart(code) }
      if hasPicture, kind.startsAccessUnit { return try take(end) }
      hasUnit = true
      hasPicture = hasPicture || kind.isSlice
      position = code + 3
      found = look()
    }
    if case .nothing(let position) = found { self.position = position }
    guard pending.isFinished else {
      guard pending.count <= frameLimit else { throw .tooLong }
      return nil
    }
    if !hasUnit, !pending.isEmpty { throw .notThisFormat }
    return pending.isEmpty ? nil : try take(pending.count)
  }

  private enum Look {
    /// The next unit: its start code, where what is before it ends, and what it is.
    case unit(code: Int, end: Int, Kind)
    /// The start code may lie behind `position`, but not before.
    case nothing(position: Int)
  }

  /// The next unit behind `position`, if its first bytes are there.
  private func look() -> Look {
    let bytes = pending.span
    guard let code = AnnexB.nextStartCode(in: bytes, from: position) else {
      // The last two bytes may be the start of a start code.
      return .nothing(position: max(position, bytes.count - 2))
    }
    let unit = bytes.extracting(droppingFirst: code + 3)
    let isWhole = unit.count >= (isH265 ? 3 : 2)
    guard isWhole || pending.isFinished else { return .nothing(position: code) }
    let end = code > 0 && bytes[code - 1] == 0 ? code - 1 : code
    return .unit(code: code, end: end, isWhole ? kind(of: unit) : .other)
  }

  private enum Kind {
    case firstSlice
    case slice
    case front
    case other

    var startsAccessUnit: Bool { self == .firstSlice || self == .front }
    var isSlice: Bool { self == .firstSlice || self == .slice }
  }

  private func kind(of unit: Span<UInt8>) -> Kind {
    guard isH265 else {
      switch H264Unit.type(unit[0]) {
      // The number of the first macroblock is 0, which is one bit.
      case 1, 2, 5: return unit[1] & 0x80 != 0 ? .firstSlice : .slice
      case 6...9, 14...18: return .front
      default: return .other
      }
    }
    // What belongs to upper layers goes on with the access unit.
    guard unit[0] & 1 == 0, unit[1] >> 3 == 0 else { return .other }
    switch H265Unit.type(unit[0]) {
    case 0..<32: return unit[2] & 0x80 != 0 ? .firstSlice : .slice
    case 32...35, 39, 41...44, 48...55: return .front
    default: return .other
    }
  }

  /// In front of the first start code are zeros only.
  private func checkStart(_ code: Int) throws(MediaFileError) {
    for index in 0..<code where pending.span[index] != 0 { throw .notThisFormat }
  }

  private mutating func take(_ count: Int) throws(MediaFileError) -> EncodedFrame {
    guard count <= frameLimit else { throw .tooLong }
    let bytes = pending.copy(0..<count)
    pending.consume(count)
    position = 0
    hasUnit = false
    hasPicture = false
    let ticks = Double(frameNumber) * frameDuration + 0.5
    frameNumber += 1
    let codec: MediaCodec = isH265 ? .h265 : .h264
    return EncodedFrame(
      bytes: bytes, timestamp: UInt32(truncatingIfNeeded: Int64(min(ticks, 1e18))),
      isKeyFrame: codec.isKeyFrame(bytes.span))
  }
}
