import CLinux
public import Wire

/// One address of a network interface that is up.
public struct NetworkInterface: Equatable, Sendable {
  /// The interface's name, such as `eth0`.
  public let name: String
  /// The address.
  public let ip: IPAddress
  /// The system's number for the interface.
  public let index: UInt32
  /// Only this machine reaches it.
  public let isLoopback: Bool
  /// A tunnel or a dial-up line.
  public let isPointToPoint: Bool

  /// The addresses of all interfaces that are up, in the system's order.
  public static func all() throws(SystemError) -> [NetworkInterface] {
    var entries = [clinux_interface](repeating: clinux_interface(), count: 64)
    var total = try read(&entries)
    // More addresses than expected, or more than a moment ago: ask again with room to spare.
    for _ in 0..<3 where total > entries.count {
      entries = [clinux_interface](repeating: clinux_interface(), count: total + 16)
      total = try read(&entries)
    }
    return entries.prefix(total).map(Self.init)
  }

  /// The addresses that can be given to others: of interfaces that are up and whose name `accepts`
  /// takes, without those of the loopback interface unless `includesLoopback`, and without link-local
  /// ones, which mean nothing beyond their link.
  public static func reachable(
    includesLoopback: Bool = false, accepts: (String) -> Bool = { _ in true }
  ) throws(SystemError) -> [NetworkInterface] {
    try all().filter { interface in
      (includesLoopback || !interface.isLoopback) && !interface.ip.isLinkLocal
        && !interface.ip.isUnspecified && accepts(interface.name)
    }
  }

  private static func read(_ entries: inout [clinux_interface]) throws(SystemError) -> Int {
    // The shim writes at most `count` entries and keeps nothing.
    let result = unsafe entries.withUnsafeMutableBufferPointer { buffer in
      unsafe clinux_interfaces(buffer.baseAddress, buffer.count)
    }
    return Int(try checked("list the network interfaces", result))
  }

  private init(_ entry: clinux_interface) {
    ip = IPAddress(entry.address)
    index = entry.index
    isLoopback = entry.is_loopback
    isPointToPoint = entry.is_point_to_point
    var characters = entry.name
    let bytes = unsafe withUnsafeBytes(of: &characters) { unsafe [UInt8]($0) }
    name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
