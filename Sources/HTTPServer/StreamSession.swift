/// One connection while it belongs to a `StreamService`.
struct StreamSession {
  typealias Instant = ContinuousClock.Instant

  let stream: ByteStream
  let receiver: any StreamReceiver
  private let idleTimeout: Duration?
  /// When it has been silent for too long.
  private(set) var deadline: Instant?
  /// Whether it was given more time since its deadline was looked at late.
  private var isExtended = false

  init(_ stream: ByteStream, _ service: StreamService, at now: Instant) {
    self.stream = stream
    receiver = service.open(stream)
    idleTimeout = service.idleTimeout
    deadline = idleTimeout.map { now + $0 }
  }

  /// Something arrived.
  mutating func heard(at now: Instant) {
    deadline = idleTimeout.map { now + $0 }
    isExtended = false
  }

  /// Whether it has been silent for too long.
  mutating func isOver(at now: Instant) -> Bool {
    guard let deadline, now >= deadline else { return false }
    guard !isExtended, let later = LateLook.extended(deadline, at: now) else { return true }
    isExtended = true
    self.deadline = later
    return false
  }
}
