import Synchronization
import Wire

/// A round of asking STUN servers by the media port while that is in use.
///
/// All workers share it: one of them sends, and the kernel chooses which one reads the answers.
final class AddressInquiry: Sendable {
  private struct Round {
    var questions: AddressQuestions
    var asker: CheckedContinuation<[TransportAddress], Never>
  }

  private let round = Mutex<Round?>(nil)
  private let isAsking = Atomic(false)

  /// Whether answers are waited for. Read for every datagram that is nobody's, so without a lock.
  var isOpen: Bool { isAsking.load(ordering: .relaxed) }

  /// When to call `advance`; nil where nobody is asked.
  var deadline: Instant? { isOpen ? round.withLock { $0?.questions.deadline } : nil }

  /// Begins a round in place of one that may be under way. The asker is resumed once, with where this machine was seen.
  func begin(
    _ questions: AddressQuestions, for asker: CheckedContinuation<[TransportAddress], Never>
  ) {
    end()
    round.withLock { $0 = Round(questions: questions, asker: asker) }
    isAsking.store(true, ordering: .relaxed)
  }

  /// Sends what is due.
  func advance(to now: Instant, into outbox: Outbox) {
    guard isOpen else { return }
    let over = round.withLock { round -> Round? in
      round?.questions.advance(to: now, into: outbox)
      return takeFinished(&round)
    }
    resume(over)
  }

  /// Takes a datagram that is nobody else's.
  func receive(_ datagram: Span<UInt8>, from sender: TransportAddress) {
    guard isOpen else { return }
    let over = round.withLock { round -> Round? in
      round?.questions.receive(datagram, from: sender)
      return takeFinished(&round)
    }
    resume(over)
  }

  /// Gives up what is under way.
  func end() {
    let over = round.withLock { round -> Round? in
      defer { round = nil }
      isAsking.store(false, ordering: .relaxed)
      return round
    }
    resume(over)
  }

  private func takeFinished(_ round: inout Round?) -> Round? {
    guard let over = round, over.questions.isOver else { return nil }
    round = nil
    isAsking.store(false, ordering: .relaxed)
    return over
  }

  private func resume(_ round: Round?) {
    guard let round else { return }
    round.asker.resume(returning: round.questions.seen)
  }
}
