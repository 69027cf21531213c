import ICE
import Wire

/// An agent that opens a connection to a server and asks for one of its peers.
final class Caller {
  private var agent: ICEAgent
  private let outbox = Outbox()
  private var events: [ICEAgent.Event] = []
  private let path: Path

  init(
    named own: String, to fragment: String, _ password: String,
    ownPassword: String = "0123456789012345678901", port: UInt16 = 4433
  ) {
    let place = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: ICECandidate.activePort)
    let server = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: port)
    path = Path(transport: .tcp, local: place, remote: server)
    agent = ICEAgent(
      role: .controlling,
      credentials: ICECredentials(usernameFragment: own, password: ownPassword) ?? Self.anybody,
      configuration: {
        var configuration = ICEAgent.Configuration()
        configuration.acceptsLoopback = true
        return configuration
      }())
    agent.setRemoteCredentials(
      ICECredentials(usernameFragment: fragment, password: password) ?? Self.anybody)
    agent.addLocalCandidate(ICECandidate(address: place, transport: .tcp, tcpType: .active))
    agent.addRemoteCandidate(ICECandidate(address: server, transport: .tcp, tcpType: .passive))
  }

  private static var anybody: ICECredentials {
    var random = RandomSource.seeded(1)
    return .random(using: &random)
  }

  /// Whether a check of ours was answered.
  var isAnswered: Bool { agent.statistics.responsesReceived > 0 }

  /// What is to be sent now.
  func outgoing(at now: Instant) -> [[UInt8]] {
    agent.advance(to: now, into: outbox, events: &events)
    return takeOutgoing()
  }

  /// Hands in a datagram; what is to be sent in answer.
  func receive(_ datagram: [UInt8], at now: Instant) -> [[UInt8]] {
    agent.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
    return takeOutgoing()
  }

  private func takeOutgoing() -> [[UInt8]] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { outbox.bytes(of: $0) }
  }

  /// Datagrams behind their lengths.
  func framed(_ datagrams: [[UInt8]]) -> [UInt8] {
    datagrams.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
  }
}
