import STUN
import Wire

/// One round of asking: several STUN servers at the same time. In each address family the first that answers counts.
struct AddressQuestions {
  /// Most servers of a round, by address.
  static let limit = 16

  /// Where this machine was seen: one address of each family at most.
  private(set) var seen: [TransportAddress] = []
  private var open: [BindingQuestion]

  /// Gets ready to ask `servers`.
  init(
    to servers: [TransportAddress], random: inout some RandomNumberGenerator, at now: Instant
  ) {
    open = []
    for server in servers.prefix(Self.limit) {
      let all = server.ip.family == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0)
      // By whatever route there is: the question is how that ends.
      let path = Path(local: TransportAddress(ip: all, port: 0), remote: server)
      open.append(BindingQuestion(on: path, random: &random, at: now))
    }
  }

  /// Whether nothing is to be waited for.
  var isOver: Bool { open.isEmpty }

  /// When to call `advance`; nil once it is over.
  var deadline: Instant? { open.compactMap(\.deadline).min() }

  /// Sends what is due, and gives up on those that were asked often enough.
  mutating func advance(to now: Instant, into outbox: Outbox) {
    for index in open.indices { open[index].advance(to: now, into: outbox) }
    open.removeAll { $0.outcome != nil }
  }

  /// Takes a datagram; what is no answer is passed over.
  mutating func receive(_ datagram: Span<UInt8>, from sender: TransportAddress) {
    for index in open.indices {
      open[index].receive(datagram, from: sender)
      guard case .seen(let address) = open[index].outcome, address.ip.family == sender.ip.family
      else { continue }
      seen.append(address)
      open.removeAll { $0.server.ip.family == sender.ip.family }
      return
    }
    open.removeAll { $0.outcome != nil }
  }
}
