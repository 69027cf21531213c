import Peer
import SCTP
import STUN
import Wire

/// Data-channel peers that are in no room: each hears the server's time every second on every channel it opens,
/// and hears again what it says; on channels that are there to measure, `ClockMeasurement` answers.
///
/// It is a machine like those it is made of: the worker hands in datagrams and times.
final class ClockPeers {
  /// What is held for whoever asks.
  struct Limits {
    /// Most peers at one time.
    var peers = 512
    /// Most peers of one address that are not connected yet.
    var unconnectedPerClient = 32
    /// Time a peer has to get its association up.
    var timeToConnect = Duration.seconds(30)
    /// Between two times told.
    var interval = Duration.seconds(1)
    /// Bytes that may wait to be sent to a peer.
    var sendBuffer = 2 << 20
    /// Bytes of a peer's messages that may wait to be complete.
    var receiveWindow: UInt32 = 1 << 20
    /// The longest message, either way.
    var messageByteCount = 256 << 10
    /// Bytes that a peer may send, and ask for, to measure how much comes through.
    var measured = 16 << 20
    /// How long a peer may measure until another gets its place.
    var timeToMeasure = Duration.seconds(60)
    /// How long its place is kept for a peer that measures nothing, as between one direction and the other.
    var pauseInMeasuring = Duration.seconds(3)
    /// What the peer's channels may come to.
    var channels: DataChannelLimits = {
      var limits = DataChannelLimits()
      limits.channels = 256
      limits.totalLabelByteCount = 256 << 10
      return limits
    }()
  }

  final class Member {
    let remote: RemotePeer
    let client: String?
    /// When the peer is given up; nil once it is connected.
    var connectBy: Instant?
    /// When each channel hears the time next.
    var nextTimes: [DataChannelID: Instant] = [:]
    /// Channels that are there to measure.
    var measurements: [DataChannelID: ClockMeasurement] = [:]
    /// Its place among those who measure.
    var place: MeasuringPlace?
    /// Whether it is none of the peers any more.
    var isGone = false
    /// What it may still measure.
    var budget: ClockMeasurement.Budget

    init(_ remote: RemotePeer, client: String?, connectBy: Instant, measured: Int) {
      self.remote = remote
      self.client = client
      self.connectBy = connectBy
      budget = ClockMeasurement.Budget(up: measured, down: measured)
    }

    var deadline: Instant? {
      let own = [remote.deadline, connectBy, place?.deadline].compactMap(\.self).min()
      return nextTimes.values.reduce(own) { min($0 ?? $1, $1) }
    }
  }

  let limits: Limits
  /// When to call `advance`.
  private(set) var deadline: Instant?
  private var members: [Member] = []
  private var memberByFragment: [STUNUsernameFragment: Member] = [:]
  private var memberByPath: [Path: Member] = [:]
  private var events: [RemotePeer.Event] = []
  let places: MeasurementPlaces
  private let time: (Instant) -> String

  /// No peers yet. `time` says what time it is, as peers are told it; `places` are shared with those who serve others.
  init(
    limits: Limits = Limits(), places: MeasurementPlaces = MeasurementPlaces(),
    time: @escaping (Instant) -> String
  ) {
    self.limits = limits
    self.places = places
    self.time = time
  }

  /// How many peers there are.
  var count: Int { members.count }

  /// Why no peer of this address is taken now; nil while one is.
  func obstacle(for client: String?) -> String? {
    guard members.count < limits.peers else { return "\(members.count) peers are served already" }
    guard let client else { return nil }
    let waiting = members.count { $0.client == client && $0.connectBy != nil }
    return waiting < limits.unconnectedPerClient
      ? nil : "\(waiting) sessions of this address are not connected yet"
  }

  /// Serves a peer that is secured and has its candidates. `maximumMessageSize` is the longest message it takes.
  func add(
    _ remote: RemotePeer, maximumMessageSize: UInt64, client: String?, random: RandomSource,
    at now: Instant
  ) {
    var options = SCTPOptions()
    options.sendBufferLimit = limits.sendBuffer
    options.receiveWindow = limits.receiveWindow
    options.maximumReceivedMessageSize = limits.messageByteCount
    remote.enableDataChannels(options: options, limits: limits.channels, random: random)
    remote.setMaximumMessageSize(Int(clamping: maximumMessageSize))
    let member = Member(
      remote, client: client, connectBy: now + limits.timeToConnect, measured: limits.measured)
    members.append(member)
    for fragment in remote.localUsernameFragments { memberByFragment[fragment] = member }
    deadline = now
  }

  /// Takes one datagram that arrived by `path`; false where it is none of these peers'.
  func receive(
    _ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant, into outbox: Outbox
  ) -> Bool {
    guard !members.isEmpty, let member = member(for: datagram.span, on: path) else { return false }
    _ = member.remote.receive(&datagram, on: path, at: now, into: outbox, events: &events)
    handleEvents(of: member, at: now, into: outbox)
    if let due = member.deadline { deadline = min(deadline ?? due, due) }
    return true
  }

  private func member(for datagram: Span<UInt8>, on path: Path) -> Member? {
    if let fragment = RemotePeer.localUsernameFragment(ofCheck: datagram) {
      return memberByFragment[fragment]
    }
    return memberByPath[path]
  }

