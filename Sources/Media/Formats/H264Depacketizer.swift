import Wire

/// H.264 out of RTP: single units, STAP-A and FU-A (RFC 6184 §5.6–§5.8).
enum H264Depacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard !payload.isEmpty else { return nil }
    switch H264Unit.type(payload[0]) {
    case H264Unit.codedTypes:
      return describe(types: [H264Unit.type(payload[0])])
    case H264Unit.singleTimeAggregation:
      var types: [UInt8] = []
      var reader = ByteReader(payload.extracting(droppingFirst: 1))
      while !reader.isAtEnd {
        guard let count = try? reader.readUInt16(), let unit = try? reader.take(Int(count))
        else { return nil }
        if !unit.isEmpty { types.append(H264Unit.type(unit[0])) }
      }
      return types.isEmpty ? nil : describe(types: types)
    case H264Unit.fragmentation:
      guard payload.count > 2 else { return nil }
      var description = describe(types: [H264Unit.type(payload[1])])
      if payload[1] & 0x80 == 0 { description.start = .none }
      return description
    default:
      return nil
    }
  }

  private static func describe(types: [UInt8]) -> PayloadDescription {
    let isStart = types[0] == H264Unit.delimiter || types[0] == H264Unit.sequenceParameters
    var description = PayloadDescription(
      start: isStart ? .certain : .possible, isKeyFrame: types.contains(H264Unit.idrSlice))
    description.hasParameterSets = types.contains(H264Unit.sequenceParameters)
    return description
  }

  static func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    var unit = AnnexBBuilder(reserving: payloads.reduce(8) { $0 + $1.count })
    for payload in payloads {
      guard !payload.isEmpty else { return nil }
      switch H264Unit.type(payload[0]) {
      case H264Unit.singleTimeAggregation:
        guard unit.appendAggregated(payload, headerCount: 1, isLong: H264Unit.isParameterSet)
        else { return nil }
      case H264Unit.fragmentation:
        guard payload.count > 2 else { return nil }
        let header = payload[0] & 0xe0 | H264Unit.type(payload[1])
        guard
          unit.appendFragment(
            payload[2...], flags: payload[1], header: [header],
            isLong: H264Unit.isParameterSet(header))
        else { return nil }
      default:
        guard unit.append(payload[...], isLong: H264Unit.isParameterSet(payload[0])) else {
          return nil
        }
      }
    }
    return unit.finish()
  }
}
