import Synchronization
import Testing
import Wire

@testable import Net

@Suite(.timeLimit(.minutes(1)))
struct NameResolverTests {
  private let refusing = NameResolver(options: .init()) { _ in .failure(.unavailable) }

  @Test func `an address is itself, and nobody is asked`() async throws {
    #expect(try await refusing.resolve("192.0.2.1") == [IPAddress(192, 0, 2, 1)])
    #expect(try await refusing.resolve("::1") == [IPAddress(v6High: 0, low: 1)])
    #expect(try await refusing.resolve("[::1]") == [IPAddress(v6High: 0, low: 1)])
    await #expect(throws: NameResolver.Failure.unavailable) {
      _ = try await refusing.resolve("turn.example")
    }
  }

  @Test(arguments: ["", "a b", "x\0y", "h\u{e4}", "[x]", String(repeating: "a", count: 254)])
  func `what is no name is not asked for`(name: String) async {
    await #expect(throws: NameResolver.Failure.malformedName) {
      _ = try await refusing.resolve(name)
    }
  }

  @Test func `the system knows this machine, and no invalid name`() async throws {
    let resolver = NameResolver()
    let addresses = try await resolver.resolve("localhost")
    #expect(!addresses.isEmpty && addresses.allSatisfy(\.isLoopback))
  }

  @Test func `as many are asked for at once as there may be threads, and so many may wait`()
    async throws
  {
    let running = Mutex(0)
    let greatest = Mutex(0)
    var options = NameResolver.Options()
    options.maximumThreads = 2
    options.maximumWaiting = 3
    let gate = Gate()
    let resolver = NameResolver(options: options) { name in
      let now = running.withLock { count in
        count += 1
        return count
      }
      greatest.withLock { $0 = max($0, now) }
      gate.wait()
      running.withLock { $0 -= 1 }
      return .success([IPAddress(192, 0, 2, 1)])
    }
    let results = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<20 {
        group.addTask { (try? await resolver.resolve("host\(number)")) != nil }
      }
      var overloaded = 0
      var answered = 0
      for await isAnswered in group {
        if isAnswered { answered += 1 } else { overloaded += 1 }
        // Two at most are being asked for, and three wait: so fifteen are turned away first. The second thread may
        // take its time to begin.
        guard overloaded == 15, answered == 0 else { continue }
        let end = MonotonicClock.now() + .seconds(20)
        while greatest.withLock({ $0 }) < 2, MonotonicClock.now() < end { await Task.yield() }
        gate.open()
      }
      return (answered, overloaded)
    }
    #expect(results == (5, 15))
    #expect(greatest.withLock { $0 } == 2)
  }

  @Test func `a question that takes too long is left alone, and so is one nobody waits for`()
    async throws
  {
    var options = NameResolver.Options()
    options.timeout = .milliseconds(20)
    let gate = Gate()
    let resolver = NameResolver(options: options) { _ in
      gate.wait()
      return .failure(.notFound)
    }
    await #expect(throws: NameResolver.Failure.timedOut) {
      _ = try await resolver.resolve("slow.example")
    }
    let task = Task { try await resolver.resolve("cancelled.example") }
    task.cancel()
    let result = await task.result
    #expect(throws: NameResolver.Failure.cancelled) { _ = try result.get() }
    gate.open()
  }
}

/// Holds threads back until it is opened.
private final class Gate: Sendable {
  private let isOpen = Mutex(false)

  func open() { isOpen.withLock { $0 = true } }

  func wait() {
    while !isOpen.withLock({ $0 }) { _ = MonotonicClock.now() }
  }
}
