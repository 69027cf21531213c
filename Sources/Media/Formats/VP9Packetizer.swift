import Wire

/// VP9 into RTP (RFC 9628 §4), with a picture number of 15 bits in each payload.
///
/// A frame here is one spatial layer of a picture; those of one picture share the number. The scalability structure
/// goes with each key frame: the one that was given, or else the one layer of the frame's own size.
struct VP9Packetizer: FrameCutting {
  private let isFlexible: Bool
  private let structure: VP9ScalabilityStructure?
  private var pictureID: UInt16
  private var baseLayerIndex: UInt8 = 0

  init(pictureID: UInt16, isFlexible: Bool, structure: VP9ScalabilityStructure?) {
    self.pictureID = pictureID & 0x7fff
    self.isFlexible = isFlexible
    self.structure = structure
  }

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    let layer = frame.layer
    if layer?.temporal == 0, layer?.spatial == 0 { baseLayerIndex &+= 1 }
    let endsPicture = layer?.endsPicture ?? true
    defer { if endsPicture { pictureID = (pictureID + 1) & 0x7fff } }
    let common = descriptor(of: frame)
    let told = toldStructure(for: frame, limit: limit - common.count)
    let overhead = common.count + (told?.byteCount ?? 0)
    let count = frame.bytes.count
    return EvenSplit(count: count, limit: limit - overhead).map { range in
      let isFirst = range.lowerBound == 0
      let isLast = range.upperBound == count
      let bytes = [UInt8](capacity: range.count + overhead) { output in
        output.append(
          common[0] | (isFirst ? 0x08 : 0) | (isLast ? 0x04 : 0)
            | (isFirst && told != nil ? 0x02 : 0))
        output.append(copying: common.span.extracting(droppingFirst: 1))
        if isFirst { told?.write(into: &output) }
        output.append(copying: frame.bytes.span.extracting(range))
      }
      return RTPPayload(bytes: bytes, marker: isLast && endsPicture)
    }
  }

  /// The descriptor that all payloads of the frame share, without B, E and V.
  private func descriptor(of frame: EncodedFrame) -> [UInt8] {
    let layer = frame.layer
    let isPredicted = !frame.isKeyFrame
    var first: UInt8 = 0x80 | (isPredicted ? 0x40 : 0) | (isFlexible ? 0x10 : 0)
    if layer != nil { first |= 0x20 }
    if layer?.isNonReference == true { first |= 0x01 }
    return [UInt8](capacity: 8) { output in
      output.append(first)
      output.append(bigEndian: 0x8000 | pictureID)
      if let layer {
        output.append(
          (layer.temporal & 7) << 5 | (layer.isSwitchingPoint ? 0x10 : 0)
            | (layer.spatial & 7) << 1 | (layer.dependsOnLowerLayer ? 1 : 0))
        if !isFlexible { output.append(baseLayerIndex) }
      }
      guard isFlexible, isPredicted else { return }
      let told = layer?.references ?? []
      let references = told.isEmpty ? [1] : told.prefix(3)
      for (index, reference) in references.enumerated() {
        output.append(reference << 1 | (index + 1 < references.count ? 1 : 0))
      }
    }
  }

  private func toldStructure(for frame: EncodedFrame, limit: Int) -> VP9ScalabilityStructure? {
    guard frame.isKeyFrame, frame.layer?.spatial ?? 0 == 0 else { return nil }
    var told = structure
    if told == nil, frame.layer?.endsPicture ?? true,
      let size = FrameSize(of: frame.bytes.span, codec: .vp9)
    {
      told = VP9ScalabilityStructure(sizes: [size])
    }
    // Past half a payload it would crowd out the picture.
    return told.flatMap { $0.byteCount <= limit / 2 ? $0 : nil }
  }
}
