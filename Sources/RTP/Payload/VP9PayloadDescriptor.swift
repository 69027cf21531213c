import Wire

/// The descriptor in front of VP9 data (RFC 9628 §4.2).
///
///       +-+-+-+-+-+-+-+-+
///       |I|P|L|F|B|E|V|Z|
///     I: |M| PICTURE ID  |
///     L: | TID |U| SID |D|
///        |   TL0PICIDX   |   (without F)
///     P,F: | P_DIFF      |N|   (up to three)
///     V: | SS ...        |
///       +-+-+-+-+-+-+-+-+
public struct VP9PayloadDescriptor: Equatable, Sendable {
  /// The P bit: depends on earlier pictures.
  public let isInterPicturePredicted: Bool
  /// The B bit: a frame of one spatial layer starts here.
  public let startsFrame: Bool
  /// The E bit: a frame of one spatial layer ends here.
  public let endsFrame: Bool
  /// The Z bit: no higher spatial layer refers to this frame.
  public let isNotReferenceForUpperLayers: Bool
  /// The picture's number.
  public private(set) var pictureID: PictureID?
  /// The temporal layer, 0–7.
  public private(set) var temporalLayer: UInt8?
  /// The U bit: a receiver may switch up to this temporal layer here.
  public private(set) var isSwitchingPoint = false
  /// The spatial layer, 0–7.
  public private(set) var spatialLayer: UInt8?
  /// TL0PICIDX: counts pictures of the lowest temporal layer.
  public private(set) var baseLayerIndex: DescriptorByte?
  /// The size of the largest spatial layer the descriptor tells of, in pixels.
  public private(set) var size: KeyFrameStart?
  /// Length of the descriptor; VP9 data follow.
  public let byteCount: Int

  /// Reads the descriptor at the start of `payload`; nil where it is cut.
  public init?(parsing payload: Span<UInt8>) {
    var reader = ByteReader(payload)
    do throws(Truncated) {
      let first = try reader.readUInt8()
      isInterPicturePredicted = first & 0x40 != 0
      startsFrame = first & 0x08 != 0
      endsFrame = first & 0x04 != 0
      isNotReferenceForUpperLayers = first & 0x01 != 0
      let isFlexible = first & 0x10 != 0
      if first & 0x80 != 0 {
        guard let picture = PictureID(parsing: reader.remaining, payloadCount: payload.count)
        else { return nil }
        pictureID = picture
        try reader.skip(picture.byteCount)
      }
      if first & 0x20 != 0 {
        let layer = try reader.readUInt8()
        temporalLayer = layer >> 5
        isSwitchingPoint = layer & 0x10 != 0
        spatialLayer = layer >> 1 & 7
        if !isFlexible {
          let position = payload.count - reader.remainingCount
          baseLayerIndex = DescriptorByte(value: try reader.readUInt8(), position: position)
        }
      }
      if isFlexible, isInterPicturePredicted { try Self.skipReferences(&reader) }
      if first & 0x02 != 0 { size = try Self.readScalability(&reader) }
    } catch {
      return nil
    }
    byteCount = payload.count - reader.remainingCount
  }

  /// The key frame that starts in this packet: the lowest spatial layer without earlier pictures.
  public var keyFrameStart: KeyFrameStart? {
    guard !isInterPicturePredicted, startsFrame, spatialLayer ?? 0 == 0 else { return nil }
    return size ?? KeyFrameStart()
  }

  private static func skipReferences(_ reader: inout ByteReader) throws(Truncated) {
    for _ in 0..<3 {
      guard try reader.readUInt8() & 1 == 1 else { return }
    }
  }

  /// The scalability structure: sizes of layers, and the pictures of a group.
  private static func readScalability(
    _ reader: inout ByteReader
  ) throws(Truncated) -> KeyFrameStart? {
    let first = try reader.readUInt8()
    var size: KeyFrameStart?
    if first & 0x10 != 0 {
      for _ in 0...first >> 5 {
        let width = Int(try reader.readUInt16())
        let height = Int(try reader.readUInt16())
        if height >= size?.height ?? 0 { size = KeyFrameStart(width: width, height: height) }
      }
    }
    if first & 0x08 != 0 {
      for _ in 0..<(try reader.readUInt8()) {
        let picture = try reader.readUInt8()
        try reader.skip(Int(picture >> 2 & 3))
      }
    }
    return size
  }
}
