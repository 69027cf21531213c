import RTP
import Wire

/// Brings lost packets of one source back with repair packets (draft-ietf-payload-flexible-fec-scheme-03).
///
/// It remembers the last `mediaLimit` packets of media and `repairLimit` repair packets.
public struct FlexibleFECDecoder: Sendable {
  /// Packets of media that are remembered, by number.
  public static let mediaLimit = 256
  /// Repair packets that are remembered while they cannot help yet.
  public static let repairLimit = 64
  /// Longer packets than this are not remembered.
  private static let longestPacket = 2048

  private struct Original: Sendable {
    let index: Int64
    let bytes: [UInt8]
  }

  private struct Repair: Sendable {
    let header: FlexibleFECHeader
    let base: Int64
    let payload: [UInt8]
    /// What it protects, from the base.
    let offsets: [Int]

    init(header: FlexibleFECHeader, base: Int64, payload: [UInt8]) {
      self.header = header
      self.base = base
      self.payload = payload
      offsets = header.offsets
    }

    func protects(_ index: Int64) -> Bool {
      (base..<base + Int64(FlexibleFECHeader.span)).contains(index)
        && header.protects(Int(index - base))
    }
  }

  private let ssrc: UInt32
  private var unwrapper = SequenceUnwrapper()
  private var media = [Original?](repeating: nil, count: mediaLimit)
  private var repairs: [Repair] = []

  /// Packets brought back so far.
  public private(set) var recoveredCount = 0
  /// Repair packets that made no sense.
  public private(set) var malformedCount = 0

  /// A decoder for the packets of `ssrc`.
  public init(ssrc: UInt32) { self.ssrc = ssrc }

  /// Takes a whole decrypted RTP packet of the source; yields packets that it helped to bring back.
  ///
  /// `volatile` is where it holds what is written on the way out, such as its number over the whole transport:
  /// that is not protected, and zero in what is brought back.
  public mutating func receive(
    media packet: Span<UInt8>, volatile: Range<Int> = 0..<0
  ) -> [[UInt8]] {
    guard let header = try? RTPHeader(parsing: packet), header.ssrc == ssrc,
      packet.count <= Self.longestPacket
    else { return [] }
    var bytes = [UInt8](capacity: packet.count) { $0.append(copying: packet) }
    for place in volatile where bytes.indices.contains(place) { bytes[place] = 0 }
    let index = unwrapper.unwrap(header.sequenceNumber)
    remember(bytes, index)
    return recover(with: index)
  }

  /// Takes the payload of a repair packet; yields packets that it brings back.
  public mutating func receive(repair payload: Span<UInt8>) -> [[UInt8]] {
    guard let (header, count) = FlexibleFECHeader.parse(payload), header.ssrc == ssrc,
      payload.count <= Self.longestPacket
    else {
      malformedCount += 1
      return []
    }
    let rest = payload.extracting(droppingFirst: count)
    let base = unwrapper.index(of: header.base)
    let newest = unwrapper.newest ?? base
    repairs.removeAll { newest - $0.base >= Int64(Self.mediaLimit) }
    if repairs.count == Self.repairLimit { repairs.removeFirst() }
    repairs.append(
      Repair(
        header: header, base: base,
        payload: [UInt8](capacity: rest.count) { $0.append(copying: rest) }))
    guard let (index, bytes) = use(repairs.count - 1) else { return [] }
    return [bytes] + recover(with: index)
  }

  private func slot(_ index: Int64) -> Int {
    Int(truncatingIfNeeded: index) & (Self.mediaLimit - 1)
  }

  private func packet(_ index: Int64) -> [UInt8]? {
    guard let found = media[slot(index)], found.index == index else { return nil }
    return found.bytes
  }

  private mutating func remember(_ bytes: [UInt8], _ index: Int64) {
    guard media[slot(index)].map({ $0.index < index }) ?? true else { return }
    media[slot(index)] = Original(index: index, bytes: bytes)
  }

  /// Uses the repair packets that a new packet is under, and then those that one brought back is.
  private mutating func recover(with index: Int64) -> [[UInt8]] {
    var recovered: [[UInt8]] = []
    var news = [index]
    while let new = news.popLast() {
      var place = 0
      while place < repairs.count {
        let count = repairs.count
        if repairs[place].protects(new), let (index, bytes) = use(place) {
          recovered.append(bytes)
          news.append(index)
        }
        // One that was of use, or that can no longer be, is gone.
        if repairs.count == count { place += 1 }
      }
    }
    return recovered
  }

  /// Brings back the one packet the repair packet is missing. It is forgotten unless more are missing.
  private mutating func use(_ place: Int) -> (index: Int64, bytes: [UInt8])? {
    let repair = repairs[place]
    var lost: Int?
    for offset in repair.offsets
    where media[slot(repair.base + Int64(offset))]?.index != repair.base + Int64(offset) {
      guard lost == nil else { return nil }
      lost = offset
    }
    repairs.remove(at: place)
    guard let lost else { return nil }
    guard let bytes = rebuild(repair, lost: lost) else {
      malformedCount += 1
      return nil
    }
    let index = repair.base + Int64(lost)
    remember(bytes, index)
    recoveredCount += 1
    return (index, bytes)
  }

  private func rebuild(_ repair: Repair, lost: Int) -> [UInt8]? {
    var header = repair.header
    var payload = repair.payload
    for offset in repair.offsets where offset != lost {
      guard let bytes = packet(repair.base + Int64(offset)),
        let own = try? RTPHeader(parsing: bytes.span)
      else { return nil }
      let body = bytes.span.extracting(droppingFirst: RTPHeader.fixedByteCount)
      header.leadingBytes ^= UInt16(bytes[0]) << 8 | UInt16(bytes[1])
      header.length ^= UInt16(truncatingIfNeeded: body.count)
      header.timestamp ^= own.timestamp
      payload.combine(body)
    }
    let count = Int(header.length)
    guard count <= repair.payload.count else { return nil }
    let bytes = [UInt8](capacity: RTPHeader.fixedByteCount + count) { output in
      output.append(bigEndian: 0x8000 | header.leadingBytes & 0x3fff)
      output.append(bigEndian: header.base &+ UInt16(truncatingIfNeeded: lost))
      output.append(bigEndian: header.timestamp)
      output.append(bigEndian: header.ssrc)
      output.append(copying: payload.span.extracting(first: count))
    }
    return (try? RTPPacket(parsing: bytes.span)) == nil ? nil : bytes
  }
}
