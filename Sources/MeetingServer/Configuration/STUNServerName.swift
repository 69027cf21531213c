import Wire

/// A STUN server as a person names it: `stun.example.org`, `stun.example.org:3478`, `[2001:db8::1]:3478`.
public struct STUNServerName: Sendable, Equatable {
  /// A name, or an address in text.
  public var host: String
  /// Its UDP port.
  public var port: UInt16

  /// Nil where the text names none.
  public init?(_ text: String) {
    port = 3478
    if let address = TransportAddress(text) {
      guard address.port != 0 else { return nil }
      host = "\(address.ip)"
      port = address.port
      return
    }
    if IPAddress(text) != nil {
      host = text
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let name = parts.first, parts.count <= 2, (1...253).contains(name.utf8.count),
      name.utf8.allSatisfy(Self.isOfName)
    else { return nil }
    if parts.count == 2 {
      guard let number = UInt16(parts[1]), number != 0 else { return nil }
      port = number
    }
    host = String(name)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
