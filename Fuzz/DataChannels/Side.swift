import SCTP
import Wire

/// One side: channels, or an association whose owner sends whatever it likes.
final class Side {
  private let isClient: Bool
  /// Whether the other side says on a channel what it should.
  private let hasHonestPeer: Bool
  private let channels: DataChannelSet?
  private let rogue: SCTPAssociation?
  private var events: [DataChannelSet.Event] = []
  private var rogueEvents: [SCTPAssociation.Event] = []
  private var opened: Set<DataChannelID> = []
  private var closed: Set<DataChannelID> = []
  private var random = RandomSource.seeded(5)

  private static let limits: DataChannelLimits = {
    var limits = DataChannelLimits()
    limits.channels = 40
    limits.totalLabelByteCount = 2_000
    limits.heldMessages = 8
    limits.heldByteCount = 4_000
    return limits
  }()

  init(isClient: Bool, isRogue: Bool, hasHonestPeer: Bool) {
    self.isClient = isClient
    self.hasHonestPeer = hasHonestPeer
    let address = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000)
    let path = Path(local: address, remote: address)
    var options = SCTPOptions()
    options.maximumStreams = 128
    options.sendBufferLimit = 100_000
    options.heartbeatInterval = nil
    let seed = RandomSource.seeded(isClient ? 1 : 2)
    rogue = isRogue ? SCTPAssociation(options: options, path: path, random: seed) : nil
    channels =
      isRogue
      ? nil : DataChannelSet(options: options, limits: Self.limits, path: path, random: seed)
  }

  var deadline: Instant? { channels?.deadline ?? rogue?.deadline }

  /// Whether no channel is left that is not over.
  var isQuiet: Bool { channels?.ids.isEmpty ?? true }

  func start(at now: Instant, into outbox: Outbox) {
    channels?.start(isDTLSClient: isClient, at: now, into: outbox, events: &events)
    rogue?.connect(at: now, into: outbox, events: &rogueEvents)
  }

  func receive(_ packet: Span<UInt8>, at now: Instant, into outbox: Outbox) {
    channels?.receive(packet, at: now, into: outbox, events: &events)
    rogue?.receive(packet, at: now, into: outbox, events: &rogueEvents)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    channels?.advance(to: now, into: outbox, events: &events)
    rogue?.advance(to: now, into: outbox, events: &rogueEvents)
  }

  func open(_ shape: UInt8, at now: Instant, into outbox: Outbox) {
    guard let channels else { return }
    let mark = UInt8(truncatingIfNeeded: random.next())
    let options = DataChannelOptions(
      label: "\(mark)", isOrdered: shape & 1 == 0,
      maximumRetransmissions: shape & 6 == 2 ? UInt16(shape >> 4) : nil,
      maximumLifetime: shape & 6 == 4 ? .milliseconds(Int64(shape)) : nil,
      priority: UInt16(shape) << 2)
    _ = try? channels.open(options, at: now, into: outbox, events: &events)
  }

  func close(_ choice: UInt8, at now: Instant, into outbox: Outbox) {
    guard let id = pick(choice) else { return }
    channels?.close(id, at: now, into: outbox, events: &events)
  }

  func closeAll(at now: Instant, into outbox: Outbox) {
    guard let channels else { return }
    for id in channels.ids { channels.close(id, at: now, into: outbox, events: &events) }
  }

  /// Sends a message that names its channel in every byte.
  func send(_ choice: UInt8, length: Int, at now: Instant, into outbox: Outbox) {
    guard let channels, let id = pick(choice), let mark = mark(of: id) else { return }
    try? channels.send(
      .binary([UInt8](repeating: mark, count: length)), on: id, at: now, into: outbox,
      events: &events)
  }

  func misbehave(
    stream: UInt16, kind: UInt8, _ payload: [UInt8], at now: Instant, into outbox: Outbox
  ) {
    guard let rogue else { return }
    if kind & 7 == 7 {
      rogue.resetStreams([stream], at: now, into: outbox, events: &rogueEvents)
      return
    }
    let identifier: PayloadProtocolIdentifier =
      kind & 3 == 0 ? PayloadProtocolIdentifier(rawValue: UInt32(kind)) : .establishment
    let announcement = DataChannelOpen(DataChannelOptions(label: "1", isOrdered: kind & 8 == 0))
    let bytes = kind & 3 == 1 ? announcement.bytes ?? [] : payload
    try? rogue.send(
      SCTPMessage(stream: stream, identifier: identifier, payload: bytes),
      delivery: SCTPDelivery(isOrdered: kind & 16 == 0), at: now, into: outbox,
      events: &rogueEvents)
  }

  /// What must hold whatever comes in.
  func check() {
    rogueEvents.removeAll()
    guard let channels else { return }
    for event in events { check(event, channels) }
    events.removeAll()
    let ids = channels.ids
    precondition(ids.count <= Self.limits.channels)
    let streams = ids.compactMap { channels.stream(of: $0) }
    precondition(Set(streams).count == streams.count)
    for id in ids {
      precondition(!closed.contains(id))
      if channels.state(of: id) == .open { precondition(opened.contains(id)) }
    }
  }

  private func check(_ event: DataChannelSet.Event, _ channels: DataChannelSet) {
    switch event {
    case .opened(let id, _):
      precondition(opened.insert(id).inserted && !closed.contains(id))
    case .closed(let id): precondition(closed.insert(id).inserted)
    case .closing(let id), .bufferedAmountLow(let id):
      precondition(opened.contains(id) && !closed.contains(id))
    case .message(let id, let message):
      precondition(opened.contains(id) && !closed.contains(id))
      // A channel that is over by now has no name left to compare with.
      guard let mark = mark(of: id), let first = message.bytes.first, message.kind == .binary,
        hasHonestPeer
      else { return }
      precondition(first == mark && message.bytes.allSatisfy { $0 == mark })
    case .connected, .failed: break
    }
  }

  private func mark(of id: DataChannelID) -> UInt8? {
    channels?.options(of: id).flatMap { UInt8($0.label) }
  }

  private func pick(_ choice: UInt8) -> DataChannelID? {
    guard let ids = channels?.ids, !ids.isEmpty else { return nil }
    return ids[Int(choice) % ids.count]
  }
}
