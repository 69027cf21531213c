public import Wire

/// Answers for the names that hide our own addresses (draft-ietf-mmusic-mdns-ice-candidates §3.1).
///
/// A name is announced twice (RFC 6762 §8.3), and taken back when it is removed. Nobody else has a
/// random UUID, so nobody is asked first.
public struct MDNSResponder: Sendable {
  /// A record is sent to a group no more often (RFC 6762 §6).
  private static let leastInterval = Duration.seconds(1)
  /// The most names.
  public static var maximumNames: Int { 64 }

  private struct Owned {
    let name: MDNSName
    let address: IPAddress
    /// When the record was last sent, by path.
    var sentAt: [Instant?]
    var announcementsLeft = 2
    var announcesAt: Instant
  }

  private let paths: [Path]
  private var owned: [Owned] = []

  /// When to call `advance`; nil where nothing is to be announced.
  public var deadline: Instant? {
    owned.lazy.filter { $0.announcementsLeft > 0 }.map(\.announcesAt).min()
  }

  /// A responder that announces by `paths`: from each socket to its group.
  public init(paths: [Path]) { self.paths = paths }

  /// The name that stands for `address`, a new one if there is none yet; nil where there are too many.
  public mutating func name(
    for address: IPAddress, at now: Instant, random: inout RandomSource
  ) -> MDNSName? {
    if let known = owned.first(where: { $0.address == address }) { return known.name }
    guard owned.count < Self.maximumNames else { return nil }
    let name = MDNSName.random(using: &random)
    owned.append(
      Owned(
        name: name, address: address, sentAt: paths.map { _ in nil }, announcesAt: now))
    return name
  }

  /// Answers for `name` no more, and says so (RFC 6762 §10.1).
  public mutating func remove(_ name: MDNSName, into outbox: Outbox) {
    guard let index = owned.firstIndex(where: { $0.name == name }) else { return }
    let gone = owned.remove(at: index)
    let record = MDNSMessage.Record(name: name, address: gone.address, timeToLive: 0)
    let message = MDNSMessage(isResponse: true, records: [record])
    for path in paths { Self.send(message, on: path, outbox) }
  }

  /// Answers a datagram that arrived in a group.
  public mutating func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, into outbox: Outbox
  ) {
    guard let message = try? MDNSMessage(parsing: datagram), !message.isResponse,
      let slot = paths.firstIndex(where: { $0.local == path.local })
    else { return }
    // A simple resolver asks from another port and wants the answer there (RFC 6762 §6.7).
    let isSimple = path.remote.port != MDNSResolver.port
    var records: [MDNSMessage.Record] = []
    var answered: [MDNSMessage.Question] = []
    for question in message.questions.prefix(16) {
      guard let index = owned.firstIndex(where: { $0.name == question.name }),
        question.families.contains(owned[index].address.family == .v4 ? .v4 : .v6),
        !records.contains(where: { $0.name == question.name })
      else { continue }
      if !isSimple {
        let recent = owned[index].sentAt[slot]
        guard recent.map({ now - $0 >= Self.leastInterval }) ?? true else { continue }
        owned[index].sentAt[slot] = now
      }
      answered.append(question)
      records.append(
        MDNSMessage.Record(
          name: question.name, address: owned[index].address, timeToLive: isSimple ? 10 : 120,
          isUnique: !isSimple))
    }
    guard !records.isEmpty else { return }
    if isSimple {
      Self.send(
        MDNSMessage(id: message.id, isResponse: true, questions: answered, records: records),
        on: path, outbox)
    } else {
      Self.send(MDNSMessage(isResponse: true, records: records), on: paths[slot], outbox)
    }
  }

  /// Announces what is due.
  public mutating func advance(to now: Instant, into outbox: Outbox) {
    for index in owned.indices
    where owned[index].announcementsLeft > 0 && owned[index].announcesAt <= now {
      owned[index].announcementsLeft -= 1
      owned[index].announcesAt = now + Self.leastInterval
      owned[index].sentAt = paths.map { _ in now }
      let record = MDNSMessage.Record(name: owned[index].name, address: owned[index].address)
      let message = MDNSMessage(isResponse: true, records: [record])
      for path in paths { Self.send(message, on: path, outbox) }
    }
  }

  private static func send(_ message: MDNSMessage, on path: Path, _ outbox: Outbox) {
    outbox.append(on: path, capacity: message.byteCapacity) { message.write(into: &$0) }
  }
}
