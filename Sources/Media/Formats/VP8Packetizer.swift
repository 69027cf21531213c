import Wire

/// VP8 into RTP (RFC 7741 §4). A frame is cut anywhere, as one partition, since nobody decodes a part of it.
///
/// Each payload tells a picture number of 15 bits; TL0PICIDX, TID, Y and KEYIDX where the frame tells its layer.
struct VP8Packetizer: FrameCutting {
  private static let longestDescriptor = 6

  private var pictureID: UInt16
  private var baseLayerIndex: UInt8 = 0
  private var keyFrameIndex: UInt8 = 0

  init(pictureID: UInt16) { self.pictureID = pictureID & 0x7fff }

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    if frame.isKeyFrame { keyFrameIndex = (keyFrameIndex + 1) & 0x1f }
    if frame.layer?.temporal == 0 { baseLayerIndex &+= 1 }
    defer { pictureID = (pictureID + 1) & 0x7fff }
    let count = frame.bytes.count
    return EvenSplit(count: count, limit: limit - Self.longestDescriptor).map { range in
      let bytes = [UInt8](capacity: range.count + Self.longestDescriptor) { output in
        writeDescriptor(of: frame.layer, startsFrame: range.lowerBound == 0, into: &output)
        output.append(copying: frame.bytes.span.extracting(range))
      }
      return RTPPayload(bytes: bytes, marker: range.upperBound == count)
    }
  }

  private func writeDescriptor(
    of layer: FrameLayer?, startsFrame: Bool, into output: inout OutputSpan<UInt8>
  ) {
    let isNonReference = layer?.isNonReference == true
    output.append(0x80 | (isNonReference ? 0x20 : 0) | (startsFrame ? 0x10 : 0))
    output.append(layer == nil ? 0x80 : 0xf0)
    output.append(bigEndian: 0x8000 | pictureID)
    guard let layer else { return }
    output.append(baseLayerIndex)
    output.append(
      (layer.temporal & 3) << 6 | (layer.isSwitchingPoint ? 0x20 : 0) | keyFrameIndex)
  }
}
