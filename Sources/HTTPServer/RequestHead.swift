/// A request line and its header fields (RFC 9112 §3, §5), read strictly: whatever two programs
/// could read in two ways is refused.
struct RequestHead {
  /// How long the body is (RFC 9112 §6).
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
  }

  var method: HTTPRequest.Method
  var target: RequestTarget
  var headers: HTTPFields
  var framing: Framing
  /// HTTP/1.1, rather than 1.0.
  var isVersion11: Bool
  /// Whether the connection may serve another request.
  var keepsAlive: Bool
  /// Whether the client waits for `100 Continue` before it sends the body.
  var expectsContinue: Bool

  /// Reads what `HeadCollector` gathered: lines ended by a line feed each.
  init(parsing head: [UInt8], limits: Limits) throws(HTTPFault) {
    var lines = head.split(separator: UInt8(ascii: "\n"))[...]
    guard let requestLine = lines.popFirst() else { throw .bad("no request line") }
    (method, target, isVersion11) = try Self.requestLine(requestLine, limits: limits)
    guard lines.count <= limits.fields else {
      throw HTTPFault(.fieldsTooLarge, "too many header fields")
    }
    headers = HTTPFields()
    for line in lines {
      let (name, value) = try Self.field(line)
      headers.append(name, value)
    }
    try Self.checkHost(headers, isRequired: isVersion11)
    framing = try Self.framing(headers, isVersion11: isVersion11)
    let connection = headers.tokens("Connection")
    keepsAlive =
      isVersion11 ? !connection.contains("close") : connection.contains("keep-alive")
    expectsContinue = try Self.expectation(headers) && isVersion11
  }

  private static func requestLine(
    _ line: ArraySlice<UInt8>, limits: Limits
  ) throws(HTTPFault) -> (HTTPRequest.Method, RequestTarget, isVersion11: Bool) {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, let method = parts.first, let version = parts.last else {
      throw .bad("not a request line")
    }
    guard !method.isEmpty, method.count <= 32, method.allSatisfy(isTokenByte) else {
      throw .bad("not a method")
    }
    let isVersion11 = try self.isVersion11(version)
    guard parts[1].count <= limits.targetBytes else {
      throw HTTPFault(.targetTooLong, "the target is too long")
    }
    let target = try RequestTarget(parsing: parts[1])
    return (.init(rawValue: String(decoding: method, as: UTF8.self)), target, isVersion11)
  }

  private static func isVersion11(_ version: ArraySlice<UInt8>) throws(HTTPFault) -> Bool {
    if version.elementsEqual("HTTP/1.1".utf8) { return true }
    if version.elementsEqual("HTTP/1.0".utf8) { return false }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard version.count == 8, version.starts(with: "HTTP/".utf8),
      version.dropFirst(5).first.map(digits.contains) == true,
      version.dropFirst(6).first == UInt8(ascii: "."), version.last.map(digits.contains) == true
    else { throw .bad("not a version") }
    throw HTTPFault(.versionNotSupported, "only HTTP/1.0 and HTTP/1.1 are spoken here")
  }

  private static func field(_ line: ArraySlice<UInt8>) throws(HTTPFault) -> (String, String) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw .bad("a header field without colon")
    }
    let name = line[..<colon]
    guard !name.isEmpty, name.allSatisfy(isTokenByte) else { throw .bad("not a field name") }
    let value = line[colon...].dropFirst().trimmed
    return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  private static func checkHost(_ headers: HTTPFields, isRequired: Bool) throws(HTTPFault) {
    let hosts = headers.values("Host")
    guard hosts.count <= 1, !isRequired || hosts.count == 1 else {
      throw .bad("not exactly one Host")
    }
    let isPlain = hosts.allSatisfy { host in
      host.utf8.allSatisfy { byte in
        isTokenByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[")
          || byte == UInt8(ascii: "]")
      }
    }
    guard isPlain else { throw .bad("not a Host") }
  }

  /// Two lengths, or a length and a transfer coding, are how requests are smuggled: refused.
  private static func framing(
    _ headers: HTTPFields, isVersion11: Bool
  ) throws(HTTPFault) -> Framing {
    let lengths = headers.values("Content-Length")
    let codings = headers.values("Transfer-Encoding")
    guard let coding = codings.first else {
      guard let length = lengths.first else { return .none }
      guard lengths.count == 1, (1...15).contains(length.utf8.count),
        length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let count = Int(length)
      else { throw .bad("not a Content-Length") }
      return count == 0 ? .none : .length(count)
    }
    guard lengths.isEmpty, codings.count == 1, isVersion11 else {
      throw .bad("a length and a transfer coding")
    }
    guard isSameName(coding, "chunked") else {
      throw HTTPFault(.notImplemented, "a transfer coding other than chunked")
    }
    return .chunked
  }

  private static func expectation(_ headers: HTTPFields) throws(HTTPFault) -> Bool {
    guard let expectation = headers["Expect"] else { return false }
    guard isSameName(expectation, "100-continue") else {
      throw HTTPFault(.expectationFailed, "an unknown expectation")
    }
    return true
  }
}
