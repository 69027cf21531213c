import Wire

/// Where a URL leads, and the request that asks for it (RFC 9112 §3).
public struct HTTPTarget: Sendable, Equatable {
  /// Whether the URL says `https`.
  public var isSecure: Bool
  /// A name, or an address in text.
  public var host: String
  /// The port.
  public var port: UInt16
  /// Host and port as the `Host` field has them.
  public var authority: String
  /// Path and query.
  public var path: String

  /// A target of which everything is known.
  public init(isSecure: Bool, host: String, port: UInt16, authority: String, path: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.authority = authority
    self.path = path
  }

  /// Reads an `https` URL; nil for another scheme, and for what no URL may hold.
  public init?(https url: String) {
    guard url.hasPrefix("https://"), url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      return nil
    }
    isSecure = true
    port = 443
    let rest = url.dropFirst("https://".count)
    let text = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    path = String(rest.dropFirst(text.count).prefix { $0 != "#" })
    if !path.hasPrefix("/") { path = "/" + path }
    authority = String(text)
    guard !text.isEmpty, !text.contains("@") else { return nil }
    if let address = TransportAddress(authority) {
      (host, port) = ("\(address.ip)", address.port)
    } else if let colon = text.lastIndex(of: ":"), text.last != "]" {
      guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
      (host, port) = (String(text[..<colon]), number)
    } else {
      host = String(text.drop { $0 == "[" }.prefix { $0 != "]" })
    }
    guard !host.isEmpty else { return nil }
  }

  /// A request in bytes, after whose answer the connection ends unless `fields` say otherwise. `agent` is who asks.
  public func request(
    _ method: String, body: (type: String, text: String)? = nil, agent: String,
    fields: [(name: String, value: String)] = [("Connection", "close")]
  ) -> [UInt8] {
    var head =
      "\(method) \(path) HTTP/1.1\r\nHost: \(authority)\r\nUser-Agent: \(agent)\r\n"
      + "Accept: */*\r\n"
    for field in fields { head += "\(field.name): \(field.value)\r\n" }
    if let body {
      head += "Content-Type: \(body.type)\r\nContent-Length: \(body.text.utf8.count)\r\n"
    }
    return Array((head + "\r\n" + (body?.text ?? "")).utf8)
  }
}
