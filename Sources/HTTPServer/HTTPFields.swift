/// Header fields in order (RFC 9110 §5). Names compare without regard to case.
public struct HTTPFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// One header field.
  public struct Field: Sendable, Equatable {
    /// The name as it came or was given.
    public var name: String
    /// The value without surrounding white space.
    public var value: String
  }

  /// All fields in order.
  public private(set) var fields: [Field] = []

  /// No fields.
  public init() {}

  /// The given fields.
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value) }
  }

  /// The first value under a name. Setting replaces every field of that name; nil removes them.
  public subscript(name: String) -> String? {
    get { fields.first { isSameName($0.name, name) }?.value }
    set {
      fields.removeAll { isSameName($0.name, name) }
      if let newValue { append(name, newValue) }
    }
  }

  /// Every value under a name, in order.
  public func values(_ name: String) -> [String] {
    fields.filter { isSameName($0.name, name) }.map(\.value)
  }

  /// Adds a field and keeps those there are.
  public mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// The members of a comma-separated field such as `Connection`, trimmed and in lower case. What is
  /// not ASCII is no member: comparing it may cost the square of its length.
  func tokens(_ name: String) -> [String] {
    values(name).flatMap { Array($0.utf8)[...].split(separator: UInt8(ascii: ",")) }
      .map(\.trimmed)
      .filter { !$0.isEmpty && $0.allSatisfy { $0 < 0x80 } }
      .map { String(decoding: $0.map(lowercased), as: UTF8.self) }
  }

  /// Whether every name is a token and no value holds a control character: the test that keeps CR
  /// and LF out of what is sent (RFC 9110 §5.5).
  var areWellFormed: Bool {
    fields.allSatisfy { field in
      !field.name.isEmpty && field.name.utf8.allSatisfy(isTokenByte)
        && field.value.utf8.allSatisfy(isFieldValueByte)
    }
  }
}

/// Compares two field names, or values of ASCII, without regard to ASCII case.
func isSameName(_ first: String, _ second: String) -> Bool {
  first.utf8.count == second.utf8.count
    && zip(first.utf8, second.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

/// `tchar` of RFC 9110 §5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
    UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
    UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
    UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
    true
  default: false
  }
}

/// Visible, space, tab, or beyond ASCII (RFC 9110 §5.5).
func isFieldValueByte(_ byte: UInt8) -> Bool {
  byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
}

func lowercased(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

extension ArraySlice<UInt8> {
  /// Without spaces and tabs at both ends.
  var trimmed: ArraySlice<UInt8> {
    var rest = self
    while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
    return rest
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmed: Substring {
    var rest = self
    while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
    return rest
  }
}
