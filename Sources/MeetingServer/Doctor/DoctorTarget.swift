import HTTPMessages
import Wire

/// The server that is examined, as a person names it: a URL, or a host with a port or without.
public struct DoctorTarget: Sendable, Equatable {
  /// Whether it speaks HTTPS.
  public var isSecure: Bool
  /// A name, or an address in text.
  public var host: String
  /// The web port.
  public var port: UInt16
  /// Host and port as a URL has them.
  public var authority: String

  /// Nil where the text names no server. Without a scheme, HTTPS is meant, unless it is this machine.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
    var rest = Substring(text)
    var scheme: String?
    for known in ["https", "http"] where rest.hasPrefix("\(known)://") {
      scheme = known
      rest = rest.dropFirst(known.count + 3)
    }
    let named = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !named.isEmpty, !named.contains("@") else { return nil }
    var number: UInt16?
    if let address = TransportAddress(named) {
      host = "\(address.ip)"
      number = address.port
    } else if let ip = IPAddress(named.drop { $0 == "[" }.prefix { $0 != "]" }) {
      host = "\(ip)"
    } else {
      let parts = named.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, let name = parts.first, !name.isEmpty else { return nil }
      host = String(name)
      if parts.count == 2 {
        guard let given = UInt16(parts[1]) else { return nil }
        number = given
      }
    }
    guard number != 0 else { return nil }
    let isHere = host == "localhost" || IPAddress(host)?.isLoopback == true
    isSecure = scheme.map { $0 == "https" } ?? !isHere
    port = number ?? (isSecure ? 443 : scheme == nil ? 8080 : 80)
    let bracketed = IPAddress(host)?.family == .v6 ? "[\(host)]" : host
    authority = port == (isSecure ? 443 : 80) ? bracketed : "\(bracketed):\(port)"
  }

  /// What browsers call the server's pages (RFC 6454 §6.2).
  var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

  /// The server's address in a browser.
  public var url: String { "\(isSecure ? "https" : "http")://\(authority)/" }

  /// One of the server's pages.
  func page(_ path: String) -> HTTPTarget {
    HTTPTarget(isSecure: isSecure, host: host, port: port, authority: authority, path: path)
  }
}
