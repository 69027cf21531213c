/// A message as JSON text without its `seq`, which differs for every receiver.
public struct OutgoingMessage: Sendable, Equatable {
  /// A JSON object with at least one member.
  public let text: String
  /// Whether it is repeated after a resume.
  public let isRepeated: Bool

  /// The JSON object `text`.
  public init(text: String, isRepeated: Bool) {
    self.text = text
    self.isRepeated = isRepeated
  }

  /// The text with `"seq":` at its end.
  func numbered(_ seq: UInt64) -> String {
    guard text.utf8.last == UInt8(ascii: "}") else { return text }
    return "\(text.dropLast()),\"seq\":\(seq)}"
  }
}

/// The last messages to one participant, to be repeated after a lost socket.
struct ResumeBuffer: Sendable {
  private struct Entry {
    let seq: UInt64
    let message: OutgoingMessage
  }

  private let capacity: Int
  private let byteCapacity: Int
  private var entries: [Entry] = []
  private var head = 0
  private var byteCount = 0
  private var lostThrough: UInt64 = 0

  init(capacity: Int, byteCapacity: Int) {
    self.capacity = max(1, capacity)
    self.byteCapacity = byteCapacity
  }

  var count: Int { entries.count - head }

  mutating func append(_ message: OutgoingMessage, seq: UInt64) {
    entries.append(Entry(seq: seq, message: message))
    byteCount += message.text.utf8.count
    while count > 0, count > capacity || byteCount > byteCapacity { dropFirst() }
    if head >= capacity {
      entries.removeFirst(head)
      head = 0
    }
  }

  /// Everything kept after `seq`, and whether something after it is lost.
  func after(_ seq: UInt64) -> (messages: [String], missed: Bool) {
    let messages = entries[head...].filter { $0.seq > seq }.map { $0.message.numbered($0.seq) }
    return (messages, seq < lostThrough)
  }

  private mutating func dropFirst() {
    lostThrough = entries[head].seq
    byteCount -= entries[head].message.text.utf8.count
    entries[head] = Entry(seq: 0, message: OutgoingMessage(text: "", isRepeated: false))
    head += 1
  }
}
