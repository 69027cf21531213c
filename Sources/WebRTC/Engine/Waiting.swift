import SCTP
import Synchronization

/// What a call waits for.
enum Awaited: Sendable {
  /// Room for a message of so many bytes.
  case room(DataChannelID, byteCount: Int)
  /// That a channel is open.
  case open(DataChannelID)
  /// That media and data can flow.
  case connected
  /// All candidates of the present generation.
  case gathered
}

/// A call that waits.
struct Waiter {
  let ticket: Ticket
  let awaited: Awaited
  let continuation: CheckedContinuation<Void, Never>

  /// What a waiting task and the hub both know of it.
  final class Ticket: Sendable {
    /// The task was cancelled, be it before the hub has heard of it.
    let isCancelled = Atomic(false)
  }
}

extension Hub {
  /// Returns once what is awaited is there, or never will be.
  ///
  /// Waiters are kept by methods of the hub: a closure in one of them that does not capture the hub runs beside it, whatever the
  /// compiler thinks of its isolation, and waiters were lost that way.
  nonisolated func wait(for awaited: Awaited, of key: ConnectionKey) async throws(RTCError) {
    guard await mustWait(for: awaited, of: key) else { return }
    let ticket = Waiter.Ticket()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waiter = Waiter(ticket: ticket, awaited: awaited, continuation: continuation)
        Task { await admit(waiter, of: key) }
      }
    } onCancel: {
      ticket.isCancelled.store(true, ordering: .relaxed)
      Task { await dismiss(ticket, of: key) }
    }
    if Task.isCancelled { throw .cancelled }
  }

  private func mustWait(for awaited: Awaited, of key: ConnectionKey) -> Bool {
    connections[key]?.mustWait(for: awaited) ?? false
  }

  /// The hub has had other work since the call: what is awaited may have come, and the end of the connection as well.
  private func admit(_ waiter: Waiter, of key: ConnectionKey) {
    guard !waiter.ticket.isCancelled.load(ordering: .relaxed), let connection = connections[key],
      connection.mustWait(for: waiter.awaited)
    else { return waiter.continuation.resume() }
    connection.waiters.append(waiter)
  }

  private func dismiss(_ ticket: Waiter.Ticket, of key: ConnectionKey) {
    guard let connection = connections[key],
      let place = connection.waiters.firstIndex(where: { $0.ticket === ticket })
    else { return }
    connection.waiters.remove(at: place).continuation.resume()
  }
}

extension Connection {
  /// Whether what is awaited is not there, but may come.
  func mustWait(for awaited: Awaited) -> Bool {
    guard !isOver else { return false }
    return switch awaited {
    case .room(let id, let byteCount): lacksRoom(on: id, for: byteCount)
    case .open(let id): channels[id]?.state == .connecting
    case .connected: isOnTheWay
    case .gathered: session.iceGatheringState == .gathering
    }
  }

  /// Whether so much is on its way that a sender of `byteCount` bytes has to wait.
  func lacksRoom(on id: DataChannelID, for byteCount: Int) -> Bool {
    guard isOpen(id) else { return false }
    // An empty message travels as one byte.
    return session.dataChannelBufferedAmount(id) >= configuration.sendBufferLimit
      || session.dataSendSpace.map { $0 < max(byteCount, 1) } ?? false
  }

  /// Resumes those who need not wait any longer, in the order in which they came.
  func wakeWaiters() {
    guard !waiters.isEmpty else { return }
    let all = waiters
    waiters = []
    for waiter in all {
      if mustWait(for: waiter.awaited) {
        waiters.append(waiter)
      } else {
        waiter.continuation.resume()
      }
    }
  }
}
