/// SDP is text of ASCII tokens: everything here compares and cuts bytes, never grapheme clusters.
extension String {
  /// The pieces between single `separator` bytes; empty pieces are left out.
  func pieces(separatedBy separator: UInt8, maxSplits: Int = .max) -> [Substring] {
    utf8.split(separator: separator, maxSplits: maxSplits).map { Substring($0) }
  }
}

extension Substring {
  /// The pieces between single `separator` bytes; empty pieces are left out.
  func pieces(separatedBy separator: UInt8, maxSplits: Int = .max) -> [Substring] {
    utf8.split(separator: separator, maxSplits: maxSplits).map { Substring($0) }
  }

  /// What stands before the first `separator` and what stands after it; nil if there is none.
  func cut(at separator: UInt8) -> (head: Substring, tail: Substring)? {
    guard let index = utf8.firstIndex(of: separator) else { return nil }
    return (self[..<index], self[utf8.index(after: index)...])
  }

  /// Without spaces at either end.
  var trimmed: Substring {
    var view = utf8
    while view.first == .space { view.removeFirst() }
    while view.last == .space { view.removeLast() }
    return Substring(view)
  }
}

extension StringProtocol {
  /// ASCII letters in lower case; other bytes untouched.
  var asciiLowercased: String {
    String(
      decoding: utf8.map { 0x41 <= $0 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether both are equal but for the case of ASCII letters.
  func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
    utf8.count == other.utf8.count
      && zip(utf8, other.utf8).allSatisfy { one, two in
        one == two || (one | 0x20 == two | 0x20 && 0x61 <= one | 0x20 && one | 0x20 <= 0x7A)
      }
  }

  /// Whether every byte satisfies `condition`, and there is at least one.
  func consists(of condition: (UInt8) -> Bool) -> Bool {
    !utf8.isEmpty && utf8.allSatisfy(condition)
  }
}

extension FixedWidthInteger {
  /// A decimal number of digits alone: no sign, no space, no overflow.
  init?(digits: some StringProtocol) {
    guard !digits.isEmpty else { return nil }
    var value: Self = 0
    for digit in digits.utf8 {
      guard digit.isDigit else { return nil }
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Self(truncatingIfNeeded: digit & 0x0F))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    self = value
  }
}

extension UInt8 {
  static var space: UInt8 { 0x20 }
  static var colon: UInt8 { 0x3A }
  static var semicolon: UInt8 { 0x3B }
  static var comma: UInt8 { 0x2C }
  static var slash: UInt8 { 0x2F }
  static var equals: UInt8 { 0x3D }

  var isDigit: Bool { 0x30 <= self && self <= 0x39 }
  var isLetter: Bool { 0x61 <= self | 0x20 && self | 0x20 <= 0x7A }
  var isHexDigit: Bool { isDigit || (0x61 <= self | 0x20 && self | 0x20 <= 0x66) }
  /// RFC 8839 §5.4: `ice-char`, and four that some clients use besides.
  var isICECharacter: Bool {
    isDigit || isLetter || [0x2B, 0x2F, 0x2D, 0x5F, 0x3D, 0x23].contains(self)
  }
  /// RFC 8866 §9: `token-char`, what names and tags are made of.
  var isTokenCharacter: Bool {
    switch self {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
    default: false
    }
  }
}
