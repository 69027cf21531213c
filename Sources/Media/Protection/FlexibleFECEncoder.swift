import RTP
import Wire

/// Makes repair packets for one source (draft-ietf-payload-flexible-fec-scheme-03): each is the exclusive or of some
/// packets, any one of which it can bring back.
///
/// Who calls decides which: packets in a row against single losses, every n-th one by several encoders against bursts.
public struct FlexibleFECEncoder: Sendable {
  /// The most packets from the first to the last that one repair packet protects.
  public static let span = FlexibleFECHeader.span

  private let ssrc: UInt32
  private var header: FlexibleFECHeader?
  private var payload: [UInt8] = []

  /// An encoder for the packets of `ssrc`.
  public init(ssrc: UInt32) { self.ssrc = ssrc }

  /// Whether nothing is protected yet.
  public var isEmpty: Bool { header == nil }

  /// Adds a whole RTP packet, in order, as it is sent but for its encryption. False, and nothing added, for one of
  /// another source, one out of order, and one too far from the first.
  ///
  /// What is changed on the way out goes in as zeros: the values of the extensions that tell when a packet is sent or
  /// its number over the whole transport. Chromium expects it so, since it repairs before it reads them.
  public mutating func add(_ packet: Span<UInt8>) -> Bool {
    add(head: packet, payload: Span())
  }

  /// Adds a packet whose parts lie apart: `head` begins it, `payload` goes on, `paddingCount` bytes end it.
  public mutating func add(
    head: Span<UInt8>, payload body: Span<UInt8>, paddingCount: UInt8 = 0
  ) -> Bool {
    let headCount = head.count - RTPHeader.fixedByteCount
    let count = headCount + body.count + Int(paddingCount)
    guard let own = try? RTPHeader(parsing: head), own.ssrc == ssrc, count <= UInt16.max
    else { return false }
    var header = header ?? FlexibleFECHeader(ssrc: ssrc, base: own.sequenceNumber)
    let offset = Int(own.sequenceNumber &- header.base)
    guard offset < Self.span, header.mask >> UInt128(offset) == 0 else { return false }
    header.mask |= 1 << UInt128(offset)
    header.leadingBytes ^= UInt16(head[0]) << 8 | UInt16(head[1])
    header.length ^= UInt16(truncatingIfNeeded: count)
    header.timestamp ^= own.timestamp
    self.header = header
    payload.grow(to: count)
    payload.combine(head.extracting(droppingFirst: RTPHeader.fixedByteCount))
    payload.combine(body, at: headCount)
    if paddingCount > 0 { payload[count - 1] ^= paddingCount }
    return true
  }

  /// How long the payload of the repair packet would be.
  public var byteCount: Int { header.map { $0.byteCount + payload.count } ?? 0 }

  /// How many packets are protected.
  public var packetCount: Int { header?.mask.nonzeroBitCount ?? 0 }

  /// The payload of the repair packet for all that was added, and a new start; nil if nothing was.
  public mutating func finish() -> [UInt8]? {
    guard let header else { return nil }
    defer {
      self.header = nil
      payload.removeAll(keepingCapacity: true)
    }
    return [UInt8](capacity: header.byteCount + payload.count) { output in
      header.write(into: &output)
      output.append(copying: payload.span)
    }
  }
}

extension [UInt8] {
  /// Appends zeros up to that length.
  mutating func grow(to length: Int) {
    if count < length { append(contentsOf: repeatElement(0, count: length - count)) }
  }

  /// Combines with `other` by exclusive or from `offset` on, and grows to its length.
  mutating func combine(_ other: Span<UInt8>, at offset: Int = 0) {
    grow(to: offset + other.count)
    var bytes = mutableSpan
    var place = offset
    for index in other.indices {
      bytes[place] ^= other[index]
      place += 1
    }
  }
}
