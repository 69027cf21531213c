import RTP
import Wire

/// AV1 out of RTP (RTP Payload Format For AV1 §4). A frame is a temporal unit: sizes are put back, and the temporal
/// delimiter that RTP leaves out.
enum AV1Depacketizer {
  private static let delimiter: [UInt8] = [0x12, 0x00]

  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard let elements = AV1Elements(parsing: payload), let first = elements.ranges.first
    else { return nil }
    let start: PayloadDescription.Start =
      elements.startsSequence ? .certain : elements.continuesElement ? .none : .possible
    var description = PayloadDescription(
      start: start, isKeyFrame: VideoPayloadFormat.av1.keyFrameStart(in: payload) != nil)
    guard !elements.continuesElement, first.count > 1, payload[first.lowerBound] & 0x04 != 0
    else { return description }
    let layer = payload[first.lowerBound + 1]
    description.layer = FrameLayer(temporal: layer >> 5, spatial: layer >> 3 & 3)
    return description
  }

  static func join(_ payloads: [[UInt8]]) -> [UInt8]? {
    var frame = delimiter
    frame.reserveCapacity(payloads.reduce(16) { $0 + $1.count + 4 })
    var unit: [UInt8] = []
    var isCut = false
    for payload in payloads {
      guard let elements = AV1Elements(parsing: payload.span),
        elements.continuesElement == isCut
      else { return nil }
      for (index, range) in elements.ranges.enumerated() {
        unit += payload[range]
        isCut = elements.isContinued && index + 1 == elements.ranges.count
        guard !isCut else { continue }
        guard append(unit, to: &frame) else { return nil }
        unit.removeAll(keepingCapacity: true)
      }
    }
    return !isCut && frame.count > delimiter.count ? frame : nil
  }

  /// Appends an OBU with its size; false if it is none.
  private static func append(_ bytes: [UInt8], to frame: inout [UInt8]) -> Bool {
    guard !bytes.isEmpty else { return true }
    guard let unit = OpenBitstreamUnit(in: bytes.span, at: 0) else { return false }
    guard !unit.isLeftOut else { return true }
    frame += unit.leadingBytes(withSize: true)
    frame += LEB128.bytes(unit.data.count)
    frame += bytes[unit.data]
    return true
  }
}

/// The elements of a payload, each an OBU or a piece of one, and what the aggregation header tells of them.
///
///       +-+-+-+-+-+-+-+-+
///       |Z|Y| W |N|-|-|-|
///       +-+-+-+-+-+-+-+-+
struct AV1Elements {
  /// Z: the first element goes on with the last one of the packet before.
  let continuesElement: Bool
  /// Y: the next packet goes on with the last element.
  let isContinued: Bool
  /// N: a coded video sequence starts here.
  let startsSequence: Bool
  /// Where the elements lie.
  let ranges: [Range<Int>]

  /// Reads the elements; nil where lengths contradict the payload, or there are none.
  init?(parsing payload: Span<UInt8>) {
    var reader = ByteReader(payload)
    guard let header = try? reader.readUInt8(), !reader.isAtEnd else { return nil }
    continuesElement = header & 0x80 != 0
    isContinued = header & 0x40 != 0
    startsSequence = header & 0x08 != 0
    let told = Int(header >> 4 & 3)
    var found: [Range<Int>] = []
    while !reader.isAtEnd {
      var count = reader.remainingCount
      if found.count + 1 != told {
        guard let size = LEB128.read(&reader), size <= reader.remainingCount else { return nil }
        count = size
      }
      let start = payload.count - reader.remainingCount
      found.append(start..<start + count)
      guard (try? reader.skip(count)) != nil else { return nil }
    }
    guard told == 0 || told == found.count else { return nil }
    ranges = found
  }
}
