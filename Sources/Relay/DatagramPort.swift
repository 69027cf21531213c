import Net
import TURN
import Wire

/// A UDP socket of a relay: a listener, or a relayed address.
final class DatagramPort {
  let socket: UDPSocket
  /// The address that others know it by.
  let address: TransportAddress
  /// What the relayed address was opened for; nil for a listener.
  let allocation: TURNServer.AllocationID?
  /// The first and the last of the outbox's datagrams that leave by it, while these are being sorted.
  var first = -1
  var last = -1

  init(_ socket: UDPSocket, at address: TransportAddress, for allocation: TURNServer.AllocationID?)
  {
    self.socket = socket
    self.address = address
    self.allocation = allocation
  }

  /// Whether datagrams of a path leave by this listener.
  func serves(_ local: TransportAddress) -> Bool {
    local == address || local.port == address.port && address.ip.isUnspecified
  }
}
