/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable {
  /// The address family.
  public enum Family: UInt8, Sendable { case v4 = 4, v6 = 6 }

  /// The family the address belongs to.
  public let family: Family
  /// The first eight bytes of an IPv6 address; zero for IPv4.
  public let high: UInt64
  /// The last eight bytes of an IPv6 address, or the four of an IPv4 address.
  public let low: UInt64

  /// The IPv4 address with the given bits, most significant byte first.
  public init(v4 bits: UInt32) {
    family = .v4
    high = 0
    low = UInt64(bits)
  }

  /// The IPv4 address `a.b.c.d`.
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// The IPv6 address with the given halves. Embedded IPv4 is kept as it is; see `canonical`.
  public init(v6High high: UInt64, low: UInt64) {
    family = .v6
    self.high = high
    self.low = low
  }

  /// The IPv4 address inside an IPv4-mapped one (`::ffff:a.b.c.d`), otherwise the address itself.
  public var canonical: IPAddress {
    guard family == .v6, high == 0, low >> 32 == 0xffff else { return self }
    return IPAddress(v4: UInt32(truncatingIfNeeded: low))
  }

  /// `127.0.0.0/8` or `::1`.
  public var isLoopback: Bool {
    family == .v4 ? low >> 24 == 127 : high == 0 && low == 1
  }

  /// `0.0.0.0` or `::`.
  public var isUnspecified: Bool { high == 0 && low == 0 }

  /// `224.0.0.0/4` or `ff00::/8`.
  public var isMulticast: Bool { family == .v4 ? low >> 28 == 0xe : high >> 56 == 0xff }

  /// `169.254.0.0/16` or `fe80::/10`.
  public var isLinkLocal: Bool {
    family == .v4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa
  }
}

extension IPAddress: CustomStringConvertible {
  /// Parses dotted IPv4 or RFC 4291 §2.2 IPv6 text, without a zone and without brackets.
  public init?(_ text: some StringProtocol) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let halves = Self.parseV6(Substring(text)) else { return nil }
      self.init(v6High: halves.0, low: halves.1)
    } else {
      guard let bits = Self.parseV4(Substring(text)) else { return nil }
      self.init(v4: bits)
    }
  }

  private static func parseV4(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
        let byte = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    return bits
  }

  private static func parseV6(_ text: Substring) -> (UInt64, UInt64)? {
    guard text.utf8.count <= 45 else { return nil }
    let sides = split(onDoubleColon: text)
    guard let head = groups(sides.head), let tail = groups(sides.tail ?? "") else { return nil }
    let missing = 8 - head.count - tail.count
    guard sides.tail == nil ? missing == 0 : missing >= 1 else { return nil }
    let all = head + [UInt16](repeating: 0, count: missing) + tail
    var high: UInt64 = 0
    var low: UInt64 = 0
    for group in all[..<4] { high = high << 16 | UInt64(group) }
    for group in all[4...] { low = low << 16 | UInt64(group) }
    return (high, low)
  }

  private static func split(onDoubleColon text: Substring) -> (head: Substring, tail: Substring?) {
    var index = text.startIndex
    while index < text.endIndex {
      let next = text.index(after: index)
      if text[index] == ":", next < text.endIndex, text[next] == ":" {
        return (text[..<index], text[text.index(after: next)...])
      }
      index = next
    }
    return (text, nil)
  }

  private static func groups(_ text: Substring) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 8 else { return nil }
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
        guard let bits = parseV4(part) else { return nil }
        groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups.count <= 8 ? groups : nil
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
  }

  /// Dotted IPv4, or IPv6 as RFC 5952 §4 wants it.
  public var description: String {
    if family == .v4 {
      return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)"
    }
    let groups = (0..<8).map { index -> UInt16 in
      let half = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: half >> UInt64((3 - index % 4) * 16))
    }
    let zeros = Self.longestZeroRun(groups)
    let hex = groups.map { String($0, radix: 16) }
    guard zeros.count > 1 else { return hex.joined(separator: ":") }
    return hex[..<zeros.lowerBound].joined(separator: ":") + "::"
      + hex[zeros.upperBound...].joined(separator: ":")
  }

  private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}
