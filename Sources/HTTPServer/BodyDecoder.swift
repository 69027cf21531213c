/// Gathers a request body of known length or in chunks (RFC 9112 §6, §7.1), never more than the limit.
struct BodyDecoder {
  private enum State {
    case plain(remaining: Int)
    case chunkSize(line: [UInt8])
    case chunk(remaining: Int)
    case chunkEnd(sawCarriageReturn: Bool)
    case trailer(line: [UInt8], total: Int)
  }

  private(set) var body: [UInt8] = []
  private var state: State
  private let limit: Int

  /// Nil where there is no body.
  init?(_ framing: RequestHead.Framing, limit: Int) throws(HTTPFault) {
    self.limit = limit
    switch framing {
    case .none: return nil
    case .length(let length):
      guard length <= limit else { throw Self.tooLarge }
      state = .plain(remaining: length)
    case .chunked: state = .chunkSize(line: [])
    }
  }

  /// Takes bytes off `input`; true once the body is complete.
  mutating func take(_ input: inout ArraySlice<UInt8>) throws(HTTPFault) -> Bool {
    while !input.isEmpty {
      switch state {
      case .plain(let remaining):
        let left = take(remaining, from: &input)
        state = .plain(remaining: left)
        if left == 0 { return true }
      case .chunk(let remaining):
        let left = take(remaining, from: &input)
        state = left == 0 ? .chunkEnd(sawCarriageReturn: false) : .chunk(remaining: left)
      case .chunkEnd(let sawCarriageReturn):
        let expected = sawCarriageReturn ? UInt8(ascii: "\n") : UInt8(ascii: "\r")
        guard input.popFirst() == expected else { throw .bad("a chunk without end") }
        state = sawCarriageReturn ? .chunkSize(line: []) : .chunkEnd(sawCarriageReturn: true)
      case .chunkSize(var line):
        if try takeLine(&line, from: &input) {
          let size = try chunkSize(line)
          state = size == 0 ? .trailer(line: [], total: 0) : .chunk(remaining: size)
        } else {
          state = .chunkSize(line: line)
        }
      case .trailer(var line, let total):
        guard try takeLine(&line, from: &input) else {
          state = .trailer(line: line, total: total)
          break
        }
        if line.isEmpty { return true }
        guard total &+ line.count <= 1024 else { throw .bad("trailers too long") }
        state = .trailer(line: [], total: total &+ line.count)
      }
    }
    return false
  }

  private mutating func take(_ count: Int, from input: inout ArraySlice<UInt8>) -> Int {
    let part = input.prefix(count)
    body.append(contentsOf: part)
    input = input.dropFirst(part.count)
    return count &- part.count
  }

  /// True at the end of a line, which is then `line` without its CRLF.
  private func takeLine(
    _ line: inout [UInt8], from input: inout ArraySlice<UInt8>
  ) throws(HTTPFault) -> Bool {
    while let byte = input.popFirst() {
      if byte == UInt8(ascii: "\n") {
        guard line.popLast() == UInt8(ascii: "\r") else { throw .bad("a bare line feed") }
        return true
      }
      guard line.last != UInt8(ascii: "\r"), byte == UInt8(ascii: "\r") || isFieldValueByte(byte)
      else { throw .bad("a control character between chunks") }
      line.append(byte)
      guard line.count <= 256 else { throw .bad("a line between chunks is too long") }
    }
    return false
  }

  private func chunkSize(_ line: [UInt8]) throws(HTTPFault) -> Int {
    let digits = line.prefix { $0 != UInt8(ascii: ";") }
    guard (1...8).contains(digits.count) else { throw .bad("not a chunk size") }
    var size = 0
    for digit in digits {
      guard let value = hexDigit(digit) else { throw .bad("not a chunk size") }
      size = size << 4 | Int(value)
    }
    guard size <= limit &- body.count else { throw Self.tooLarge }
    return size
  }

  private static let tooLarge = HTTPFault(.contentTooLarge, "the body is too large")
}
