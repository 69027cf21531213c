import DTLS
import ICE
public import SCTP
public import Wire

/// Data channels: SCTP packets that travel as application data of DTLS (RFC 8261).
extension RemotePeer {
  /// The channels, and what carries their packets to the handshake's records.
  final class DataTransport {
    let channels: DataChannelSet
    var events: [DataChannelSet.Event] = []
    /// Packets of one call, before they are encrypted.
    var packets = Outbox(byteCapacity: 0)
    /// What a burst needed is not kept for a quiet time.
    static let keptByteCount = 64 << 10

    init(_ channels: DataChannelSet) { self.channels = channels }
  }

  /// Has the connection carry data channels. The association starts with the next `advance` after the handshake.
  ///
  /// `options` hold for all but the packet size, which is what fits into a record. Calls after the first change
  /// nothing.
  public func enableDataChannels(
    options: SCTPOptions = SCTPOptions(), limits: DataChannelLimits = DataChannelLimits(),
    random: RandomSource
  ) {
    guard data == nil, !isEnded else { return }
    var options = options
    options.maximumPacketSize =
      DTLSEngine.maximumApplicationDataSize(
        inDatagramOf: maximumDatagramSize) & ~3
    let nowhere = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 0)
    data = DataTransport(
      DataChannelSet(
        options: options, limits: limits, path: Path(local: nowhere, remote: nowhere),
        random: random))
    isWoken = true
  }

  /// Takes over channels that still wait for an exchange, from a connection that is not to be.
  public func adoptDataChannels(of other: RemotePeer) {
    guard data == nil, other.holdsDataChannels else { return }
    data = other.data
    other.data = nil
    holdsDataChannels = true
  }

  /// The channels as they are, to be looked at; changes go through this peer. `nil` where they are not enabled.
  public var dataChannels: DataChannelSet? { data?.channels }

  /// The longest message the other side takes, in bytes, from its description; 0 stands for any length.
  public func setMaximumMessageSize(_ byteCount: Int) {
    data?.channels.maximumMessageSize = byteCount
  }

  /// Opens a channel. It may be done at any time after `enableDataChannels`.
  public func openDataChannel(
    _ options: DataChannelOptions, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) throws(DataChannelError) -> DataChannelID {
    guard let data, !isEnded else { throw .ended }
    defer { pump(data, into: outbox, events: &events) }
    return try data.channels.open(options, at: now, into: data.packets, events: &data.events)
  }

  /// Sends a message on an open channel.
  public func sendData(
    _ message: DataChannelMessage, on id: DataChannelID, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) throws(DataChannelError) {
    guard let data, !isEnded else { throw .ended }
    defer { pump(data, into: outbox, events: &events) }
    try data.channels.send(message, on: id, at: now, into: data.packets, events: &data.events)
  }

  /// Closes a channel once what is queued was delivered.
  public func closeDataChannel(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let data, !isEnded else { return }
    data.channels.close(id, at: now, into: data.packets, events: &data.events)
    pump(data, into: outbox, events: &events)
  }

  /// Has `bufferedAmountLow` told when what waits on a channel falls to `byteCount`.
  public func setBufferedAmountLowThreshold(_ byteCount: Int, of id: DataChannelID) {
    data?.channels.setBufferedAmountLowThreshold(byteCount, of: id)
  }

  /// Says how many bytes of messages the owner holds unread: the other side may send so much less.
  public func setUnreadByteCount(
    _ byteCount: Int, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let data, !isEnded else { return }
    data.channels.setUnreadByteCount(byteCount, at: now, into: data.packets, events: &data.events)
    pump(data, into: outbox, events: &events)
  }

  /// Starts the association if both sides are known to each other by now.
  func startData(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard let data, let dtls, dtls.isConnected, !holdsDataChannels else { return }
    data.channels.start(
      isDTLSClient: dtls.role == .client, at: now, into: data.packets, events: &data.events)
    pump(data, into: outbox, events: &events)
  }

  /// Fires the association's timers.
  func advanceData(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard let data, let due = data.channels.deadline, due <= now else { return }
    data.channels.advance(to: now, into: data.packets, events: &data.events)
    pump(data, into: outbox, events: &events)
  }

  /// Takes one packet of the association.
  func receiveData(
    _ packet: [UInt8], at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let data, !holdsDataChannels else { return }
    data.channels.receive(packet.span, at: now, into: data.packets, events: &data.events)
    pump(data, into: outbox, events: &events)
  }

  /// Encrypts the packets of a call and hands on its events.
  ///
  /// Without a path packets are lost, as on any path: the association repeats them.
  private func pump(_ data: DataTransport, into outbox: Outbox, events: inout [Event]) {
    if !data.packets.isEmpty {
      if let dtls, let path = ice.selectedPath {
        dtls.path = path
        Self.encrypt(data.packets, by: dtls, into: outbox)
      }
      if data.packets.arena.count > DataTransport.keptByteCount {
        data.packets = Outbox(byteCapacity: 0)
      } else {
        data.packets.removeAll()
      }
    }
    guard !data.events.isEmpty else { return }
    for event in data.events { events.append(.dataChannel(event)) }
    data.events.removeAll(keepingCapacity: true)
  }

  private static func encrypt(_ packets: Outbox, by dtls: DTLSEngine, into outbox: Outbox) {
    let arena = packets.arena
    let bytes = arena.span
    for packet in packets.datagrams {
      let end = packet.offset + packet.count
      try? dtls.send(bytes.extracting(packet.offset..<end), into: outbox)
    }
  }

  /// Tells the other side that there are no channels any longer, as far as there is a way.
  func closeData(into outbox: Outbox) {
    guard let data else { return }
    data.channels.abort(into: data.packets, events: &data.events)
    data.events.removeAll()
    var unheard: [Event] = []
    pump(data, into: outbox, events: &unheard)
  }

  /// Ends the channels of a connection that is over.
  func abandonData(events: inout [Event]) {
    guard let data else { return }
    data.channels.abandon(events: &data.events)
    for event in data.events { events.append(.dataChannel(event)) }
    self.data = nil
  }
}
