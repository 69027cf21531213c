/// An HTTP/1.1 response as it came (RFC 9112).
public struct HTTPAnswer: Sendable, Equatable {
  /// What is no response, or more than is taken.
  public struct Malformed: Error, Equatable {}

  /// Bytes of a whole response.
  public static let byteLimit = 256 << 10

  /// From 100 to 599.
  public var status: Int
  /// Names in lower case; of several of a name the last.
  public var headers: [String: String] = [:]
  /// What follows the head, chunks joined.
  public var body: [UInt8] = []

  /// The response that `bytes` begin with; nil as long as it is not whole. `isEnded` is whether nothing
  /// more will come, and `hasBody` whether the request was one that is answered with a body.
  public init?(_ bytes: [UInt8], isEnded: Bool, hasBody: Bool) throws(Malformed) {
    guard bytes.count <= Self.byteLimit else { throw Malformed() }
    guard let end = Self.endOfHead(bytes) else {
      if isEnded { throw Malformed() }
      return nil
    }
    guard let head = String(validating: bytes[..<end], as: UTF8.self) else { throw Malformed() }
    let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
    guard let first = lines.first, first.hasPrefix("HTTP/1."),
      let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
      (100...599).contains(status)
    else { throw Malformed() }
    self.status = status
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
      headers[line[..<colon].lowercased()] = Self.trimmed(line[line.index(after: colon)...])
    }
    let rest = bytes[(end + 4)...]
    guard hasBody, status >= 200, status != 204, status != 304 else { return }
    if headers["transfer-encoding"]?.lowercased() == "chunked" {
      guard let body = try Self.joined(rest) else {
        if isEnded { throw Malformed() }
        return nil
      }
      self.body = body
    } else if let text = headers["content-length"] {
      guard let length = Int(text), (0...Self.byteLimit).contains(length) else {
        throw Malformed()
      }
      guard rest.count >= length else {
        if isEnded { throw Malformed() }
        return nil
      }
      body = Array(rest.prefix(length))
    } else {
      guard isEnded else { return nil }
      body = Array(rest)
    }
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...bytes.count - 4).first { bytes[$0...].starts(with: [13, 10, 13, 10]) }
  }

  private static func trimmed(_ text: Substring) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let start = text.drop(while: isBlank)
    return String(start.reversed().drop(while: isBlank).reversed())
  }

  /// The chunks' content (RFC 9112 §7.1); nil as long as the last one is not there.
  private static func joined(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> [UInt8]? {
    var rest = bytes
    var body: [UInt8] = []
    while let line = rest.firstIndex(of: 13) {
      let text = rest[..<line].prefix { $0 != UInt8(ascii: ";") }
      guard let digits = String(validating: text, as: UTF8.self),
        let count = Int(digits.filter { $0 != " " }, radix: 16), (0...byteLimit).contains(count)
      else { throw Malformed() }
      if count == 0 { return body }
      let chunk = rest.dropFirst(line - rest.startIndex + 2)
      guard chunk.count >= count + 2 else { return nil }
      body += chunk.prefix(count)
      rest = chunk.dropFirst(count + 2)
    }
    return nil
  }
}
