public import Wire

/// An address by which a client reached the web server, as the `Host` field of its request says.
///
/// Its sender may have written anything there. So it counts for that client alone, whom it can lead nowhere but where it
/// has asked to be led.
public struct ReachedAddress: Sendable, Equatable {
  /// The address.
  public var ip: IPAddress
  /// The TCP port, where one was named.
  public var port: UInt16?

  /// Nil where a name was used, or nothing that can be read.
  public init?(host: String) {
    if let address = TransportAddress(host) {
      guard address.port != 0 else { return nil }
      (ip, port) = (address.ip, address.port)
      return
    }
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host[...]
    guard let ip = IPAddress(bare), (ip.family == .v6) == host.hasPrefix("[") else { return nil }
    self.ip = ip
  }
}
