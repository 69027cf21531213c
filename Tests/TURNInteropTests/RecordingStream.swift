import Net
import Relay
import Synchronization
import Wire

/// A stream that remembers what it was told.
final class RecordingStream: RelayedStream {
  private struct State {
    var sent: [UInt8] = []
    var isClosed = false
    var isRead = true
    var queued = 0
    var consumed = 0
    var waiting: (count: Int, CheckedContinuation<[UInt8], Never>)?
  }

  let local = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 443)
  let remote: TransportAddress
  let isSecure = true
  private let state = Mutex(State())

  private let takesAll: Bool

  /// Without `takesAll` what is sent waits until `drain`.
  init(port: UInt16, takesAll: Bool = true) {
    self.takesAll = takesAll
    remote = TransportAddress(ip: IPAddress(198, 51, 100, 7), port: port)
  }

  var queuedByteCount: Int { state.withLock { $0.queued } }

  var isRead: Bool { state.withLock { $0.isRead } }

  func drain() { change { $0.queued = 0 } }

  func setReading(_ reads: Bool) { change { $0.isRead = reads } }

  func send(_ bytes: [UInt8]) -> Bool {
    change {
      $0.sent += bytes
      if !takesAll { $0.queued += bytes.count }
    }
    return true
  }

  func close() { change { $0.isClosed = true } }

  private func change(_ body: (inout State) -> Void) {
    let ready = state.withLock { state -> (CheckedContinuation<[UInt8], Never>, [UInt8])? in
      body(&state)
      guard let waiting = state.waiting, state.isClosed || state.sent.count >= waiting.count else {
        return nil
      }
      state.waiting = nil
      return (waiting.1, state.sent)
    }
    ready?.0.resume(returning: ready?.1 ?? [])
  }

  /// What was sent, once it is so much or the stream is closed.
  func wait(for count: Int) async -> [UInt8] {
    await withCheckedContinuation { continuation in
      change { $0.waiting = (count, continuation) }
    }
  }

  /// The next STUN message.
  func nextMessage() async -> [UInt8] {
    let start = state.withLock { $0.consumed }
    let head = await wait(for: start + 20)
    guard head.count >= start + 20 else { return [] }
    let end = start + 20 + Int(head[start + 2]) << 8 + Int(head[start + 3])
    let all = await wait(for: end)
    change { $0.consumed = end }
    return Array(all[start..<end])
  }

  /// All that was sent so far.
  var sent: [UInt8] { state.withLock { $0.sent } }

  var isClosed: Bool { state.withLock { $0.isClosed } }
}

/// A client behind a stream that others read.
struct HandedProbe: MessageStream {
  let stream: RecordingStream
  let server: RelayServer

  func write(_ bytes: [UInt8]) async { server.received(bytes, on: stream) }

  func nextMessage() async -> [UInt8] { await stream.nextMessage() }
}
