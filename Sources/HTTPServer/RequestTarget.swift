/// The path and query of a request target (RFC 9112 §3.2, RFC 3986 §3).
///
/// The path is split before it is decoded, so an encoded slash cannot make a segment; segments that
/// would climb or hide (`.`, `..`, a slash, a backslash, a control character) are refused, because
/// browsers never send them.
struct RequestTarget {
  var path: String
  var query: Query

  init(parsing target: ArraySlice<UInt8>) throws(HTTPFault) {
    let target = try Self.originForm(target)
    let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
    path = try Self.path(target[..<mark])
    query = try Self.query(target[mark...].dropFirst())
  }

  /// Takes scheme and authority off an absolute-form target; a server must accept one.
  private static func originForm(
    _ target: ArraySlice<UInt8>
  ) throws(HTTPFault) -> ArraySlice<UInt8> {
    guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
      throw .bad("a byte in the target that must be encoded")
    }
    if target.first == UInt8(ascii: "/") || target.elementsEqual("*".utf8) { return target }
    for scheme in ["http://", "https://"]
    where target.prefix(scheme.utf8.count).map(lowercased).elementsEqual(scheme.utf8) {
      let rest = target.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      guard !rest.isEmpty, end != rest.startIndex else { throw .bad("a target without authority") }
      return end.map { rest[$0...] } ?? []
    }
    throw .bad("not a target")
  }

  private static func path(_ bytes: ArraySlice<UInt8>) throws(HTTPFault) -> String {
    var path = ""
    let segments = bytes.split(separator: UInt8(ascii: "/"))
    for raw in segments {
      let segment = try decoded(raw, plusIsSpace: false)
      guard segment != ".", segment != "..",
        !segment.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") })
      else { throw .bad("a path that climbs") }
      path += "/" + segment
    }
    if path.isEmpty || bytes.last == UInt8(ascii: "/") { path += "/" }
    return path
  }

  private static func query(_ bytes: ArraySlice<UInt8>) throws(HTTPFault) -> Query {
    var query = Query()
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let name = try decoded(pair[..<equals], plusIsSpace: true)
      let value = try decoded(pair[equals...].dropFirst(), plusIsSpace: true)
      query.parameters.append(.init(name: name, value: value))
    }
    return query
  }

  private static func decoded(
    _ bytes: ArraySlice<UInt8>, plusIsSpace: Bool
  ) throws(HTTPFault) -> String {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var rest = bytes
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexDigit),
          let low = rest.popFirst().flatMap(hexDigit)
        else { throw .bad("a bad percent escape") }
        plain.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: plain.append(0x20)
      default: plain.append(byte)
      }
    }
    guard !plain.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw .bad("a control character in the target")
    }
    guard let text = String(validating: plain, as: UTF8.self) else {
      throw .bad("a target that is not UTF-8")
    }
    return text
  }
}

/// The value of one hexadecimal digit.
func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
  default: nil
  }
}
