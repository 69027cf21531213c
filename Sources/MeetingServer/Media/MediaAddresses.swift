import Net
import Wire

/// Where clients are told to send media, by who says so.
struct MediaAddresses: Sendable, Equatable {
  /// Most that a client is told.
  static let limit = 16

  /// What whoever runs the server said; port 0 stands for the media port.
  var advertised: [TransportAddress] = []
  /// This machine's own.
  var own: [IPAddress] = []
  /// Where a STUN server sees this machine.
  var found: [IPAddress] = []
  /// What nobody vouches for: it may lead here.
  var likely: [IPAddress] = []

  /// What holds without asking anybody.
  ///
  /// A client in the same network gets through by the machine's own addresses where a router does not turn packets
  /// back. Who names both what to bind to and what to advertise gets just that.
  init(_ configuration: MediaConfiguration) throws(SystemError) {
    advertised = configuration.advertised
    if let host = configuration.host {
      if advertised.isEmpty { own = [host] }
    } else {
      own = try Self.own()
    }
  }

  /// This machine's addresses that others reach; those for itself where there are no others.
  static func own() throws(SystemError) -> [IPAddress] {
    let all = try NetworkInterface.all().filter { !$0.ip.isLinkLocal }
    let outward = all.filter { !$0.isLoopback }
    return (outward.isEmpty ? all : outward).map(\.ip)
  }

  /// Everything, the best first, for a media port.
  func all(port: UInt16) -> [TransportAddress] { list(found, own, likely, port: port) }

  /// What this machine vouches for: where a relay that serves it alone may send.
  func vouched(port: UInt16) -> [TransportAddress] { list(found, own, port: port) }

  /// Whether somebody who reaches the server by `ip` may be told to send media there too: not where somebody said
  /// what to tell, and not where media is for this machine alone.
  func mayAdd(_ ip: IPAddress) -> Bool {
    advertised.isEmpty && own.contains { !$0.isLoopback } && !ip.isLoopback && !ip.isUnspecified
      && !ip.isMulticast && !ip.isLinkLocal
  }

  private func list(_ parts: [IPAddress]..., port: UInt16) -> [TransportAddress] {
    var addresses = advertised.map { address in
      address.port == 0 ? TransportAddress(ip: address.ip, port: port) : address
    }
    for ip in parts.joined() where !addresses.contains(where: { $0.ip == ip }) {
      addresses.append(TransportAddress(ip: ip, port: port))
    }
    return Array(addresses.prefix(Self.limit))
  }
}
