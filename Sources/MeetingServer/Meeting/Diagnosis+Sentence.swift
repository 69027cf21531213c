import Signaling
import Wire

extension Diagnosis {
  /// What is known of a participant besides what has come over UDP.
  struct Circumstances {
    /// Whether its media gets through, whichever way.
    var isConnected = false
    /// Whether it ever did.
    var wasConnected = false
    /// How the participant reaches the relay that it comes by, and the relay's UDP port; nil where it comes by none.
    var relay: (client: Path.Transport, port: UInt16)?
  }

  /// For the server's log.
  func sentence(_ circumstances: Circumstances) -> String {
    let who = address ?? "a client"
    let port =
      ports.count == 1
      ? "UDP port \(ports[0])" : "UDP ports \(ports.map(String.init).joined(separator: ", "))"
    switch finding {
    case .silent:
      if let relay = circumstances.relay, relay.client == .udp, ports.contains(relay.port) {
        return "\(port) hears \(who) as a relay only: UDP gets through, but not to the addresses "
          + "that are told for media; say the right ones with --advertise"
      }
      let closed = "\(port) \(ports.count == 1 ? "is" : "are") closed from \(who)"
      return
        "\(closed): \(wayAround(circumstances)); open \(ports.count == 1 ? "it" : "them") in the "
        + "firewalls of this machine and before it, or say the right address with --advertise"
    case .oneWay:
      return "\(port) hears \(who), but no answer comes back: the firewall lets UDP in and not out"
    case .noKeys:
      return "\(port) and \(who) hear each other, but no keys are agreed on: long packets get lost"
    }
  }

  private func wayAround(_ circumstances: Circumstances) -> String {
    guard circumstances.isConnected else { return "it signals, but nothing else comes" }
    return switch circumstances.relay?.client {
    case .udp: "it is connected by the relay at UDP port \(circumstances.relay?.port ?? 0)"
    case .tcp: "it is connected by the relay over TCP"
    case .tls: "it is connected by the relay over TLS"
    case nil: "it is connected another way"
    }
  }
}
