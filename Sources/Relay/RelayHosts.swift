public import Net
import TURN
public import Wire

/// This machine's addresses as a relay binds to them.
public enum RelayHosts {
  /// One of each family that the machine has: one of the open Internet, or any that others reach, or else the machine's
  /// address for itself.
  public static func ofThisMachine() throws(SystemError) -> [IPAddress] {
    of(try NetworkInterface.all())
  }

  /// The same of some interfaces; where one is `named`, that alone.
  public static func of(
    _ interfaces: [NetworkInterface], named: IPAddress? = nil
  ) -> [IPAddress] {
    if let named { return [named] }
    let usable = interfaces.filter { !$0.ip.isLinkLocal && !$0.ip.isUnspecified }
    let outward = usable.filter { !$0.isLoopback }
    let hosts = (outward.isEmpty ? usable : outward).map(\.ip)
    return [IPAddress.Family.v4, .v6].compactMap { family in
      let own = hosts.filter { $0.family == family }
      return own.first(where: TURNPeerPolicy.isPublic) ?? own.first
    }
  }
}
