import Wire

/// The descriptor in front of VP8 data (RFC 7741 §4.2).
///
///        0 1 2 3 4 5 6 7
///       +-+-+-+-+-+-+-+-+
///       |X|R|N|S|R| PID |
///     X: |I|L|T|K| RSV   |
///     I: |M| PictureID   |
///        |   PictureID   |
///     L: |   TL0PICIDX   |
///     T/K: |TID|Y| KEYIDX  |
///       +-+-+-+-+-+-+-+-+
public struct VP8PayloadDescriptor: Equatable, Sendable {
  /// The N bit: no other picture refers to this one.
  public let isNonReference: Bool
  /// The S bit with partition 0: a picture starts here.
  public let startsPicture: Bool
  /// The picture's number.
  public private(set) var pictureID: PictureID?
  /// TL0PICIDX: counts pictures of the lowest temporal layer.
  public private(set) var baseLayerIndex: DescriptorByte?
  /// The temporal layer, 0–3.
  public private(set) var temporalLayer: UInt8?
  /// The Y bit: depends on the lowest temporal layer only.
  public private(set) var isLayerSync = false
  /// KEYIDX, the number of the key frame this picture depends on, 0–31.
  public private(set) var keyFrameIndex: UInt8?
  /// Where the byte of temporal layer and key-frame index lies.
  public private(set) var layerPosition: Int?
  /// Length of the descriptor; VP8 data follow.
  public let byteCount: Int

  /// Reads the descriptor at the start of `payload`; nil where it is cut.
  public init?(parsing payload: Span<UInt8>) {
    var reader = ByteReader(payload)
    do throws(Truncated) {
      let first = try reader.readUInt8()
      isNonReference = first & 0x20 != 0
      startsPicture = first & 0x10 != 0 && first & 0x07 == 0
      let present = first & 0x80 != 0 ? try reader.readUInt8() : 0
      if present & 0x80 != 0 {
        guard let picture = PictureID(parsing: reader.remaining, payloadCount: payload.count)
        else { return nil }
        pictureID = picture
        try reader.skip(picture.byteCount)
      }
      if present & 0x40 != 0 {
        let position = payload.count - reader.remainingCount
        baseLayerIndex = DescriptorByte(value: try reader.readUInt8(), position: position)
      }
      if present & 0x30 != 0 {
        layerPosition = payload.count - reader.remainingCount
        let layer = try reader.readUInt8()
        if present & 0x20 != 0 {
          temporalLayer = layer >> 6
          isLayerSync = layer & 0x20 != 0
        }
        if present & 0x10 != 0 { keyFrameIndex = layer & 0x1f }
      }
    } catch {
      return nil
    }
    byteCount = payload.count - reader.remainingCount
  }

  /// The key frame that starts in `payload`, which this was read from (RFC 7741 §4.3, RFC 6386 §9.1).
  public func keyFrameStart(in payload: Span<UInt8>) -> KeyFrameStart? {
    guard startsPicture, byteCount < payload.count, payload[byteCount] & 1 == 0 else { return nil }
    let data = payload.extracting(droppingFirst: byteCount)
    guard data.count >= 10, data[3] == 0x9d, data[4] == 0x01, data[5] == 0x2a else {
      return KeyFrameStart()
    }
    return KeyFrameStart(
      width: Int(data[6]) | Int(data[7] & 0x3f) << 8,
      height: Int(data[8]) | Int(data[9] & 0x3f) << 8)
  }
}
