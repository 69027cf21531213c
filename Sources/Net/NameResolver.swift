import CLinux
import Glibc
import Synchronization
public import Wire

/// Asks the system for the addresses of names, on threads of its own.
///
/// A question cannot be taken back from the system: one that times out goes on without anybody waiting
/// for it. So the number of threads is bounded, and of questions that wait for one.
public final class NameResolver: Sendable {
  /// Why a name gave no address.
  public enum Failure: Error, Equatable, Sendable {
    /// Not a name: empty, longer than 253 bytes, or with other characters than names have.
    case malformedName
    /// There is no such name, or it has no address.
    case notFound
    /// The system could not find out; asking again later may help.
    case unavailable
    /// No answer came in time.
    case timedOut
    /// The task that asked was cancelled.
    case cancelled
    /// Too many questions are waiting.
    case overloaded
  }

  /// How much at once, and how long.
  public struct Options: Sendable {
    /// Questions asked of the system at the same time.
    public var maximumThreads = 4
    /// Questions that may wait for a thread.
    public var maximumWaiting = 64
    /// The longest that anybody waits for an answer.
    public var timeout = Wire.Duration.seconds(10)

    /// The defaults.
    public init() {}
  }

  typealias Answer = Result<[IPAddress], Failure>

  private struct State {
    var nextNumber: UInt64 = 0
    var waiting: [(number: UInt64, name: String)] = []
    var continuations: [UInt64: CheckedContinuation<Answer, Never>] = [:]
    var threadCount = 0
    /// Questions that the system has been asked and that wait, also those nobody waits for any more.
    var openCount = 0
  }

  private let options: Options
  private let lookUp: @Sendable (String) -> Answer
  private let state = Mutex(State())

  /// A resolver with threads of its own, which exist only while there are questions.
  public convenience init(options: Options = Options()) {
    self.init(options: options, lookUp: Self.askSystem)
  }

  /// With something else than the system to ask.
  init(options: Options, lookUp: @escaping @Sendable (String) -> Answer) {
    self.options = options
    self.lookUp = lookUp
  }

  /// The addresses of `host` in the order in which they are to be tried; an address in text is itself,
  /// and nobody is asked.
  public func resolve(_ host: String) async throws(Failure) -> [IPAddress] {
    if let address = Self.literal(host) { return [address] }
    guard Self.isName(host) else { throw .malformedName }
    let number = state.withLock { state in
      state.nextNumber &+= 1
      return state.nextNumber
    }
    let timer = Task { [self] in
      try await Task.sleep(nanoseconds: UInt64(clamping: options.timeout.nanoseconds))
      complete(number, .failure(.timedOut))
    }
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { ask(host, number, $0) }
    } onCancel: {
      complete(number, .failure(.cancelled))
    }
    timer.cancel()
    return try answer.get()
  }

  private func ask(
    _ host: String, _ number: UInt64, _ continuation: CheckedContinuation<Answer, Never>
  ) {
    let limit = options.maximumThreads + options.maximumWaiting
    var refusal: Failure?
    let needsThread = state.withLock { state -> Bool in
      if state.openCount >= limit { refusal = .overloaded }
      if Task.isCancelled { refusal = .cancelled }
      guard refusal == nil else { return false }
      state.continuations[number] = continuation
      state.waiting.append((number, host))
      state.openCount += 1
      let needsThread = state.threadCount < options.maximumThreads
      if needsThread { state.threadCount += 1 }
      return needsThread
    }
    if let refusal { return continuation.resume(returning: .failure(refusal)) }
    guard needsThread else { return }
    do throws(SystemError) {
      let thread = try startThread(name: "names") { [self] in answerAll() }
      pthread_detach(thread)
    } catch {
      state.withLock { $0.threadCount -= 1 }
      complete(number, .failure(.unavailable))
    }
  }

  /// A thread's life: question after question, until none waits.
  private func answerAll() {
    while let next = takeNext() {
      let answer = lookUp(next.name)
      state.withLock { $0.openCount -= 1 }
      complete(next.number, answer)
    }
  }

  private func takeNext() -> (number: UInt64, name: String)? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.threadCount -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }

  private func complete(_ number: UInt64, _ answer: Answer) {
    let continuation = state.withLock { state in
      if let index = state.waiting.firstIndex(where: { $0.number == number }) {
        state.waiting.remove(at: index)
        state.openCount -= 1
      }
      return state.continuations.removeValue(forKey: number)
    }
    continuation?.resume(returning: answer)
  }

  private static func literal(_ host: String) -> IPAddress? {
    guard host.first == "[", host.last == "]" else { return IPAddress(host) }
    return IPAddress(host.dropFirst().dropLast())
  }

  private static func isName(_ host: String) -> Bool {
    (1...253).contains(host.utf8.count)
      && host.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      }
  }

  private static func askSystem(_ name: String) -> Answer {
    var found = [clinux_address](repeating: clinux_address(), count: 16)
    // The shim reads the name, writes at most `count` addresses, and keeps nothing.
    let result = unsafe found.withUnsafeMutableBufferPointer { buffer in
      unsafe clinux_resolve(name, buffer.baseAddress, buffer.count)
    }
    guard result >= 0 else {
      return .failure(clinux_is_unknown_name(result) ? .notFound : .unavailable)
    }
    let addresses = found.prefix(Int(result)).map { IPAddress($0) }
    return addresses.isEmpty ? .failure(.notFound) : .success(addresses)
  }
}
