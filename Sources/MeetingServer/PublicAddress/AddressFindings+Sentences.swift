import TURN
import Wire

extension AddressFindings {
  /// What whoever runs the server should know of it at the start.
  var sentences: [String] {
    switch answer {
    case .seen(let addresses, let port): return addresses.map { sentence(seen: $0, from: port) }
    case .silent(let servers):
      return [
        "No STUN server answers (\(servers)): outgoing UDP is blocked, or the name is wrong."
      ] + standing
    case .notAsked: return standing
    }
  }

  private func sentence(seen: TransportAddress, from port: UInt16) -> String {
    if !advertised.isEmpty {
      return advertised.contains { $0.ip == seen.ip }
        ? "Media: clients are told \(list(advertised)), which is where a STUN server sees this machine."
        : "Media: clients are told \(list(advertised)), but a STUN server sees this machine at "
          + "\(seen.ip). If people elsewhere get no sound and picture, say --advertise \(seen.ip)."
    }
    if own.contains(seen.ip) {
      return "Media: this machine has the public address \(seen.ip); UDP \(ports) has to be open."
    }
    let what =
      isContainer
      ? "this is a container behind \(seen.ip)"
      : seen.port == port
        ? "this machine is behind \(seen.ip), which keeps its ports, as the addresses of clouds do"
        : "this machine is behind a router at \(seen.ip), which changes ports"
    let how =
      isContainer
      ? "UDP \(ports) has to be published under the same numbers (-p \(ports):\(ports)/udp)"
      : "UDP \(ports) has to be let in and forwarded to this machine under the same numbers"
    return "Media: \(what); clients are told \(seen.ip), and \(how)."
  }

  /// What follows from the machine's own addresses alone.
  private var standing: [String] {
    // Media for this machine alone is nobody's question.
    guard advertised.isEmpty, !own.allSatisfy(\.isLoopback) else { return [] }
    if own.contains(where: TURNPeerPolicy.isPublic) { return [] }
    if isContainer {
      return [
        "Media: this is a container, and nobody outside reaches \(list(own)): publish UDP \(ports) "
          + "(-p \(ports):\(ports)/udp) and say the host's address with --advertise, "
          + "or have it found with --stun-server."
      ]
    }
    return [
      "Media: this machine has addresses of a private network only. For people elsewhere say its "
        + "public one with --advertise, or have it found with --stun-server."
    ]
  }

  /// What has changed for clients since `before`; nil where nothing has.
  func change(since before: AddressFindings) -> String? {
    let (now, then) = (told, before.told)
    guard Set(now) != Set(then) else { return nil }
    let new = now.filter { !then.contains($0) }.map { "\($0) is new (\(source(of: $0)))" }
    let gone = then.filter { !now.contains($0) }.map { "\($0) is gone" }
    return "Media: \((new + gone).joined(separator: ", ")). Who joins from now on is told "
      + "\(list(now)); who is in a call stays in it as long as the way there lasts."
  }

  /// Where clients are told to send, the best first.
  private var told: [IPAddress] { advertised.map(\.ip) + found + own + likely }

  private func source(of ip: IPAddress) -> String {
    if own.contains(ip) { return "an address of this machine" }
    if found.contains(ip) { return "a STUN server sees this machine there" }
    if named.contains(ip) { return "the name of this server leads there" }
    return "several people see this machine there; --advertise \(ip) tells everybody from the start"
  }

  private func list(_ addresses: [TransportAddress]) -> String { list(addresses.map(\.ip)) }

  private func list(_ addresses: [IPAddress]) -> String {
    addresses.map { "\($0)" }.joined(separator: ", ")
  }
}
