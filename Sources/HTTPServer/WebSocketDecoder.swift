/// Frames as a client sends them, made into messages (RFC 6455 §5, §6, §8).
///
/// A length is believed only as far as the limit: a frame that says it is longer ends the connection
/// before a byte of it is kept.
struct WebSocketDecoder {
  /// What a client sent.
  enum Event: Equatable {
    case message(WebSocketMessage)
    case ping([UInt8])
    case pong
    case close(WebSocketCloseCode, String)
  }

  /// What ends a connection, and with which code.
  struct Violation: Error, Equatable {
    var code: WebSocketCloseCode
    var reason: String

    static func protocolError(_ reason: String) -> Violation {
      Violation(code: .protocolError, reason: reason)
    }
  }

  private enum Stage {
    case first
    case second
    case length(remaining: Int)
    case mask(remaining: Int)
    case payload(offset: Int)
  }

  private let limit: Int
  private var stage = Stage.first
  private var isFinal = false
  private var opcode = WebSocketFrame.Opcode.continuation
  private var length: UInt64 = 0
  private var mask: UInt32 = 0
  private var control: [UInt8] = []
  private var message: [UInt8] = []
  private var messageKind: WebSocketFrame.Opcode?
  private var text = UTF8Validator()

  init(limit: Int) { self.limit = limit }

  /// Takes everything off `input` up to a close frame.
  mutating func receive(
    _ input: inout ArraySlice<UInt8>, into events: inout [Event]
  ) throws(Violation) {
    while !input.isEmpty {
      if case .payload(let offset) = stage {
        try takePayload(&input, offset: offset)
      } else if let byte = input.popFirst() {
        try takeHeader(byte)
      }
      guard case .payload(let offset) = stage, UInt64(offset) == length else { continue }
      stage = .first
      if try finishFrame(into: &events) { return }
    }
  }

  private mutating func takeHeader(_ byte: UInt8) throws(Violation) {
    switch stage {
    case .first:
      try begin(byte)
      stage = .second
    case .second:
      guard byte & 0x80 != 0 else { throw .protocolError("an unmasked frame") }
      try takeShortLength(byte & 0x7F)
    case .length(let remaining):
      length = length << 8 | UInt64(byte)
      stage = .length(remaining: remaining &- 1)
      if remaining == 1 {
        try checkLength()
        stage = .mask(remaining: 4)
      }
    case .mask(let remaining):
      mask = mask << 8 | UInt32(byte)
      stage = remaining == 1 ? .payload(offset: 0) : .mask(remaining: remaining &- 1)
    case .payload: break
    }
  }

  private mutating func begin(_ byte: UInt8) throws(Violation) {
    guard byte & 0x70 == 0 else { throw .protocolError("a reserved bit") }
    guard let opcode = WebSocketFrame.Opcode(rawValue: byte & 0x0F) else {
      throw .protocolError("an unknown opcode")
    }
    self.opcode = opcode
    isFinal = byte & 0x80 != 0
    length = 0
    switch opcode {
    case .text, .binary:
      guard messageKind == nil else { throw .protocolError("a message within a message") }
      messageKind = opcode
      text = UTF8Validator()
    case .continuation:
      guard messageKind != nil else { throw .protocolError("a continuation of nothing") }
    case .close, .ping, .pong:
      guard isFinal else { throw .protocolError("a fragmented control frame") }
      control = []
    }
  }

  private mutating func takeShortLength(_ value: UInt8) throws(Violation) {
    guard !opcode.isControl || value <= 125 else {
      throw .protocolError("a control frame over 125 bytes")
    }
    switch value {
    case 126: stage = .length(remaining: 2)
    case 127: stage = .length(remaining: 8)
    default:
      length = UInt64(value)
      try checkLength()
      stage = .mask(remaining: 4)
    }
  }

  private func checkLength() throws(Violation) {
    guard !opcode.isControl else { return }
    guard length >> 63 == 0 else { throw .protocolError("a length of 2^63 or more") }
    guard length <= UInt64(max(0, limit &- message.count)) else {
      throw Violation(code: .messageTooBig, reason: "a message over \(limit) bytes")
    }
  }

  private mutating func takePayload(
    _ input: inout ArraySlice<UInt8>, offset: Int
  ) throws(Violation) {
    let count = min(input.count, Int(length) &- offset)
    let isText = messageKind == .text && !opcode.isControl
    var position = offset
    for masked in input.prefix(count) {
      let byte = masked ^ UInt8(truncatingIfNeeded: mask >> UInt32(24 &- 8 &* (position & 3)))
      position &+= 1
      if isText, !text.accept(byte) {
        throw Violation(code: .invalidData, reason: "text that is not UTF-8")
      }
      if opcode.isControl { control.append(byte) } else { message.append(byte) }
    }
    input = input.dropFirst(count)
    stage = .payload(offset: position)
  }

  /// True at a close frame, after which nothing counts.
  private mutating func finishFrame(into events: inout [Event]) throws(Violation) -> Bool {
    switch opcode {
    case .ping: events.append(.ping(control))
    case .pong: events.append(.pong)
    case .close:
      events.append(try closing())
      return true
    case .text, .binary, .continuation:
      guard isFinal else { break }
      if messageKind == .text {
        guard text.isComplete else {
          throw Violation(code: .invalidData, reason: "text that ends within a character")
        }
        events.append(.message(.text(String(decoding: message, as: UTF8.self))))
      } else {
        events.append(.message(.binary(message)))
      }
      message = []
      messageKind = nil
    }
    control = []
    return false
  }

  private func closing() throws(Violation) -> Event {
    guard let high = control.first else { return .close(.noStatus, "") }
    guard control.count >= 2 else { throw .protocolError("half a close code") }
    let code = WebSocketCloseCode(rawValue: UInt16(high) << 8 | UInt16(control[1]))
    guard code.mayBeSent else { throw .protocolError("a close code that may not be sent") }
    guard let reason = String(validating: control.dropFirst(2), as: UTF8.self) else {
      throw Violation(code: .invalidData, reason: "a close reason that is not UTF-8")
    }
    return .close(code, reason)
  }
}
