import CLinux
import Glibc
public import Wire

/// A TCP port that others connect to, for one owner on one thread.
public final class TCPListener {
  /// The address and port it listens at.
  public let localAddress: TransportAddress
  /// To be watched by an event loop.
  public let descriptor: Descriptor
  /// Connections taken.
  public private(set) var acceptedCount: UInt64 = 0
  /// Connections turned away because the process has no descriptor left.
  public private(set) var refusedCount: UInt64 = 0

  private let options: TCPConnection.Options
  /// Given up for a moment where no descriptor is left: only a connection that is taken can be turned
  /// away, and one that is not is reported for ever.
  private var reserve: Descriptor?

  /// Listens at `address`; port 0 takes a free one. `::` takes IPv4 as well.
  public init(
    boundTo address: TransportAddress, options: TCPConnection.Options = .init(), backlog: Int = 128
  ) throws(SystemError) {
    self.options = options
    let isIPv6 = address.ip.family == .v6
    let number = try checked("open a TCP socket", clinux_tcp_socket(isIPv6))
    descriptor = Descriptor(owning: number)
    if isIPv6 {
      try checked(
        "make the socket serve IPv4 too",
        clinux_set_option(
          number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.ip.isUnspecified ? 0 : 1))
    }
    // A server that starts again takes its port back although old connections linger.
    try checked("reuse the address", clinux_set_option(number, SOL_SOCKET, SO_REUSEADDR, 1))
    if options.sharesPort { try TCPConnection.sharePort(number) }
    var bound = clinux_address(address)
    // The address is read, and then written, within each call.
    try checked("bind TCP \(address)", unsafe clinux_bind(number, isIPv6, &bound))
    try checked("listen at \(address)", clinux_listen(number, Int32(clamping: backlog)))
    try checked("read the bound address", unsafe clinux_local_address(number, &bound))
    localAddress = TransportAddress(ip: address.ip, port: bound.port)
    reserve = Self.makeReserve()
  }

  /// Takes the connections that wait, at most 64, and gives each to `body`.
  public func accept(_ body: (TCPConnection) -> Void) {
    for _ in 0..<64 {
      var remote = clinux_address()
      // The address is written within the call.
      let number = unsafe clinux_accept(descriptor.number, &remote)
      if number >= 0 {
        acceptedCount &+= 1
        body(
          TCPConnection(
            accepted: Descriptor(owning: number),
            from: TransportAddress(ip: IPAddress(remote), port: remote.port), options: options))
        continue
      }
      switch -number {
      case ECONNABORTED, EINTR, EPROTO: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: guard turnAway() else { return }
      default: return
      }
    }
  }

  /// False where nobody was waiting: the system wants a descriptor before it looks.
  private func turnAway() -> Bool {
    reserve = nil
    defer { reserve = Self.makeReserve() }
    var remote = clinux_address()
    // The address is written within the call.
    let number = unsafe clinux_accept(descriptor.number, &remote)
    guard number >= 0 else { return false }
    refusedCount &+= 1
    _ = Descriptor(owning: number)
    return true
  }

  private static func makeReserve() -> Descriptor? {
    let number = clinux_eventfd()
    return number >= 0 ? Descriptor(owning: number) : nil
  }
}
