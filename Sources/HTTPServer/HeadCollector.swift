/// Gathers bytes until a request's header is complete (RFC 9112 §2.1), refusing at once what can
/// never become one, so that nonsense does not wait for a deadline.
struct HeadCollector {
  private(set) var bytes: [UInt8] = []
  private var lineLength = 0
  private var emptyLines = 0
  private var sawCarriageReturn = false

  /// Whether the first byte of a request has come.
  var hasBegun: Bool { !bytes.isEmpty }

  /// Takes bytes off `input` up to the end of a header; returns it without the final empty line.
  mutating func take(
    _ input: inout ArraySlice<UInt8>, limits: Limits
  ) throws(HTTPFault) -> [UInt8]? {
    while let byte = input.popFirst() {
      if byte == UInt8(ascii: "\n") {
        guard sawCarriageReturn else { throw .bad("a line feed without carriage return") }
        sawCarriageReturn = false
        if try endLine(byte) { return bytes }
        continue
      }
      guard !sawCarriageReturn else { throw .bad("a carriage return without line feed") }
      if byte == UInt8(ascii: "\r") {
        sawCarriageReturn = true
        continue
      }
      guard isFieldValueByte(byte) else { throw .bad("a control character in the header") }
      bytes.append(byte)
      lineLength += 1
      guard bytes.count <= limits.headBytes else {
        throw HTTPFault(.fieldsTooLarge, "the header is too long")
      }
    }
    return nil
  }

  /// Ends a line; true at the empty line that ends the header. One empty line before the request is
  /// forgiven (RFC 9112 §2.2).
  private mutating func endLine(_ byte: UInt8) throws(HTTPFault) -> Bool {
    if lineLength > 0 {
      bytes.append(byte)
      lineLength = 0
      return false
    }
    if !bytes.isEmpty { return true }
    emptyLines += 1
    guard emptyLines <= 2 else { throw .bad("empty lines before the request") }
    return false
  }
}
