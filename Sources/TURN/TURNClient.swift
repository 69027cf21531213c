import STUN
public import Wire

/// One allocation on a TURN server (RFC 8656), over one path.
///
/// `start` asks for a relayed address; `send` wraps datagrams to peers and `receive` finds theirs. The
/// allocation, its permissions and its channels are refreshed until `close`. Over TCP and TLS the path
/// carries whole messages: `STUNStreamFraming` cuts the stream. docs/design/turn.md says more.
public final class TURNClient {
  /// Our address and the server's.
  public let path: Path
  /// How far we are.
  public internal(set) var state = State.idle
  /// The address peers see us at.
  public internal(set) var relayedAddress: TransportAddress?
  /// The second address peers see us at, of the other family.
  public internal(set) var additionalRelayedAddress: TransportAddress?
  /// Our address as the server sees it.
  public internal(set) var mappedAddress: TransportAddress?

  let credentials: Credentials
  let options: Options
  var random: RandomSource
  /// What the server told us to authenticate with.
  var challenge: Challenge?
  var transactions: [Transaction] = []
  var permissions: [Permission] = []
  var channels: [Channel] = []
  var expiresAt = Instant.distantFuture
  var refreshAt = Instant.distantFuture
  private var nextChannelNumber = ChannelData.numbers.lowerBound

  /// A client that waits for `start`.
  public init(
    path: Path, credentials: Credentials, options: Options = Options(), random: RandomSource
  ) {
    self.path = path
    self.credentials = credentials
    self.options = options
    self.random = random
  }

  /// Realm, nonce and the key they make (RFC 8489 §9.2).
  struct Challenge {
    var realm: String
    var nonce: [UInt8]
    var key: STUNLongTermKey
    /// PASSWORD-ALGORITHMS as it came: it goes back unchanged, so that nobody can have taken from it.
    var offeredAlgorithms: [UInt8]?
  }

  /// A request that has no answer yet.
  struct Transaction {
    enum Purpose: Equatable {
      case allocate
      case refresh
      case deallocate
      case permission(IPAddress)
      case channel(UInt16)
    }

    let purpose: Purpose
    let id: STUNTransactionID
    let bytes: [UInt8]
    let isAuthenticated: Bool
    var attempts = 0
    var retryAt = Instant.distantPast
    /// How often the server has asked for another nonce.
    var challengeCount = 0
  }

  /// A host that may send to us (RFC 8656 §9).
  struct Permission {
    let address: IPAddress
    var usedAt: Instant
    /// When to ask for it again.
    var refreshAt = Instant.distantFuture
    var isRefused = false
  }

  /// A peer with a number (RFC 8656 §12).
  struct Channel {
    let number: UInt16
    let peer: TransportAddress
    var refreshAt = Instant.distantFuture
    var isBound = false
    var isRefused = false
  }

  /// Asks for a relayed address.
  public func start(at now: Instant, into outbox: Outbox) {
    guard state == .idle else { return }
    state = .allocating
    request(.allocate, now, outbox)
  }

  /// Does everything that is due at `now`. Call it at `deadline`; earlier does no harm.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    repeatRequests(now, outbox, &events)
    guard state == .allocated else { return }
    if expiresAt <= now { return fail(.expired, &events) }
    if refreshAt <= now {
      refreshAt = .distantFuture
      request(.refresh, now, outbox)
    }
    refreshPermissions(now, outbox)
    for index in channels.indices where channels[index].refreshAt <= now {
      channels[index].refreshAt = .distantFuture
      request(.channel(channels[index].number), now, outbox)
    }
  }

  /// When to call `advance`; nil where there is nothing to wait for.
  public var deadline: Instant? {
    var earliest = transactions.lazy.map(\.retryAt).min() ?? .distantFuture
    if state == .allocated {
      earliest = min(earliest, expiresAt, refreshAt)
      for permission in permissions { earliest = min(earliest, permission.refreshAt) }
      for channel in channels { earliest = min(earliest, channel.refreshAt) }
    }
    return earliest == .distantFuture ? nil : earliest
  }

  /// Gives the relayed address back (RFC 8656 §8): nothing is relayed from here on. Who goes on calling
  /// `advance` and `receive` hears of `closed`; for who does not, the request has left once.
  public func close(at now: Instant, into outbox: Outbox) {
    switch state {
    case .idle: end()
    case .allocating:
      // An answer may be on its way; `receive` gives back what it brings.
      state = .closing
    case .allocated:
      end()
      state = .closing
      request(.deallocate, now, outbox)
    case .closing, .ended: break
    }
  }

  /// Tells that the connection to the server could not be made, or broke.
  public func pathFailed(events: inout [Event]) {
    guard state != .idle, state != .ended else { return }
    if state == .closing { finishClosing(&events) } else { fail(.pathFailed, &events) }
  }

  func fail(_ failure: TURNFailure, _ events: inout [Event]) {
    end()
    events.append(.failed(failure))
  }

  func finishClosing(_ events: inout [Event]) {
    end()
    events.append(.closed)
  }

  private func end() {
    state = .ended
    transactions.removeAll()
    permissions.removeAll()
    channels.removeAll()
    relayedAddress = nil
    additionalRelayedAddress = nil
  }

  /// Whether peers of a family can be reached.
  func serves(_ family: IPAddress.Family) -> Bool {
    relayedAddress?.ip.family == family || additionalRelayedAddress?.ip.family == family
  }

  func takeChannelNumber() -> UInt16? {
    guard nextChannelNumber <= ChannelData.numbers.upperBound else { return nil }
    defer { nextChannelNumber += 1 }
    return nextChannelNumber
  }
}

extension Instant {
  static var distantPast: Instant { Instant(nanoseconds: .min) }
  static var distantFuture: Instant { Instant(nanoseconds: .max) }
}
