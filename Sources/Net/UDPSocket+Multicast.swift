import CLinux
import Glibc
public import Wire

extension UDPSocket {
  /// A socket in the multicast `group` (RFC 6762 §3: 224.0.0.251 or ff02::fb, port 5353) on one
  /// interface. It receives what is sent to the group there, and what it sends to the group leaves there.
  ///
  /// The group's port is shared with every other program of the machine that listens to the group; each
  /// gets every datagram to it.
  public convenience init(
    multicastGroup group: TransportAddress, on interface: NetworkInterface
  ) throws(SystemError) {
    let everywhere: IPAddress = group.ip.family == .v6 ? .unspecifiedV6 : .unspecifiedV4
    var options = Options()
    options.sharesPort = true
    options.receiveBufferSize = 256 << 10
    options.sendBufferSize = 64 << 10
    options.usesSegmentation = false
    options.isForMulticast = true
    try self.init(boundTo: TransportAddress(ip: everywhere, port: group.port), options: options)
    var address = clinux_address(group)
    // The address is read within the call.
    try checked(
      "join \(group) on \(interface.name)",
      unsafe clinux_join_multicast(descriptor.number, &address, interface.index))
  }

  /// Binds to the first free port of a range, starting anywhere in it, so that who watches cannot
  /// foretell the port.
  public static func bound(
    to ip: IPAddress, ports: ClosedRange<UInt16>, options: Options = Options(),
    random: inout RandomSource
  ) throws(SystemError) -> UDPSocket {
    let start = UInt64(random.next() % UInt64(ports.count))
    for step in 0..<UInt64(ports.count) {
      let port = UInt64(ports.lowerBound) + (start + step) % UInt64(ports.count)
      let address = TransportAddress(ip: ip, port: UInt16(truncatingIfNeeded: port))
      do throws(SystemError) {
        return try UDPSocket(boundTo: address, options: options)
      } catch {
        guard error.isAddressInUse || error.isPermissionDenied else { throw error }
      }
    }
    throw SystemError("bind UDP \(ip) to a port in \(ports)", code: EADDRINUSE)
  }
}
