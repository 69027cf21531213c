public import Wire

/// Finds the addresses of names that browsers put in place of addresses, by one-shot queries of
/// multicast DNS (RFC 6762 §5.1).
///
/// It sends by the paths it is given, one for each socket in the group, and wants every datagram that
/// arrives there. After any call look at `deadline`.
public struct MDNSResolver: Sendable {
  /// The groups of multicast DNS (RFC 6762 §3).
  public static var groups: [TransportAddress] {
    [
      TransportAddress(ip: IPAddress(224, 0, 0, 251), port: port),
      TransportAddress(ip: IPAddress(v6High: 0xff02_0000_0000_0000, low: 0xfb), port: port),
    ]
  }
  /// The port of multicast DNS.
  public static var port: UInt16 { 5353 }

  /// What became of a question.
  public enum Event: Sendable, Equatable {
    /// The name has this address.
    case resolved(MDNSName, IPAddress)
    /// Nobody answered.
    case failed(MDNSName)
  }

  /// Times and limits.
  public struct Configuration: Sendable, Equatable {
    /// How long after a query the next is sent; the last of them tells how long to wait for the end.
    public var waits: [Duration] = [.milliseconds(500), .seconds(1), .seconds(2), .seconds(2)]
    /// Names that are asked for at the same time.
    public var maximumNames = 32

    /// The defaults.
    public init() {}
  }

  private struct Query: Equatable {
    let name: MDNSName
    var sentCount = 0
    var dueAt: Instant
  }

  /// When to call `advance`; nil where nothing is asked.
  public var deadline: Instant? { queries.map(\.dueAt).min() }
  /// Datagrams that were no answers, or answers to nothing we asked.
  public private(set) var rejectedCount: UInt64 = 0

  private let paths: [Path]
  private let configuration: Configuration
  private var queries: [Query] = []

  /// A resolver that asks by `paths`: from each socket to its group.
  public init(paths: [Path], configuration: Configuration = Configuration()) {
    self.paths = paths
    self.configuration = configuration
  }

  /// Asks for `name`; false where too much is asked already. A name that is being asked for is asked for
  /// once.
  public mutating func resolve(_ name: MDNSName, at now: Instant, into outbox: Outbox) -> Bool {
    if queries.contains(where: { $0.name == name }) { return true }
    guard queries.count < configuration.maximumNames, !paths.isEmpty else { return false }
    queries.append(Query(name: name, dueAt: now))
    ask(queryAt: queries.count - 1, now, outbox)
    return true
  }

  /// Asks for `name` no more.
  public mutating func cancel(_ name: MDNSName) { queries.removeAll { $0.name == name } }

  /// Takes a datagram that arrived in a group, or on the socket from which was asked.
  public mutating func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, events: inout [Event]
  ) {
    // Whoever answers has the port, for which it takes rights on many machines (RFC 6762 §11).
    guard path.remote.port == Self.port, let message = try? MDNSMessage(parsing: datagram),
      message.isResponse
    else { return rejectedCount &+= 1 }
    var isUseful = false
    for record in message.records where record.timeToLive > 0 {
      let index = queries.firstIndex { $0.name == record.name }
      guard let index, Self.isPlausible(record.address) else { continue }
      isUseful = true
      events.append(.resolved(queries.remove(at: index).name, record.address))
    }
    if !isUseful { rejectedCount &+= 1 }
  }

  /// Repeats and gives up what is due.
  public mutating func advance(
    to now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    for index in queries.indices.reversed() where queries[index].dueAt <= now {
      if queries[index].sentCount < configuration.waits.count {
        ask(queryAt: index, now, outbox)
      } else {
        events.append(.failed(queries.remove(at: index).name))
      }
    }
  }

  private mutating func ask(queryAt index: Int, _ now: Instant, _ outbox: Outbox) {
    let message = MDNSMessage(
      isResponse: false,
      questions: [.init(name: queries[index].name, families: [.v4, .v6])])
    for path in paths {
      outbox.append(on: path, capacity: message.byteCapacity) { message.write(into: &$0) }
    }
    let sent = queries[index].sentCount
    queries[index].sentCount += 1
    queries[index].dueAt =
      now + (sent < configuration.waits.count ? configuration.waits[sent] : .zero)
  }

  private static func isPlausible(_ address: IPAddress) -> Bool {
    let ip = address.canonical
    return !ip.isUnspecified && !ip.isMulticast && ip != IPAddress(255, 255, 255, 255)
  }
}
