public import Wire

/// A name of a machine in its own network, such as `1f4712db-ea17-4bcf-a596-105139dfd8bf.local`
/// (RFC 6762 §3): one label of letters, digits and hyphens, and `local`. Case does not matter.
public struct MDNSName: Hashable, Sendable, CustomStringConvertible {
  /// The label, in lower case.
  public let label: String

  /// The name in `text`; nil where it is no name of this kind.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].lowercased() == "local",
      (1...63).contains(parts[0].utf8.count), parts[0].utf8.allSatisfy(Self.isAllowed)
    else { return nil }
    label = parts[0].lowercased()
  }

  /// A name that nobody else has: a random UUID (draft-ietf-mmusic-mdns-ice-candidates §3.1.1).
  public static func random(using random: inout RandomSource) -> MDNSName {
    let high = random.next() & ~0xf000 | 0x4000
    let low = random.next() & ~(0b11 << 62) | 0b10 << 62
    let digits = hexadecimal(high) + hexadecimal(low)
    var label = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { label.append("-") }
      label.append(digit)
    }
    return MDNSName(label: label)
  }

  private init(label: String) { self.label = label }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      || byte == UInt8(ascii: "-")
  }

  /// The label and `local`.
  public var description: String { label + ".local" }
}
