import RTP
import Wire

/// The last frames of a voice, and how they go out with earlier ones in front of them (RFC 2198).
///
/// What goes out is made once for all viewers that get the same number of earlier frames. Memory is used again.
struct SoundHistory {
  /// Frames that are remembered: those that may still come late or twice.
  static let capacity = 32
  /// Earlier frames a packet carries at most.
  static let deepest = 3
  /// No payload grows longer than this by earlier frames: with headers it fits any path.
  static let longestPayload = 1100
  /// Ten bits tell of an earlier frame's length.
  private static let longestEarlier = 0x3ff
  /// Fourteen bits tell of its age, in ticks.
  private static let oldestEarlier: UInt32 = 0x3fff

  private struct Frame {
    var index = Int64.min
    var timestamp: UInt32 = 0
    var bytes: [UInt8] = []
    /// Payloads with one, two and more earlier frames; empty where not made yet.
    var payloads = [[UInt8]](repeating: [], count: SoundHistory.deepest)
  }

  private var frames: [Frame] = []
  /// The newest frame.
  private(set) var newest = Int64.min
  /// Nothing up to this one is taken or given out any longer.
  private var forgotten = Int64.min

  /// Takes a frame. False where it was there before or comes too late for anything.
  mutating func remember(_ index: Int64, timestamp: UInt32, _ bytes: Span<UInt8>) -> Bool {
    if frames.isEmpty { frames = Array(repeating: Frame(), count: Self.capacity) }
    let place = place(of: index)
    guard frames[place].index < index, index > forgotten else { return false }
    newest = max(newest, index)
    frames[place].index = index
    frames[place].timestamp = timestamp
    frames[place].bytes.removeAll(keepingCapacity: true)
    // Longer ones never go out with others.
    if bytes.count < Self.longestPayload {
      for position in bytes.indices { frames[place].bytes.append(bytes[position]) }
    }
    for depth in 0..<Self.deepest { frames[place].payloads[depth].removeAll(keepingCapacity: true) }
    return true
  }

  /// Forgets what was said up to `index`: a microphone was switched off or on.
  mutating func forget(upTo index: Int64) { forgotten = max(forgotten, index) }

  /// The timestamp of a frame, of which the bytes are put at the end of `bytes`. Nil where it is not remembered.
  func copy(_ index: Int64, into bytes: inout [UInt8]) -> UInt32? {
    guard !frames.isEmpty, index > forgotten else { return nil }
    let frame = frames[place(of: index)]
    guard frame.index == index, !frame.bytes.isEmpty else { return nil }
    bytes += frame.bytes
    return frame.timestamp
  }

  /// The payload of frame `index` with up to `depth` earlier frames in front, none of them before `first`. Nil where it
  /// is not remembered, or no earlier one can go with it: then it goes as it is.
  mutating func payload(
    _ index: Int64, depth: Int, since first: Int64, payloadType: UInt8
  ) -> [UInt8]? {
    guard !frames.isEmpty, frames[place(of: index)].index == index else { return nil }
    let place = place(of: index)
    guard !frames[place].bytes.isEmpty else { return nil }
    let count = earlierCount(index, upTo: min(depth, Self.deepest), since: first)
    guard count > 0 else { return nil }
    if frames[place].payloads[count - 1].isEmpty {
      write(index, earlier: count, payloadType)
    } else if frames[place].payloads[count - 1][count * 4] != payloadType {
      for block in 0..<count {
        frames[place].payloads[count - 1][block * 4] = 0x80 | payloadType
      }
      frames[place].payloads[count - 1][count * 4] = payloadType
    }
    return frames[place].payloads[count - 1]
  }

  private func place(of index: Int64) -> Int {
    Int(truncatingIfNeeded: index) & (Self.capacity - 1)
  }

  /// How many frames right before `index` are known, and fit in front of it. A receiver counts numbers backwards, so
  /// that none may be left out between others.
  private func earlierCount(_ index: Int64, upTo depth: Int, since first: Int64) -> Int {
    let frame = frames[place(of: index)]
    var total = 1 + frame.bytes.count
    var count = 0
    while count < depth {
      let wanted = index &- Int64(count + 1)
      let earlier = frames[place(of: wanted)]
      let age = frame.timestamp &- earlier.timestamp
      total += 4 + earlier.bytes.count
      guard wanted >= first, wanted > forgotten, earlier.index == wanted, !earlier.bytes.isEmpty,
        earlier.bytes.count <= Self.longestEarlier, age > 0, age <= Self.oldestEarlier,
        total <= Self.longestPayload
      else { break }
      count += 1
    }
    return count
  }

  private mutating func write(_ index: Int64, earlier count: Int, _ payloadType: UInt8) {
    let place = place(of: index)
    let timestamp = frames[place].timestamp
    var payload = frames[place].payloads[count - 1]
    frames[place].payloads[count - 1] = []
    for distance in stride(from: count, to: 0, by: -1) {
      let earlier = self.place(of: index &- Int64(distance))
      let word =
        (timestamp &- frames[earlier].timestamp) << 10 | UInt32(frames[earlier].bytes.count)
      payload.append(0x80 | payloadType)
      for shift in [16, 8, 0] as [UInt32] {
        payload.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    payload.append(payloadType)
    for distance in stride(from: count, through: 0, by: -1) {
      payload.append(contentsOf: frames[self.place(of: index &- Int64(distance))].bytes)
    }
    frames[place].payloads[count - 1] = payload
  }
}
