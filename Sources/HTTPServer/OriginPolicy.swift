/// Who may open a WebSocket from a web page (RFC 6455 §10.2): pages of the server's own host and those
/// configured. A browser always sends `Origin`, so a request without one is no page and is let in.
public struct OriginPolicy: Sendable {
  private let allowed: Set<String>

  /// Lets in the server's own host and the origins `allowed`, such as `https://meet.example`.
  public init(allowed: [String]) {
    self.allowed = Set(allowed.map { Self.normalized($0) })
  }

  /// Whether a request with these header fields comes from a page that may ask.
  public func allows(_ headers: HTTPFields) -> Bool {
    let origins = headers.values("Origin")
    guard let text = origins.first else { return true }
    // Comparing what is not ASCII may cost the square of its length.
    guard origins.count == 1, text.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
    let origin = Self.normalized(text)
    if allowed.contains(origin) { return true }
    guard let host = headers["Host"]?.lowercased(), !host.isEmpty else { return false }
    return origin == Self.normalized("http://" + host)
      || origin == Self.normalized("https://" + host)
  }

  /// Lower case and without the port that the scheme implies.
  private static func normalized(_ origin: String) -> String {
    let origin = origin.lowercased()
    for (scheme, port) in [("http://", ":80"), ("https://", ":443")]
    where origin.hasPrefix(scheme) && origin.hasSuffix(port) {
      return String(origin.dropLast(port.count))
    }
    return origin
  }
}
