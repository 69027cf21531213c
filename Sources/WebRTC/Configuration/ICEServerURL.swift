import TURN

/// One address of a server, as `stun:`, `stuns:`, `turn:` and `turns:` URLs give it (RFC 7064 §3.1, RFC 7065 §3.1).
struct ICEServerURL: Hashable, Sendable {
  enum Scheme: String, Sendable {
    case stun, turn, turns
  }

  let scheme: Scheme
  let host: String
  let port: UInt16
  let transport: TURNTransport

  /// Reads a URL; nil where it is none of these, or names a transport nobody speaks.
  init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"),
      let scheme = Scheme(rawValue: text[..<colon].lowercased())
    else { return nil }
    var rest = text[text.index(after: colon)...]
    var wantsTCP = false
    if let mark = rest.firstIndex(of: "?") {
      guard scheme != .stun else { return nil }
      switch rest[rest.index(after: mark)...] {
      case "transport=udp": wantsTCP = false
      case "transport=tcp": wantsTCP = true
      default: return nil
      }
      rest = rest[..<mark]
    }
    guard let (host, port) = Self.hostAndPort(rest, scheme == .turns ? 5349 : 3478) else {
      return nil
    }
    self.scheme = scheme
    self.host = host
    self.port = port
    transport = scheme == .turns ? .tls : wantsTCP ? .tcp : .udp
  }

  private static func hostAndPort(_ text: Substring, _ standard: UInt16) -> (String, UInt16)? {
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      return finish(host, rest, standard)
    }
    let end = text.firstIndex(of: ":") ?? text.endIndex
    return finish(text[..<end], text[end...], standard)
  }

  private static func finish(
    _ host: Substring, _ rest: Substring, _ standard: UInt16
  ) -> (String, UInt16)? {
    guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
    if rest.isEmpty { return (String(host), standard) }
    guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
    return (String(host), port)
  }
}