  /// Whether one of these peers is called so in checks.
  func isUsername(_ fragment: STUNUsernameFragment) -> Bool { memberByFragment[fragment] != nil }

  /// Whether a path has proven to lead to one of these peers.
  func isPeer(on path: Path) -> Bool { memberByPath[path] != nil }

  /// Tells that nothing can be sent by a path any more.
  func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox) {
    guard let member = memberByPath[path] else { return }
    member.remote.pathFailed(path, at: now, into: outbox, events: &events)
    handleEvents(of: member, at: now, into: outbox)
    deadline = now
  }

  /// Fires what is due.
  func advance(to now: Instant, into outbox: Outbox) {
    guard let due = deadline, due <= now else { return }
    for member in members {
      if let connectBy = member.connectBy, connectBy <= now {
        remove(member, into: outbox)
        continue
      }
      member.remote.advance(to: now, into: outbox, events: &events)
      handleEvents(of: member, at: now, into: outbox)
      endMeasuring(member, ifDueAt: now, into: outbox)
      tellTime(member, at: now, into: outbox)
    }
    deadline = members.lazy.compactMap(\.deadline).min()
  }

  /// Ends all peers.
  func removeAll(into outbox: Outbox) {
    for member in members { remove(member, into: outbox) }
    deadline = nil
  }

  private func remove(_ member: Member, into outbox: Outbox) {
    member.remote.close(into: outbox)
    member.nextTimes = [:]
    giveBackPlace(of: member)
    member.isGone = true
    members.removeAll { $0 === member }
    memberByFragment = memberByFragment.filter { $0.value !== member }
    memberByPath = memberByPath.filter { $0.value !== member }
  }

  // MARK: What happens

  private func handleEvents(of member: Member, at now: Instant, into outbox: Outbox) {
    // An echo may bring events of its own.
    while !events.isEmpty {
      let new = events
      events = []
      for event in new { handle(event, of: member, at: now, into: outbox) }
    }
  }

  private func handle(
    _ event: RemotePeer.Event, of member: Member, at now: Instant, into outbox: Outbox
  ) {
    switch event {
    case .pathValidated(let path): take(path, for: member)
    case .pathsClosed(let paths):
      for path in paths where memberByPath[path] === member { memberByPath[path] = nil }
    case .connected, .interrupted: break
    case .failed: remove(member, into: outbox)
    case .dataChannel(let event): handle(event, of: member, at: now, into: outbox)
    }
  }

  private func handle(
    _ event: DataChannelSet.Event, of member: Member, at now: Instant, into outbox: Outbox
  ) {
    switch event {
    case .connected: member.connectBy = nil
    case .opened(let id, _):
      let options = member.remote.dataChannels?.options(of: id)
      if let measurement = ClockMeasurement(protocolName: options?.protocolName ?? "") {
        begin(measurement, on: id, of: member, at: now, into: outbox)
      } else {
        member.nextTimes[id] = now
        deadline = now
      }
    case .message(let id, let message): answer(message, on: id, of: member, at: now, into: outbox)
    case .closing(let id), .closed(let id): forget(id, of: member, at: now)
    case .bufferedAmountLow: break
    case .failed: remove(member, into: outbox)
    }
  }

  /// An address changes hands only once it has answered: a check alone may have a forged source.
  private func take(_ path: Path, for member: Member) {
    if let holder = memberByPath[path], holder !== member, holder.remote.selectedPath == path,
      member.remote.selectedPath != path
    {
      return
    }
    memberByPath[path] = member
  }

  private func tellTime(_ member: Member, at now: Instant, into outbox: Outbox) {
    let due = member.nextTimes.filter { $0.value <= now }
    guard !due.isEmpty else { return }
    let message = DataChannelMessage.text(time(now))
    for (id, planned) in due.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      // In step where it can be; what was missed is not told all at once.
      let next = planned + limits.interval
      member.nextTimes[id] = next > now ? next : now + limits.interval
      send(message, on: id, to: member, at: now, into: outbox)
    }
    handleEvents(of: member, at: now, into: outbox)
  }

  private func answer(
    _ message: DataChannelMessage, on id: DataChannelID, of member: Member, at now: Instant,
    into outbox: Outbox
  ) {
    var answer: DataChannelMessage? = message
    if member.measurements[id] != nil {
      answer = member.measurements[id]?.answer(to: message, budget: &member.budget)
    }
    if let answer {
      send(answer, on: id, to: member, at: now, into: outbox)
    } else {
      close(id, of: member, at: now, into: outbox)
    }
  }

  func close(
    _ id: DataChannelID, of member: Member, at now: Instant, into outbox: Outbox
  ) {
    forget(id, of: member, at: now)
    member.remote.closeDataChannel(id, at: now, into: outbox, events: &events)
  }

  /// Sends on a channel. Who does not take what it is sent loses the channel: nothing is left out in silence.
  func send(
    _ message: DataChannelMessage, on id: DataChannelID, to member: Member, at now: Instant,
    into outbox: Outbox
  ) {
    do throws(DataChannelError) {
      try member.remote.sendData(message, on: id, at: now, into: outbox, events: &events)
    } catch {
      guard error != .notOpen else { return }
      close(id, of: member, at: now, into: outbox)
    }
  }
}
