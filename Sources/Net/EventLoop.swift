import CLinux
import Glibc
import Synchronization

/// One thread with an epoll, which is the serial executor of the actors that live on it.
///
/// An actor that conforms to `EventLoopActor` lives on it: from other threads it is called with
/// `await`, as any actor; what the loop calls (`EventLoopHandler`) runs synchronously inside it.
///
/// A turn: wait for descriptors, jobs or a deadline; report ready descriptors; run the jobs that were
/// waiting; let every handler finish the turn.
public final class EventLoop: SerialExecutor {
  enum Phase: Sendable { case running, stopping, stopped }

  struct Watch: Sendable {
    let descriptor: Descriptor
    let handler: any EventLoopHandler
  }

  struct State: Sendable {
    var phase = Phase.running
    var jobs: [UnownedJob] = []
    /// The wake descriptor has been signalled since jobs were last taken.
    var isWoken = false
    var isDraining = false
    var handlers: [any EventLoopHandler] = []
    var watches: [Int32: Watch] = [:]
    /// Changes of `watches` that the loop has not taken over into its own copy; nil is one that ended.
    var changedWatches: [(number: Int32, watch: Watch?)] = []
    /// Grows with each change of `handlers` and `watches`, so that the loop looks at them only then.
    var generation = 0
    var thread: pthread_t?
    /// Dropped when the loop stops.
    var epoll: Descriptor?
    var wake: Descriptor?
  }

  let state: Mutex<State>
  /// The loop's thread while it runs, otherwise 0.
  let threadID = Atomic<UInt>(0)
  /// How long its turns took.
  public let turnTimes = TurnTimes()

  /// Starts a loop on a new thread of that name, of which 15 bytes are kept.
  public init(name: String) throws(SystemError) {
    let epoll = Descriptor(owning: try checked("create an epoll", clinux_epoll()))
    let wake = Descriptor(owning: try checked("create an eventfd", clinux_eventfd()))
    try checked(
      "watch an eventfd", clinux_epoll_watch(epoll.number, wake.number, true, false))
    var initial = State()
    initial.epoll = epoll
    initial.wake = wake
    state = Mutex(initial)
    let thread = try startThread(name: name) { [self] in run(epoll, wake) }
    state.withLock { $0.thread = thread }
  }

  // MARK: Handlers

  /// Has `handler` take part in every turn from the next one on. Its executor must be this loop.
  public func add(_ handler: any EventLoopHandler) {
    precondition(handler.loop === self, "the handler lives on another executor")
    change { state in
      guard state.phase == .running else { return }
      state.handlers.append(handler)
    }
  }

  /// Ends the part of `handler`, and of every descriptor watched for it.
  public func remove(_ handler: any EventLoopHandler) {
    change { state in
      state.handlers.removeAll { $0 === handler }
      for (number, watch) in state.watches where watch.handler === handler {
        Self.unwatch(number, in: &state)
      }
    }
  }

  /// Reports to `handler` whenever `descriptor` is ready for one of `interests`; replaces what was
  /// watched before.
  public func watch(
    _ descriptor: Descriptor, for interests: Readiness = .readable,
    handler: any EventLoopHandler
  ) throws(SystemError) {
    precondition(handler.loop === self, "the handler lives on another executor")
    var result: Int32 = 0
    change { state in
      guard state.phase == .running, let epoll = state.epoll else { return }
      result = clinux_epoll_watch(
        epoll.number, descriptor.number, interests.contains(.readable),
        interests.contains(.writable))
      guard result >= 0 else { return }
      let watch = Watch(descriptor: descriptor, handler: handler)
      state.watches[descriptor.number] = watch
      state.changedWatches.append((descriptor.number, watch))
    }
    try checked("watch a descriptor", result)
  }

  /// Watches `descriptor` no longer.
  public func unwatch(_ descriptor: Descriptor) {
    change { Self.unwatch(descriptor.number, in: &$0) }
  }

  private static func unwatch(_ number: Int32, in state: inout State) {
    guard state.watches.removeValue(forKey: number) != nil, let epoll = state.epoll else { return }
    state.changedWatches.append((number, nil))
    _ = clinux_epoll_unwatch(epoll.number, number)
  }

  private func change(_ body: (inout State) -> Void) {
    let wake = state.withLock { state -> Descriptor? in
      body(&state)
      state.generation &+= 1
      return wakeIfNeeded(&state)
    }
    if let wake { clinux_eventfd_signal(wake.number) }
  }

  /// The descriptor to signal, if the loop may be asleep and nobody signalled yet.
  ///
  /// It is signalled outside the lock, which the loop will want at once.
  private func wakeIfNeeded(_ state: inout State) -> Descriptor? {
    guard state.phase != .stopped, !state.isWoken, !isOnLoop else { return nil }
    state.isWoken = true
    return state.wake
  }

  /// Has the loop begin a turn at once. May be called on any thread.
  public func wake() {
    let wake = state.withLock { wakeIfNeeded(&$0) }
    if let wake { clinux_eventfd_signal(wake.number) }
  }

  // MARK: Executor

  var isOnLoop: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Queues a job of one of the loop's actors. The language calls this.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    var needsDrain = false
    let wake = state.withLock { state -> Descriptor? in
      state.jobs.append(job)
      needsDrain = state.phase == .stopped && !state.isDraining
      if needsDrain { state.isDraining = true }
      return wakeIfNeeded(&state)
    }
    if let wake { clinux_eventfd_signal(wake.number) }
    if needsDrain { drainInBackground() }
  }

  /// Traps unless called on the loop's thread. The language calls this.
  public func checkIsolated() {
    precondition(isOnLoop, "not on the event loop's thread")
  }

  /// Whether the caller is on the loop's thread.
  public func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  /// Jobs that come after the loop stopped still run, one at a time, so that nobody waits for ever.
  func drainInBackground() {
    Task.detached { [self] in
      while let jobs = takeRemainingJobs() {
        for job in jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
      }
    }
  }

  private func takeRemainingJobs() -> [UnownedJob]? {
    state.withLock { state in
      guard !state.jobs.isEmpty else {
        state.isDraining = false
        return nil
      }
      defer { state.jobs = [] }
      return state.jobs
    }
  }

  // MARK: Stopping

  /// Ends the loop after the turn under way, waits for its thread, and lets go of every handler and
  /// descriptor. Called on the loop itself, it does not wait.
  public func stop() {
    let (thread, wake) = state.withLock { state -> (pthread_t?, Descriptor?) in
      if state.phase == .running { state.phase = .stopping }
      defer { state.thread = nil }
      return (state.thread, wakeIfNeeded(&state))
    }
    if let wake { clinux_eventfd_signal(wake.number) }
    guard let thread else { return }
    if isOnLoop {
      pthread_detach(thread)
    } else {
      _ = pthread_join(thread, nil)
    }
  }
}
