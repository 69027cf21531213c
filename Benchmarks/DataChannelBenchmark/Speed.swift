import Synchronization
import WebRTC

/// How fast one reliable, ordered channel is through DTLS on loopback, and what that costs.
enum Speed {
  private static let message = [UInt8](repeating: 7, count: 64 << 10)

  /// An engine of its own, with the name its thread is found by.
  private static func engine(_ name: String) throws -> RTCEngine {
    var options = RTCEngine.Options()
    options.threadName = name
    return try RTCEngine(options: options)
  }

  /// Messages of 64 KiB one after the other, for so many seconds after one second of start-up.
  static func throughput(seconds: Int) async throws -> [Measurement] {
    let call = try await Call(engine("sender"), engine("receiver"))
    let received = Counter()
    let reading = Task {
      for await message in call.far.messages { received.add(message.byteCount) }
    }
    let writing = Task { while !Task.isCancelled { try await call.near.send(message) } }
    try await Task.sleep(for: .seconds(1))
    let (before, threadsBefore, start) = (Usage.now(), threadTimes(), received.total)
    try await Task.sleep(for: .seconds(seconds))
    let (after, threadsAfter, end) = (Usage.now(), threadTimes(), received.total)
    writing.cancel()
    await call.close()
    _ = await reading.value
    let gigabits = Double(end - start) * 8 / 1e9
    func spent(_ name: String) -> Double {
      (threadsAfter[name, default: 0] - threadsBefore[name, default: 0]) / gigabits
    }
    return [
      Measurement("throughput", gigabits * 1000 / (after.time - before.time), "Mbit/s"),
      Measurement("both ends", (after.processor - before.processor) / gigabits, "CPU-s/Gbit"),
      Measurement("sender's thread", spent("sender"), "CPU-s/Gbit"),
      Measurement("receiver's thread", spent("receiver"), "CPU-s/Gbit"),
    ]
  }

  /// One byte there and back, when nothing else is sent.
  static func latency(rounds: Int) async throws -> [Measurement] {
    let call = try await Call(engine("caller"), engine("callee"))
    let echoing = Task {
      for await message in call.far.messages {
        if case .binary(let bytes) = message { try await call.far.send(bytes) }
      }
    }
    var answers = call.near.messages.makeAsyncIterator()
    var times: [Double] = []
    for round in 0..<rounds + 100 {
      let start = Usage.now().time
      try await call.near.send([1])
      _ = await answers.next()
      if round >= 100 { times.append((Usage.now().time - start) * 1e6) }
    }
    await call.close()
    _ = try await echoing.value
    times.sort()
    return [
      Measurement("round trip, median", times[times.count / 2], "µs"),
      Measurement("round trip, p99", times[times.count * 99 / 100], "µs"),
    ]
  }
}

/// A number that tasks share.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  var total: Int { value.load(ordering: .relaxed) }

  func add(_ count: Int) { value.add(count, ordering: .relaxed) }
}
