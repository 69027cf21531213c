import Testing

@testable import HTTPServer

@Suite struct WebSocketDecoderTests {
  typealias Event = WebSocketDecoder.Event

  /// What a decoder makes of bytes given in pieces, and what ended it.
  static func decode(
    _ pieces: [[UInt8]], limit: Int = 262_144
  ) -> (events: [Event], violation: WebSocketDecoder.Violation?) {
    var decoder = WebSocketDecoder(limit: limit)
    var events: [Event] = []
    for piece in pieces {
      var input = piece[...]
      do throws(WebSocketDecoder.Violation) {
        try decoder.receive(&input, into: &events)
      } catch {
        return (events, error)
      }
    }
    return (events, nil)
  }

  /// RFC 6455 §5.7.
  @Test func `the examples of the RFC are read`() {
    let masked: [UInt8] = [
      0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
    ]
    #expect(Self.decode([masked]).events == [.message(.text("Hello"))])
    let unmasked: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
    #expect(Self.decode([unmasked]).violation?.code == .protocolError)
  }

  @Test func `messages come out the same however they are cut`() {
    let frames: [[UInt8]] = [
      RawClient.frame(1, Array("héllo ".utf8), isFinal: false),
      RawClient.frame(9, Array("ping".utf8)),
      RawClient.frame(0, Array("wörld €😀".utf8)),
      RawClient.frame(2, [UInt8](repeating: 7, count: 200)),
      RawClient.frame(2, [UInt8](repeating: 8, count: 70_000)),
      RawClient.frame(10, []),
      RawClient.frame(8, [0x03, 0xE8] + Array("bye".utf8)),
    ]
    let bytes = frames.flatMap { $0 }
    let expected: [Event] = [
      .ping(Array("ping".utf8)), .message(.text("héllo wörld €😀")),
      .message(.binary([UInt8](repeating: 7, count: 200))),
      .message(.binary([UInt8](repeating: 8, count: 70_000))), .pong,
      .close(.normal, "bye"),
    ]
    #expect(Self.decode(bytes.map { [$0] }).events == expected)
    for cut in [0, 1, 2, 5, 6, 7, 9, 13, 14, 15, 21, 30, 40, 300, 70_000] {
      let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
      #expect(Self.decode(pieces).events == expected, "cut at \(cut)")
    }
  }

  @Test func `every truncation gives a prefix of the events and no violation`() {
    let bytes = RawClient.text("€uro") + RawClient.frame(9, [1, 2]) + RawClient.frame(2, [3])
    for count in 0...bytes.count {
      let (events, violation) = Self.decode([Array(bytes.prefix(count))])
      #expect(violation == nil)
      #expect(events.count <= 3)
    }
  }

  @Test(arguments: [
    ("reserved bit 1", RawClient.frame(1, [65], reserved: 0x40), 1002),
    ("reserved bit 2", RawClient.frame(1, [65], reserved: 0x20), 1002),
    ("reserved bit 3", RawClient.frame(2, [65], reserved: 0x10), 1002),
    ("reserved bit on a ping", RawClient.frame(9, [], reserved: 0x40), 1002),
    ("opcode 3", RawClient.frame(3), 1002), ("opcode 7", RawClient.frame(7), 1002),
    ("opcode 11", RawClient.frame(11), 1002), ("opcode 15", RawClient.frame(15), 1002),
    ("continuation of nothing", RawClient.frame(0, [65]), 1002),
    (
      "text within text",
      RawClient.frame(1, [65], isFinal: false) + RawClient.frame(1, [66]), 1002
    ),
    (
      "continuation after the end", RawClient.frame(1, [65]) + RawClient.frame(0, [66]), 1002
    ),
    ("fragmented ping", RawClient.frame(9, [], isFinal: false), 1002),
    ("fragmented close", RawClient.frame(8, [], isFinal: false), 1002),
    ("ping of 126", RawClient.frame(9, [UInt8](repeating: 0, count: 126)), 1002),
    ("close of 126", RawClient.frame(8, [UInt8](repeating: 0x41, count: 126)), 1002),
    ("length 2^63", [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
    ("length 2^64-1", [0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 8), 1002),
    ("length 2^63-1", [0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7), 1009),
    ("half a close code", RawClient.frame(8, [3]), 1002),
    ("bad UTF-8 in a reason", RawClient.frame(8, [0x03, 0xE8, 0xCE]), 1007),
    ("bad UTF-8", RawClient.frame(1, [0xFF]), 1007),
    ("overlong slash", RawClient.frame(1, [0xC0, 0xAF]), 1007),
    ("a surrogate", RawClient.frame(1, [0xED, 0xA0, 0x80]), 1007),
    ("beyond Unicode", RawClient.frame(1, [0xF4, 0x90, 0x80, 0x80]), 1007),
    ("text cut within a character", RawClient.frame(1, [0xE2, 0x82]), 1007),
    (
      "bad UTF-8 over two fragments",
      RawClient.frame(1, [0xCE], isFinal: false) + RawClient.frame(0, [0x41]), 1007
    ),
  ])
  func `what the RFC forbids ends the connection`(name: String, bytes: [UInt8], code: UInt16) {
    #expect(Self.decode([bytes]).violation?.code.rawValue == code)
    #expect(Self.decode(bytes.map { [$0] }).violation?.code.rawValue == code)
  }

  @Test func `bad UTF-8 is refused before its message ends`() {
    let begun = RawClient.frame(1, [0x41, 0xFF], length: 1000)
    #expect(Self.decode([begun]).violation?.code == .invalidData)
  }

  @Test func `only codes that may be sent are taken`() {
    for code in UInt16.min...UInt16.max {
      let frame = RawClient.frame(8, [UInt8(code >> 8), UInt8(code & 255)])
      let mayBeSent =
        (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code)
      #expect((Self.decode([frame]).violation == nil) == mayBeSent, "\(code)")
    }
  }

  @Test func `a message over the limit is refused at its header`() {
    let header = Array(RawClient.frame(2, [], length: 101).prefix(4))
    #expect(Self.decode([Array(header.prefix(2))], limit: 100).violation?.code == .messageTooBig)
    #expect(Self.decode([RawClient.frame(2, [], length: 100)], limit: 100).violation == nil)
  }

  @Test func `fragments are added up`() {
    let part = RawClient.frame(0, [UInt8](repeating: 1, count: 40), isFinal: false)
    let first = RawClient.frame(2, [UInt8](repeating: 1, count: 40), isFinal: false)
    #expect(Self.decode([first, part], limit: 100).violation == nil)
    #expect(Self.decode([first, part, part], limit: 100).violation?.code == .messageTooBig)
    let endless = [first] + [[UInt8]](repeating: RawClient.frame(0, [], isFinal: false), count: 999)
    #expect(Self.decode(endless, limit: 100).violation == nil)
  }

  @Test func `random bytes never trap`() {
    var generator = Xorshift(state: 42)
    for _ in 0..<5_000 {
      var bytes = RawClient.text("some text €") + RawClient.frame(9, [1]) + RawClient.frame(8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
          in: .min ... .max, using: &generator)
      }
      _ = Self.decode([bytes])
    }
  }

  @Test func `UTF-8 is judged as the standard library judges it`() {
    var generator = Xorshift(state: 7)
    let shapes: [UInt8] = [
      0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
    ]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        shapes.randomElement(using: &generator) ?? 0
      }
      var validator = UTF8Validator()
      let isValid = bytes.allSatisfy { validator.accept($0) } && validator.isComplete
      #expect(isValid == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
    }
  }
}

/// A small generator that gives the same numbers for the same seed.
struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
