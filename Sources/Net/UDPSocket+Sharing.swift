import CLinux
import Glibc
public import Wire

extension UDPSocket {
  /// What somebody on another thread needs to send by the same port.
  public struct Share: Sendable {
    /// The address and port the socket is bound to.
    public let localAddress: TransportAddress
    let descriptor: Descriptor
    let receiveBufferSize: Int
    let isIPv6: Bool
    let tracksLocalAddress: Bool
    let usesSegmentation: Bool
  }

  /// To be given away; each face made of it counts what it sends by itself.
  public var share: Share {
    Share(
      localAddress: localAddress, descriptor: descriptor, receiveBufferSize: receiveBufferSize,
      isIPv6: isIPv6, tracksLocalAddress: tracksLocalAddress, usesSegmentation: usesSegmentation)
  }

  /// Notes an address of this machine that datagrams have come to, where somebody else reads them.
  public func learnSource(_ address: IPAddress) {
    if tracksLocalAddress { sources.learn(address) }
  }

  /// An ICMP message that a datagram brought back.
  public struct Failure: Equatable, Sendable {
    /// Where the datagram went.
    public let remote: TransportAddress
    /// ICMP's type, of the remote address's family.
    public let type: UInt8
    /// ICMP's code.
    public let code: UInt8
  }

  /// The next ICMP message; nil where no more wait, or where the socket does not keep them.
  public func takeFailure() -> Failure? {
    guard reportsFailures else { return nil }
    var remote = clinux_address()
    var type: UInt8 = 0
    var code: UInt8 = 0
    // All three are written within the call.
    guard unsafe clinux_receive_failure(descriptor.number, &remote, &type, &code) == 1 else {
      return nil
    }
    return Failure(
      remote: TransportAddress(ip: IPAddress(remote), port: remote.port), type: type, code: code)
  }

  /// Whether what is sent from now on may be fragmented, here or on its way.
  public func setMayBeFragmented(_ mayBe: Bool) {
    _ =
      mayBe
      ? clinux_allow_fragments(descriptor.number, isIPv6)
      : clinux_forbid_fragments(descriptor.number, isIPv6)
  }
}
