import CLinux
import Glibc
import Synchronization
import Wire

/// What the loop's thread keeps between turns; nobody else sees it.
private struct Turns {
  var events = [clinux_event](repeating: clinux_event(), count: 64)
  var jobs: [UnownedJob] = []
  var handlers: [any EventLoopHandler] = []
  var watches: [Int32: EventLoop.Watch] = [:]
  var generation = -1
  var next = NextTurn()
  /// When the turn began that is not over yet.
  var begunAt: Instant?
}

extension EventLoop {
  /// No rest is longer, whatever a handler asks for.
  private static let longestRest = Duration.milliseconds(20)

  /// The thread's whole life.
  func run(_ epoll: Descriptor, _ wake: Descriptor) {
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    var turns = Turns()
    while refresh(&turns) {
      let count = wait(epoll, wake, &turns)
      let now = MonotonicClock.now()
      turns.begunAt = now
      report(count, wake, at: now, turns)
      runJobs(&turns)
      finish(&turns)
    }
    threadID.store(0, ordering: .relaxed)
    release()
  }

  /// Takes over changes made since the last turn. False once the loop is to end.
  private func refresh(_ turns: inout Turns) -> Bool {
    state.withLock { state in
      guard state.phase == .running else { return false }
      if turns.generation != state.generation {
        turns.generation = state.generation
        turns.handlers = state.handlers
        // One by one: with many descriptors a copy of them all would cost more than a turn.
        for change in state.changedWatches { turns.watches[change.number] = change.watch }
        state.changedWatches.removeAll(keepingCapacity: state.changedWatches.count <= 64)
        // A new handler has not said yet when it wants to be called.
        turns.next.deadline = .zero
      }
      if !state.jobs.isEmpty { turns.next.deadline = .zero }
      return true
    }
  }

  /// Waits for something to do and returns how many descriptors are ready.
  private func wait(_ epoll: Descriptor, _ wake: Descriptor, _ turns: inout Turns) -> Int {
    let now = MonotonicClock.now()
    if let begunAt = turns.begunAt { turnTimes.note(now - begunAt) }
    let deadline = turns.next.deadline.map { max(0, ($0 - now).nanoseconds) }
    if let rest = turns.next.restUntil, rest > now {
      let longest = min(rest - now, Self.longestRest).nanoseconds
      let result = clinux_wait_readable(wake.number, min(longest, deadline ?? .max))
      if result > 0 { clinux_eventfd_clear(wake.number) }
      guard result == 0, longest <= deadline ?? .max else { return 0 }
      // The rest is over: what gathered is read in this same turn. Where nothing did, the next turn begins with
      // whatever comes.
      return poll(epoll, timeout: deadline.map { $0 - longest } ?? -1, &turns)
    }
    return poll(epoll, timeout: deadline ?? -1, &turns)
  }

  private func poll(_ epoll: Descriptor, timeout: Int64, _ turns: inout Turns) -> Int {
    // The kernel fills the array up to its length and keeps nothing.
    let result = unsafe turns.events.withUnsafeMutableBufferPointer { events in
      unsafe clinux_epoll_wait(epoll.number, events.baseAddress, events.count, timeout)
    }
    return max(0, Int(result))
  }

  private func report(_ count: Int, _ wake: Descriptor, at now: Instant, _ turns: borrowing Turns) {
    for index in 0..<count {
      let event = turns.events[index]
      if event.fd == wake.number {
        clinux_eventfd_clear(event.fd)
        continue
      }
      guard let watch = turns.watches[event.fd] else { continue }
      var readiness: Readiness = []
      if event.is_readable { readiness.insert(.readable) }
      if event.is_writable { readiness.insert(.writable) }
      if event.is_closed { readiness.insert(.closed) }
      LoopIsolation.handle(watch.handler, readiness, watch.descriptor, now)
    }
  }

  /// Runs the jobs that wait now; those they queue have to wait for the next turn.
  private func runJobs(_ turns: inout Turns) {
    state.withLock { state in
      state.isWoken = false
      swap(&state.jobs, &turns.jobs)
    }
    for job in turns.jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    turns.jobs.removeAll(keepingCapacity: true)
  }

  private func finish(_ turns: inout Turns) {
    let now = MonotonicClock.now()
    var next = NextTurn(deadline: nil, restUntil: Instant(nanoseconds: .max))
    for handler in turns.handlers {
      let wish = LoopIsolation.finishTurn(handler, now)
      if let deadline = wish.deadline { next.deadline = min(next.deadline ?? deadline, deadline) }
      next.restUntil = wish.restUntil.flatMap { rest in next.restUntil.map { min($0, rest) } }
    }
    if turns.handlers.isEmpty { next.restUntil = nil }
    turns.next = next
  }

  /// Lets go of everything; what is still queued is run elsewhere.
  private func release() {
    let needsDrain = state.withLock { state -> Bool in
      state.phase = .stopped
      state.handlers = []
      state.watches = [:]
      state.changedWatches = []
      state.epoll = nil
      state.wake = nil
      state.isDraining = !state.jobs.isEmpty
      return state.isDraining
    }
    if needsDrain { drainInBackground() }
  }
}
