import Media
import RTP
import Wire

/// Makes repair packets for what one slot sends: rows of exclusive or over packets as they leave, each of which brings
/// one lost packet back. Nothing of the packets is kept but the rows.
struct SlotRepair {
  /// Neighbours go into different rows where frames have many packets, so that a burst hits each row once. With few
  /// packets the rows would take too long to fill.
  private static let rowCount = 2
  private static let packetsForRows = 4
  /// Packets in a row at most: more than browsers look back for.
  private static let longestRow = 24
  /// No more than this is saved up for later, in packets of full size.
  private static let largestCredit = 6 * 1200

  private var rows: [FlexibleFECEncoder]
  private var next = 0
  private var newest: UInt16?
  private var frameCount = 0
  private var usesRows = false
  /// Bytes that repair may still take of what was sent.
  private var credit = 0.0
  private(set) var sequenceNumber: UInt16

  /// Repair for the packets of `ssrc`.
  init(ssrc: UInt32, firstSequenceNumber: UInt16) {
    rows = Array(repeating: FlexibleFECEncoder(ssrc: ssrc), count: Self.rowCount)
    sequenceNumber = firstSequenceNumber
  }

  /// Forgets what was begun: the protection was off in between.
  mutating func reset() {
    credit = 0
    newest = nil
    for place in rows.indices { _ = rows[place].finish() }
  }

  /// Adds a packet as it leaves, but for its number over the whole transport, which is zero in `head`. `share` is what
  /// repair may add to the bytes sent. One that comes late is left out.
  mutating func add(
    _ header: RTPHeader, head: Span<UInt8>, payload: Span<UInt8>, paddingCount: UInt8,
    share: Double
  ) {
    let count = head.count + payload.count + Int(paddingCount)
    credit = min(credit + Double(count) * share, Double(Self.largestCredit))
    if let newest, !header.sequenceNumber.isNewer(than: newest) { return }
    newest = header.sequenceNumber
    if rows[next].packetCount >= Self.longestRow { _ = rows[next].finish() }
    if !rows[next].add(head: head, payload: payload, paddingCount: paddingCount) {
      _ = rows[next].finish()
      _ = rows[next].add(head: head, payload: payload, paddingCount: paddingCount)
    }
    frameCount += 1
    if header.marker {
      usesRows = frameCount >= Self.packetsForRows
      frameCount = 0
    }
    next = usesRows ? (next + 1) % rows.count : 0
  }

  /// The payload of a repair packet that is due: that of the fullest row, where it may be sent.
  mutating func take() -> [UInt8]? {
    guard let fullest = rows.indices.max(by: { rows[$0].packetCount < rows[$1].packetCount }),
      rows[fullest].packetCount > 0
    else { return nil }
    let cost = Double(rows[fullest].byteCount + RTPHeader.fixedByteCount)
    guard credit >= cost else { return nil }
    credit -= cost
    sequenceNumber &+= 1
    return rows[fullest].finish()
  }
}
