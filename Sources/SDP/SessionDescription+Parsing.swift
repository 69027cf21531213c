extension SessionDescription {
  /// What a description may hold at most.
  public struct Limits: Hashable, Sendable {
    /// Bytes.
    public var bytes = 256 * 1024
    /// Lines.
    public var lines = 16 * 1024
    /// m-sections.
    public var sections = 256
    /// Candidates of one m-section.
    public var candidates = 64
    /// Formats of one m-section.
    public var formats = 128

    /// The limits of this server.
    public init() {}
  }

  /// Reads a description; lines end with CR LF or LF, empty lines are passed over.
  public init(parsing bytes: Span<UInt8>, limits: Limits = Limits()) throws(SDPError) {
    guard bytes.count <= limits.bytes else { throw SDPError(.tooMany(.bytes)) }
    var parser = DescriptionParser(limits: limits)
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      try parser.read(bytes.extracting(start..<end))
      start = end + 1
    }
    self = try parser.finish()
  }

  /// Reads a description from text.
  public init(parsing text: String, limits: Limits = Limits()) throws(SDPError) {
    guard text.utf8.count <= limits.bytes else { throw SDPError(.tooMany(.bytes)) }
    let bytes = Array(text.utf8)
    try self.init(parsing: bytes.span, limits: limits)
  }
}
