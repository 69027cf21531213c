public import Wire

/// An actor whose jobs run on an event loop's thread.
public protocol EventLoopActor: Actor {
  /// The loop it lives on, from its first moment to its last.
  nonisolated var loop: EventLoop { get }
}

extension EventLoopActor {
  /// The loop, as the language wants to see it.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    // This is no counted reference, but the actor holds one as its `loop`.
    unsafe loop.asUnownedSerialExecutor()
  }
}

/// An actor that an event loop calls synchronously, on the loop's own thread.
///
/// The loop calls within the actor's isolation, so both methods reach the actor's state directly: no
/// hop, no task, no allocation.
public protocol EventLoopHandler: EventLoopActor {
  /// A watched descriptor became ready. It is reported again in each turn until it is read empty.
  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant)

  /// Everything that was ready has been handled and every waiting job has run.
  ///
  /// Called once a turn, whatever began it. Fire due timers and send what has gathered.
  func finishTurn(at now: Instant) -> NextTurn
}

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
  /// The bits.
  public let rawValue: UInt8

  /// The set with these bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Something can be read, or a connection accepted.
  public static let readable = Readiness(rawValue: 1)
  /// Something can be written.
  public static let writable = Readiness(rawValue: 2)
  /// The other side closed, or the descriptor has an error to be read.
  public static let closed = Readiness(rawValue: 4)
}

/// When a handler wants to be called again.
public struct NextTurn: Equatable, Sendable {
  /// The next turn begins at this instant at the latest; `nil` waits for something to happen.
  public var deadline: Instant?
  /// Until this instant descriptors are left alone, so that a burst gathers in the sockets and is
  /// read, and sent on, as one. Jobs and deadlines are still served. At most 20 ms are granted.
  public var restUntil: Instant?

  /// A turn at `deadline` at the latest, with descriptors left alone until `restUntil`.
  public init(deadline: Instant? = nil, restUntil: Instant? = nil) {
    self.deadline = deadline
    self.restUntil = restUntil
  }
}
