/// The 48-bit index of an SRTP packet: rollover counter and sequence number (RFC 3711 §3.3.1).
enum PacketIndex {
  /// The last index a key may be used for.
  static let maximum: UInt64 = 1 << 48 - 1

  /// The index `sequenceNumber` stands for, given the largest one so far (RFC 3711 Appendix A).
  ///
  /// Where the appendix would place it before the first index of all, it is taken as of the first
  /// rollover period: nothing else could be true. Nil beyond the last index.
  static func estimate(_ sequenceNumber: UInt16, newest: UInt64?) -> UInt64? {
    guard let newest else { return UInt64(sequenceNumber) }
    let last = Int(newest & 0xffff)
    let next = Int(sequenceNumber)
    let index = newest & ~0xffff | UInt64(sequenceNumber)
    if last < 0x8000, next - last > 0x8000 {
      return index >= 0x1_0000 ? index - 0x1_0000 : index
    }
    if last >= 0x8000, last - 0x8000 > next {
      return index + 0x1_0000 <= maximum ? index + 0x1_0000 : nil
    }
    return index
  }
}
