import Wire

/// H.265 out of RTP without decoding order numbers: single units, aggregations, fragments (RFC 7798 §4.4).
enum H265Depacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard payload.count >= 2 else { return nil }
    switch H265Unit.type(payload[0]) {
    case H265Unit.codedTypes:
      return describe(headers: [payload[0]])
    case H265Unit.aggregation:
      var headers: [UInt8] = []
      var reader = ByteReader(payload.extracting(droppingFirst: 2))
      while !reader.isAtEnd {
        guard let count = try? reader.readUInt16(), let unit = try? reader.take(Int(count))
        else { return nil }
        if !unit.isEmpty { headers.append(unit[0]) }
      }
      return headers.isEmpty ? nil : describe(headers: headers)
    case H265Unit.fragmentation:
      guard payload.count > 3 else { return nil }
      var description = describe(headers: [payload[2] << 1 & 0x7e])
      if payload[2] & 0x80 == 0 { description.start = .none }
      return description
    default:
      return nil
    }
  }

  private static func describe(headers: [UInt8]) -> PayloadDescription {
    let first = H265Unit.type(headers[0])
    let isStart = first == H265Unit.delimiter || first == H265Unit.videoParameters
    var description = PayloadDescription(
      start: isStart ? .certain : .possible,
      isKeyFrame: headers.contains(where: H265Unit.isIntraPicture))
    description.hasParameterSets = headers.contains {
      H265Unit.type($0) == H265Unit.sequenceParameters
    }
    return description
  }

  static func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    var unit = AnnexBBuilder(reserving: payloads.reduce(8) { $0 + $1.count })
    for payload in payloads {
      guard payload.count >= 2 else { return nil }
      switch H265Unit.type(payload[0]) {
      case H265Unit.aggregation:
        guard unit.appendAggregated(payload, headerCount: 2, isLong: H265Unit.isParameterSet)
        else { return nil }
      case H265Unit.fragmentation:
        guard payload.count > 3 else { return nil }
        let header = payload[0] & 0x81 | payload[2] << 1 & 0x7e
        guard
          unit.appendFragment(
            payload[3...], flags: payload[2], header: [header, payload[1]],
            isLong: H265Unit.isParameterSet(header))
        else { return nil }
      default:
        guard unit.append(payload[...], isLong: H265Unit.isParameterSet(payload[0])) else {
          return nil
        }
      }
    }
    return unit.finish()
  }
}
