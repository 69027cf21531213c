import Wire

/// H.264 into RTP in packetization mode 1 (RFC 6184 §5.6, §5.7.1, §5.8): small units side by side in STAP-A, large
/// ones in FU-A, the rest alone. Parameter sets go in front of each IDR picture.
struct H264Packetizer: FrameCutting {
  private var memory = ParameterSetMemory()

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    var bytes = frame.bytes
    var units = Self.units(of: bytes)
    let completed = memory.complete(
      bytes, units: units, isKey: { H264Unit.type($0) == H264Unit.idrSlice },
      isParameterSet: H264Unit.isParameterSet)
    if let completed {
      bytes = completed
      units = Self.units(of: bytes)
    }
    var payloads: [RTPPayload] = []
    var group = UnitGroup(headerCount: 1)
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
      H264Unit.codedTypes.contains(H264Unit.type(bytes[$0.lowerBound]))
    }
  }

  /// Appends what is in the group: one unit as it is, several behind a STAP-A header.
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
    var header = H264Unit.singleTimeAggregation
    for unit in group.units {
      let first = bytes[unit.lowerBound]
      header |= first & 0x80
      header = max(header & 0x60, first & 0x60) | header & 0x9f
    }
    let payload = [UInt8](capacity: group.byteCount) { output in
      output.append(header)
      group.writeUnits(of: bytes.span, into: &output)
    }
    payloads.append(RTPPayload(bytes: payload, marker: false))
  }

  private func fragment(
    _ unit: Range<Int>, of bytes: [UInt8], limit: Int, to payloads: inout [RTPPayload]
  ) {
    let header = bytes[unit.lowerBound]
    let count = unit.count - 1
    for range in EvenSplit(count: count, limit: limit - 2) {
      let start: UInt8 = range.lowerBound == 0 ? 0x80 : 0
      let end: UInt8 = range.upperBound == count ? 0x40 : 0
      let first = unit.lowerBound + 1
      let payload = [UInt8](capacity: range.count + 2) { output in
        output.append(header & 0xe0 | H264Unit.fragmentation)
        output.append(start | end | H264Unit.type(header))
        output.append(
          copying: bytes.span.extracting(first + range.lowerBound..<first + range.upperBound))
      }
      payloads.append(RTPPayload(bytes: payload, marker: false))
    }
  }
}
