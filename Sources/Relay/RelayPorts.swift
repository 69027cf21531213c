import Net
import TURN
import Wire

/// Finds ports for relays.
struct RelayPorts {
  /// The kernel's limit for what waits unread at one relay.
  private static let bufferSize = 256 << 10
  /// How many ports are tried before there is none.
  let attempts = 64

  let hosts: [IPAddress]
  private let names: [IPAddress]
  private let range: ClosedRange<UInt16>?
  private let options: UDPSocket.Options
  private var random = RandomSource.system

  init(_ configuration: RelayServer.Configuration) {
    hosts = configuration.relayHosts
    names = configuration.advertisedHosts
    range = configuration.relayPorts
    var options = UDPSocket.Options()
    options.receiveBufferSize = Self.bufferSize
    options.sendBufferSize = Self.bufferSize
    options.reportsFailures = true
    self.options = options
  }

  /// As whom peers see a bound address.
  func name(of host: IPAddress) -> IPAddress {
    names.first { $0.family == host.family } ?? host
  }

  /// A socket, or two with `evenAndNext`; none where no port is left.
  mutating func open(
    _ family: IPAddress.Family, _ wish: TURNServer.RelayWish.Port
  ) -> [UDPSocket] {
    guard let host = hosts.first(where: { $0.family == family }) else { return [] }
    for _ in 0..<attempts {
      guard let first = bind(host, candidate(wish)) else {
        // Without a range the system knows of no port either.
        if range == nil { return [] }
        continue
      }
      let port = first.localAddress.port
      if wish == .any { return [first] }
      guard port % 2 == 0 else { continue }
      if wish == .even { return [first] }
      if range?.contains(port + 1) ?? true, let next = bind(host, port + 1) {
        return [first, next]
      }
    }
    return []
  }

  /// A port to try; 0 where the system chooses.
  mutating func candidate(_ wish: TURNServer.RelayWish.Port = .any) -> UInt16 {
    guard let range else { return 0 }
    let count = UInt64(range.upperBound - range.lowerBound) + 1
    let port = range.lowerBound + UInt16(truncatingIfNeeded: random.next() % count)
    return wish == .any || port % 2 == 0 || port == range.lowerBound ? port : port - 1
  }

  private func bind(_ host: IPAddress, _ port: UInt16) -> UDPSocket? {
    try? UDPSocket(boundTo: TransportAddress(ip: host, port: port), options: options)
  }
}
