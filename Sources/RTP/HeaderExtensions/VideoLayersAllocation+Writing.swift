import Wire

extension VideoLayersAllocation {
  private var layers: FlattenSequence<[[SpatialLayer]]> { streams.joined() }

  private var masks: [UInt8] {
    streams.map { $0.reduce(0) { $0 | 1 << $1.index } }
  }

  /// The mask of all streams where it is the same, and 0 otherwise.
  private var commonMask: UInt8 {
    let masks = masks
    return masks.allSatisfy { $0 == masks.first } ? masks.first ?? 0 : 0
  }

  /// Bytes that the value takes; over 255 a header has no place for it.
  public var byteCount: Int {
    guard !streams.isEmpty else { return 1 }
    let layers = layers
    var count = 1 + (commonMask == 0 ? (streams.count + 1) / 2 : 0) + (layers.count + 3) / 4
    for layer in layers {
      for bitrate in layer.bitrates { count += Self.byteCount(of: bitrate) }
      if layer.format != nil { count += 5 }
    }
    return count
  }

  /// Appends the value: `byteCount` bytes, for which the caller has reserved the room.
  @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) {
    guard !streams.isEmpty else {
      output.append(0)
      return
    }
    let common = commonMask
    var writer = BitWriter()
    writer.write(UInt32(streamIndex), 2, into: &output)
    writer.write(UInt32(truncatingIfNeeded: streams.count - 1), 2, into: &output)
    writer.write(UInt32(common), 4, into: &output)
    if common == 0 {
      for mask in masks { writer.write(UInt32(mask), 4, into: &output) }
      writer.finish(into: &output)
    }
    for layer in layers {
      writer.write(UInt32(truncatingIfNeeded: layer.bitrates.count - 1), 2, into: &output)
    }
    writer.finish(into: &output)
    for layer in layers {
      for bitrate in layer.bitrates { Self.write(bitrate, into: &output) }
    }
    for case let format? in layers.lazy.map(\.format) {
      output.append(bigEndian: UInt16(truncatingIfNeeded: format.width - 1))
      output.append(bigEndian: UInt16(truncatingIfNeeded: format.height - 1))
      output.append(format.frameRate)
    }
  }

  private static func byteCount(of number: UInt32) -> Int {
    max(1, (UInt32.bitWidth - number.leadingZeroBitCount + 6) / 7)
  }

  /// Appends a number in LEB128 (AV1 §4.10.5).
  @_lifetime(output: copy output)
  private static func write(_ number: UInt32, into output: inout OutputSpan<UInt8>) {
    var rest = number
    while rest >= 0x80 {
      output.append(0x80 | UInt8(truncatingIfNeeded: rest & 0x7f))
      rest >>= 7
    }
    output.append(UInt8(truncatingIfNeeded: rest))
  }
}
