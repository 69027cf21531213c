import Wire

/// Two frames in one packet (RFC 6716 §3.2), put together without decoding them.
extension OpusPacket {
  private static let longest = 5_760
  private static let longestFrame = 1_275

  /// Writes one packet of two into `output`, which must have room for both and two bytes more. False, and nothing
  /// written, where they are not of one frame each and of the same kind, or would be too long.
  public static func join(
    _ first: Span<UInt8>, _ second: Span<UInt8>, into output: inout OutputSpan<UInt8>
  ) -> Bool {
    guard let head = OpusPacket(parsing: first), head.frameCount == 1, second.count > 0,
      first[0] == second[0], first[0] & 3 == 0, head.sampleCount * 2 <= longest,
      first.count - 1 <= longestFrame, second.count - 1 <= longestFrame,
      output.freeCapacity >= first.count + second.count + 2
    else { return false }
    let count = first.count - 1
    if first.count == second.count {
      output.append(first[0] | 1)
    } else {
      output.append(first[0] | 2)
      if count < 252 {
        output.append(UInt8(truncatingIfNeeded: count))
      } else {
        output.append(UInt8(truncatingIfNeeded: 252 + (count & 3)))
        output.append(UInt8(truncatingIfNeeded: (count - 252) >> 2))
      }
    }
    for place in 1..<first.count { output.append(first[place]) }
    for place in 1..<second.count { output.append(second[place]) }
    return true
  }

  /// Where the frames of a packet of one or two lie. Nil where there are more, or its lengths contradict it.
  public static func frames(of packet: Span<UInt8>) -> [Range<Int>]? {
    guard packet.count > 0 else { return nil }
    switch packet[0] & 3 {
    case 0: return [1..<packet.count]
    case 1:
      guard packet.count & 1 == 1 else { return nil }
      let middle = 1 + packet.count / 2
      return [1..<middle, middle..<packet.count]
    case 2:
      guard packet.count > 1 else { return nil }
      let isLong = packet[1] >= 252
      let start = isLong ? 3 : 2
      guard packet.count >= start else { return nil }
      let end = start + Int(packet[1]) + (isLong ? Int(packet[2]) * 4 : 0)
      guard end <= packet.count else { return nil }
      return [start..<end, end..<packet.count]
    default: return nil
    }
  }
}
