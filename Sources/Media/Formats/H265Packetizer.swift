import Wire

/// H.265 into RTP without decoding order numbers (RFC 7798 §4.4): small units side by side in an aggregation packet,
/// large ones in fragmentation units, the rest alone. Parameter sets go in front of each IRAP picture.
struct H265Packetizer: FrameCutting {
  private var memory = ParameterSetMemory()

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    var bytes = frame.bytes
    var units = Self.units(of: bytes)
    let completed = memory.complete(
      bytes, units: units, isKey: H265Unit.isIntraPicture, isParameterSet: H265Unit.isParameterSet)
    if let completed {
      bytes = completed
      units = Self.units(of: bytes)
    }
    var payloads: [RTPPayload] = []
    var group = UnitGroup(headerCount: 2)
    for unit in units {
      if !group.fits(unit, limit: limit) { flush(&group, of: bytes, to: &payloads) }
      if unit.count > limit {
        fragment(unit, of: bytes, limit: limit, to: &payloads)
      } else {
        group.add(unit)
      }
    }
    flush(&group, of: bytes, to: &payloads)
    if !payloads.isEmpty { payloads[payloads.count - 1].marker = true }
    return payloads
  }

  /// The units of an access unit. Types that RTP uses for its own structures are left out.
  private static func units(of bytes: [UInt8]) -> [Range<Int>] {
    AnnexB.units(in: bytes.span).filter {
      $0.count >= 2 && H265Unit.codedTypes.contains(H265Unit.type(bytes[$0.lowerBound]))
    }
  }

  /// Appends what is in the group. An aggregation's header has the lowest layer and temporal id of its units
  /// (RFC 7798 §4.4.2).
  private func flush(
    _ group: inout UnitGroup, of bytes: [UInt8], to payloads: inout [RTPPayload]
  ) {
    defer { group.removeAll() }
    guard group.units.count > 1 else {
      if let unit = group.units.first {
        payloads.append(RTPPayload(bytes: Array(bytes[unit]), marker: false))
      }
      return
    }
    var forbidden: UInt16 = 0
    var layer: UInt16 = 0x1f8
    var temporal: UInt16 = 7
    for unit in group.units {
      let header = UInt16(bytes[unit.lowerBound]) << 8 | UInt16(bytes[unit.lowerBound + 1])
      forbidden |= header & 0x8000
      layer = min(layer, header & 0x1f8)
      temporal = min(temporal, header & 7)
    }
    let payload = [UInt8](capacity: group.byteCount) { output in
      output.append(
        bigEndian: forbidden | UInt16(H265Unit.aggregation) << 9 | layer | temporal)
      group.writeUnits(of: bytes.span, into: &output)
    }
    payloads.append(RTPPayload(bytes: payload, marker: false))
  }

  private func fragment(
    _ unit: Range<Int>, of bytes: [UInt8], limit: Int, to payloads: inout [RTPPayload]
  ) {
    let header = bytes[unit.lowerBound]
    let second = bytes[unit.lowerBound + 1]
    let count = unit.count - 2
    for range in EvenSplit(count: count, limit: limit - 3) {
      let start: UInt8 = range.lowerBound == 0 ? 0x80 : 0
      let end: UInt8 = range.upperBound == count ? 0x40 : 0
      let first = unit.lowerBound + 2
      let payload = [UInt8](capacity: range.count + 3) { output in
        output.append(header & 0x81 | H265Unit.fragmentation << 1)
        output.append(second)
        output.append(start | end | H265Unit.type(header))
        output.append(
          copying: bytes.span.extracting(first + range.lowerBound..<first + range.upperBound))
      }
      payloads.append(RTPPayload(bytes: payload, marker: false))
    }
  }
}
