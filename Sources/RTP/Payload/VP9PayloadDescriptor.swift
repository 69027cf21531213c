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
  /// The U bit: later pictures of higher temporal layers refer to none of such a layer before this one.
  public private(set) var isSwitchingPoint = false
  /// The spatial layer, 0–7.
  public private(set) var spatialLayer: UInt8?
  /// The D bit: depends on the frame of the next lower spatial layer in the same picture.
  public private(set) var usesLowerLayer = false
  /// The F bit: each picture names those it refers to.
  public let isFlexible: Bool
  /// The pictures referred to, in flexible mode.
  public private(set) var references = PictureReferences()
  /// TL0PICIDX: counts pictures of the lowest temporal layer.
  public private(set) var baseLayerIndex: DescriptorByte?
  /// The size of the largest spatial layer the descriptor tells of, in pixels.
  public private(set) var size: KeyFrameStart?
  /// Where the scalability structure lies in the payload, if there is one.
  public private(set) var structurePosition: Int?
  /// How many spatial layers the scalability structure tells of; 0 without one.
  public private(set) var spatialLayerCount = 0
  /// Heights of the lowest four spatial layers, 16 bits each.
  private var heights: UInt64 = 0
  /// Length of the descriptor; VP9 data follow.
  public private(set) var byteCount = 0

  /// Reads the descriptor at the start of `payload`; nil where it is cut.
  public init?(parsing payload: Span<UInt8>) {
    var reader = ByteReader(payload)
    do throws(Truncated) {
      let first = try reader.readUInt8()
      isInterPicturePredicted = first & 0x40 != 0
      startsFrame = first & 0x08 != 0
      endsFrame = first & 0x04 != 0
      isNotReferenceForUpperLayers = first & 0x01 != 0
      isFlexible = first & 0x10 != 0
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
        usesLowerLayer = layer & 1 != 0
        if !isFlexible {
          let position = payload.count - reader.remainingCount
          baseLayerIndex = DescriptorByte(value: try reader.readUInt8(), position: position)
        }
      }
      if isFlexible, isInterPicturePredicted { try readReferences(&reader) }
      if first & 0x02 != 0 {
        structurePosition = payload.count - reader.remainingCount
        try readScalability(&reader)
      }
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

  /// The height of a spatial layer in pixels, as the scalability structure tells it.
  public func height(ofLayer layer: UInt8) -> Int? {
    guard layer < 4 else { return nil }
    let height = Int(heights >> UInt64(layer * 16) & 0xffff)
    return height > 0 ? height : nil
  }

  @_lifetime(reader: copy reader)
  private mutating func readReferences(_ reader: inout ByteReader) throws(Truncated) {
    for _ in 0..<3 {
      let byte = try reader.readUInt8()
      references.append(byte >> 1)
      if byte & 1 == 0 { return }
    }
  }

  /// The scalability structure: sizes of layers, and the pictures of a group.
  @_lifetime(reader: copy reader)
  private mutating func readScalability(_ reader: inout ByteReader) throws(Truncated) {
    let first = try reader.readUInt8()
    spatialLayerCount = Int(first >> 5) + 1
    if first & 0x10 != 0 {
      for layer in 0..<spatialLayerCount {
        let width = Int(try reader.readUInt16())
        let height = Int(try reader.readUInt16())
        if layer < 4 { heights |= UInt64(height) << UInt64(layer * 16) }
        if height >= size?.height ?? 0 { size = KeyFrameStart(width: width, height: height) }
      }
    }
    if first & 0x08 != 0 {
      for _ in 0..<(try reader.readUInt8()) {
        let picture = try reader.readUInt8()
        try reader.skip(Int(picture >> 2 & 3))
      }
    }
  }
}
