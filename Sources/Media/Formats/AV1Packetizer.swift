import Wire

/// AV1 into RTP (RTP Payload Format For AV1 §4, §5): OBUs without sizes, one after another, cut where a payload is
/// full. Temporal delimiters, tile lists and padding are left out.
struct AV1Packetizer: FrameCutting {
  /// A piece of an OBU shorter than this is not worth its cut.
  private static let shortestPiece = 32

  /// A unit and the part of it, counted with its header and without its size, that goes into a payload.
  private struct Piece {
    let unit: OpenBitstreamUnit
    let range: Range<Int>

    static func byteCount(_ unit: OpenBitstreamUnit) -> Int {
      unit.data.count + (unit.extensionByte == nil ? 1 : 2)
    }

    var isCutAtStart: Bool { range.lowerBound > 0 }
    var isCutAtEnd: Bool { range.upperBound < Self.byteCount(unit) }
  }

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    guard let units = OpenBitstreamUnit.units(in: frame.bytes.span) else { return [] }
    var plan = Plan(limit: limit - 1)
    for unit in units where !unit.isLeftOut { plan.add(unit) }
    plan.flush()
    return plan.payloads.indices.map { index in
      RTPPayload(
        bytes: write(
          plan.payloads[index], of: frame.bytes.span, startsSequence: frame.isKeyFrame && index == 0
        ),
        marker: index + 1 == plan.payloads.count)
    }
  }

  /// Which pieces go into which payload.
  private struct Plan {
    let limit: Int
    var payloads: [[Piece]] = []
    private var open: [Piece] = []
    /// Bytes of the open payload without its last piece, lengths included.
    private var used = 0

    init(limit: Int) { self.limit = limit }

    /// Room for one piece more. Up to three pieces the last has no length.
    private var room: Int {
      var room = limit - used
      if let last = open.last { room -= last.range.count + LEB128.byteCount(last.range.count) }
      return open.count < 3 ? room : room - LEB128.byteCount(max(room, 0))
    }

    mutating func add(_ unit: OpenBitstreamUnit) {
      // A payload has OBUs of one layer only.
      let layer = open.lazy.compactMap(\.unit.extensionByte).first
      if let own = unit.extensionByte, let layer, own != layer { flush() }
      let count = Piece.byteCount(unit)
      var start = 0
      while start < count {
        if count - start > room, !open.isEmpty, room < AV1Packetizer.shortestPiece { flush() }
        let end = min(start + room, count)
        append(Piece(unit: unit, range: start..<end))
        start = end
        if start < count { flush() }
      }
    }

    private mutating func append(_ piece: Piece) {
      if let last = open.last {
        used += last.range.count + LEB128.byteCount(last.range.count)
      }
      open.append(piece)
    }

    mutating func flush() {
      guard !open.isEmpty else { return }
      payloads.append(open)
      open = []
      used = 0
    }
  }

  private func write(
    _ pieces: [Piece], of bytes: Span<UInt8>, startsSequence: Bool
  ) -> [UInt8] {
    let tellsCount = pieces.count <= 3
    var header: UInt8 = tellsCount ? UInt8(truncatingIfNeeded: pieces.count) << 4 : 0
    if pieces.first?.isCutAtStart == true { header |= 0x80 }
    if pieces.last?.isCutAtEnd == true { header |= 0x40 }
    if startsSequence { header |= 0x08 }
    let capacity = pieces.reduce(1) { $0 + $1.range.count + LEB128.byteCount($1.range.count) }
    return [UInt8](capacity: capacity) { output in
      output.append(header)
      for (index, piece) in pieces.enumerated() {
        if !tellsCount || index + 1 < pieces.count {
          for byte in LEB128.bytes(piece.range.count) { output.append(byte) }
        }
        let leading = piece.unit.leadingBytes(withSize: false)
        for byte in leading.dropFirst(piece.range.lowerBound).prefix(piece.range.count) {
          output.append(byte)
        }
        let start = max(piece.range.lowerBound - leading.count, 0)
        let end = max(piece.range.upperBound - leading.count, 0)
        let first = piece.unit.data.lowerBound
        output.append(copying: bytes.extracting(first + start..<first + end))
      }
    }
  }
}
