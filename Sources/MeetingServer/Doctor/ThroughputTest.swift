import Net
import WebRTC
import Wire

/// Measures what a connection to a server carries: one direction after the other, on channels of
/// `ClockMeasurement`'s.
struct ThroughputTest {
  /// What was found; nil where a server does not measure, or nothing came through.
  struct Result: Equatable {
    /// In bit/s.
    var up: Int?
    /// In bit/s.
    var down: Int?
    /// The shortest there and back, in milliseconds.
    var roundTrip: Int?
    /// Whether the server has too many who measure, and wants us to come later.
    var isLater = false
  }

  /// How long one direction is measured, after how long it counts, and after how many bytes it is enough.
  var duration = Duration.seconds(3)
  var warmUp = Duration.milliseconds(1_000)
  var byteLimit = 8 << 20
  /// How long silence is waited through.
  var patience = Duration.seconds(5)
  /// Bytes on their way at most.
  private static let window = 512 << 10
  private static let pieceByteCount = 16 << 10

  /// Measures everything.
  func run(_ connection: PeerConnection) async -> Result {
    var result = Result()
    do throws(Later) {
      result.up = try await rate(connection, .up)
      result.down = try await rate(connection, .down)
    } catch {
      result.isLater = true
    }
    result.roundTrip = await roundTrip(connection)
    return result
  }

  /// The server says that too many measure.
  private struct Later: Error {}

  /// What goes through in one direction, in bit/s.
  private func rate(
    _ connection: PeerConnection, _ direction: ClockMeasurement.Direction
  ) async throws(Later) -> Int? {
    let measured: Measured? = await withChannel(
      connection, direction.rawValue, patience: duration + patience
    ) { channel in
      var tally = Tally(at: MonotonicClock.now(), warmUp: warmUp)
      var asked = 0
      var messages = channel.messages.makeAsyncIterator()
      while tally.elapsed < duration, tally.byteCount < byteLimit {
        await ask(channel, direction, &asked, beyond: tally.byteCount)
        // Where nothing can be sent any more, what has come may say why.
        guard let message = await messages.next() else { break }
        let now = MonotonicClock.now()
        switch (direction, message) {
        case (_, .text(let text)) where text.hasPrefix(ClockMeasurement.refusalMark): return .later
        case (.up, .text(let text)): tally.note(min(Int(text) ?? 0, asked), at: now)
        case (.down, .binary(let bytes)): tally.note(tally.byteCount + bytes.count, at: now)
        default: continue
        }
      }
      return .rate(tally.rate)
    }
    switch measured {
    case .later: throw Later()
    case .rate(let rate): return rate
    case nil: return nil
    }
  }

  private enum Measured {
    case rate(Int?)
    case later
  }

  /// Sends, or asks for, so much that enough is on its way.
  private func ask(
    _ channel: DataChannel, _ direction: ClockMeasurement.Direction, _ asked: inout Int,
    beyond come: Int
  ) async {
    while asked - come < Self.window, asked < byteLimit {
      do throws(RTCError) {
        switch direction {
        case .up: try await channel.send([UInt8](repeating: 0, count: Self.pieceByteCount))
        case .down: try await channel.send("\(Self.pieceByteCount)")
        }
      } catch {
        return
      }
      asked += Self.pieceByteCount
    }
  }

  /// The shortest of five, in milliseconds.
  private func roundTrip(_ connection: PeerConnection) async -> Int? {
    await withChannel(connection, "", patience: patience) { channel in
      var best: Int64?
      var messages = channel.messages.makeAsyncIterator()
      for number in 0..<5 {
        let begun = MonotonicClock.now()
        guard (try? await channel.send("ping \(number)")) != nil else { break }
        while let message = await messages.next(), message != .text("ping \(number)") {}
        best = min(best ?? .max, max(1, (MonotonicClock.now() - begun).milliseconds))
      }
      return channel.state == .open ? best.map { Int(clamping: $0) } : nil
    } ?? nil
  }

  /// Opens a channel for as long as `body` runs, and closes it under a body that runs too long.
  private func withChannel<R>(
    _ connection: PeerConnection, _ protocolName: String, patience: Duration,
    _ body: (DataChannel) async -> R
  ) async -> R? {
    let options = DataChannelOptions(protocolName: protocolName)
    guard let channel = try? await connection.createDataChannel("measure", options: options)
    else { return nil }
    let timer = Task {
      try await Task.sleep(nanoseconds: UInt64(clamping: patience.nanoseconds))
      await channel.close()
    }
    defer { timer.cancel() }
    // A channel that was closed at once may have said why.
    _ = try? await channel.opened()
    let result = await body(channel)
    await channel.close()
    return result
  }
}

/// How many bytes came through by when.
struct Tally {
  private let begun: Instant
  private let warmUp: Duration
  /// When counting begins, and what had come by then.
  private var mark: (at: Instant, byteCount: Int)?
  private var last: Instant
  private(set) var byteCount = 0

  init(at now: Instant, warmUp: Duration) {
    begun = now
    last = now
    self.warmUp = warmUp
  }

  var elapsed: Duration { last - begun }

  /// So many have come in all.
  mutating func note(_ total: Int, at now: Instant) {
    byteCount = max(byteCount, total)
    last = max(last, now)
    if mark == nil, elapsed >= warmUp { mark = (last, byteCount) }
  }

  /// In bit/s, since the beginning was over; over all of it where it never was. Nil where nothing came.
  var rate: Int? {
    guard byteCount > 0 else { return nil }
    var (since, before) = (begun, 0)
    if let mark, mark.at < last, mark.byteCount < byteCount { (since, before) = mark }
    let microseconds = (last - since).microseconds
    guard microseconds > 0 else { return nil }
    let (bits, overflow) = (byteCount - before).multipliedReportingOverflow(by: 8_000_000)
    return overflow ? nil : bits / Int(clamping: microseconds)
  }
}
