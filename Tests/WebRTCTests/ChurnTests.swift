import CAllocations
import Foundation
import Session
import Testing

@testable import WebRTC

/// Connections that come and go leave nothing behind. A whole process is measured, so each test has one of its own.
@Suite(.serialized) struct ChurnTests {
  @Test func `opening and closing returns to the start`() async {
    await #expect(processExitsWith: .success) {
      let (first, second) = (try RTCEngine(), try RTCEngine())
      let engines = [first, second]
      let sockets = Self.openSocketCount
      try await Self.rounds(150, on: engines) { try await Self.connected(first, second).close() }
      // The allocator's stores make the heap waver; a leak grows every time.
      var growths: [Double] = []
      while growths.count < 4, growths.last ?? 1 >= 0.02 {
        let heap = heap_byte_count()
        try await Self.rounds(200, on: engines) { try await Self.connected(first, second).close() }
        growths.append(Double(heap_byte_count()) / Double(heap) - 1)
      }
      try await Self.until { Self.openSocketCount == sockets }
      precondition(growths.contains { $0 < 0.02 }, "the heap grew by \(growths)")
    }
  }

  @Test func `connections nobody holds any longer close themselves`() async {
    await #expect(processExitsWith: .success) {
      let (first, second) = (try RTCEngine(), try RTCEngine())
      let engines = [first, second]
      let sockets = Self.openSocketCount
      try await Self.rounds(20, on: engines) { _ = try await Self.connected(first, second) }
      weak var caller: PeerConnection?
      weak var channel: DataChannel?
      do {
        let pair = try await Self.connected(first, second)
        caller = pair.caller
        channel = pair.channel
        let holdsNothing = await first.hub.holdsNothing
        precondition(!holdsNothing)
      }
      try await Self.until { caller == nil }
      for engine in engines { try await Self.until { await engine.hub.holdsNothing } }
      try await Self.until { channel == nil && Self.openSocketCount == sockets }
    }
  }

  @Test func `engines end with their connections`() async {
    await #expect(processExitsWith: .success) {
      let sockets = Self.openSocketCount
      try await Self.rounds(40) { _ = try await Self.connected(RTCEngine(), RTCEngine()) }
      try await Self.until { Self.openSocketCount == sockets }
    }
  }

  @Test func `a connection that never got anywhere leaves nothing`() async throws {
    let engine = try RTCEngine()
    for isClosed in [true, false] {
      let connection = try await PeerConnection(configuration: .loopback, engine: engine)
      _ = try await connection.createDataChannel("never")
      _ = try await connection.addTransceiver(.video)
      try await connection.setLocalDescription()
      if isClosed { await connection.close() }
    }
    try await Self.until { await engine.hub.holdsNothing }
  }

  // MARK: Parts

  private struct Pair {
    let caller: PeerConnection
    let callee: PeerConnection
    let channel: DataChannel

    func close() async {
      await caller.close()
      await callee.close()
    }
  }

  /// Two connected peers with an open channel; no task of the test's holds them.
  private static func connected(_ first: RTCEngine, _ second: RTCEngine) async throws -> Pair {
    let caller = try await PeerConnection(configuration: .loopback, engine: first)
    let callee = try await PeerConnection(configuration: .loopback, engine: second)
    let channel = try await caller.createDataChannel("churn")
    try await caller.setLocalDescription()
    try await callee.setRemoteDescription(try await caller.gatheredLocalDescription())
    try await callee.setLocalDescription()
    try await caller.setRemoteDescription(try await callee.gatheredLocalDescription())
    try await channel.opened()
    try await callee.connected()
    return Pair(caller: caller, callee: callee, channel: channel)
  }

  /// Does so much, some at a time, and waits until what goes on in the background has ended.
  private static func rounds(
    _ count: Int, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for started in 0..<count {
        if started >= 10 { try await group.next() }
        group.addTask { try await body() }
      }
      try await group.waitForAll()
    }
  }

  /// As above, until nothing of the connections is left on these engines.
  private static func rounds(
    _ count: Int, on engines: [RTCEngine], _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await rounds(count, body)
    for engine in engines { try await until { await engine.hub.holdsNothing } }
  }

  /// Waits for what happens in the background.
  private static func until(_ isSo: () async -> Bool) async throws {
    for _ in 0..<1_500 {
      if await isSo() { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw Stuck()
  }

  private struct Stuck: Error, CustomStringConvertible {
    var description: String { "it did not happen in thirty seconds" }
  }

  /// What the runtime opens for itself, such as its timers, is no socket.
  private static var openSocketCount: Int {
    let folder = "/proc/self/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.count { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      return target?.hasPrefix("socket:") == true
    }
  }
}

extension Hub {
  /// Whether there is no trace of any connection.
  fileprivate var holdsNothing: Bool {
    connections.isEmpty && owners.isEmpty && paths.isEmpty && names.isEmpty && strangers.isEmpty
      && touched.isEmpty && localNames == nil
  }
}
