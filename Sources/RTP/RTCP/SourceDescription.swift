import Wire

/// The canonical names of sources (RFC 3550 §6.5). Other items are passed over.
public struct SourceDescription: Equatable, Sendable {
  /// One source and its name.
  public struct Chunk: Equatable, Sendable {
    /// The source.
    public var ssrc: UInt32
    /// The name that all sources of one participant share (RFC 7022), or nil without one. At most
    /// 255 bytes are written.
    public var cname: String?

    /// `ssrc` is called `cname`.
    public init(ssrc: UInt32, cname: String?) {
      self.ssrc = ssrc
      self.cname = cname
    }

    fileprivate init(from reader: inout ByteReader) throws(Truncated) {
      ssrc = try reader.readUInt32()
      var length = 0
      while true {
        let type = try reader.readUInt8()
        length += 1
        guard type != 0 else { break }
        let value = try reader.take(Int(try reader.readUInt8()))
        length += 1 + value.count
        if type == 1 { cname = String(decoding: value.indices.map { value[$0] }, as: UTF8.self) }
      }
      // The list ends with a zero and is filled up to a word with more of them.
      try reader.skip((4 - length % 4) % 4)
    }

    /// SSRC, CNAME with its type and length, and one to four zeros.
    fileprivate var byteCount: Int { 4 + (name.isEmpty ? 4 : (2 + name.count) / 4 * 4 + 4) }

    fileprivate var name: ArraySlice<UInt8> { Array((cname ?? "").utf8).prefix(255) }
  }

  /// The sources; the first 31 are written.
  public var chunks: [Chunk]

  /// Describes several sources.
  public init(chunks: [Chunk]) { self.chunks = chunks }

  /// Describes one source.
  public init(ssrc: UInt32, cname: String) { chunks = [Chunk(ssrc: ssrc, cname: cname)] }

  init(parsing body: Span<UInt8>, count: UInt8) throws(RTPError) {
    chunks = []
    do throws(Truncated) {
      var reader = ByteReader(body)
      for _ in 0..<count { chunks.append(try Chunk(from: &reader)) }
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int { chunks.prefix(31).reduce(4) { $0 + $1.byteCount } }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    let written = chunks.prefix(31)
    guard output.startRTCP(RTCPType.sourceDescription, count: written.count, byteCount: byteCount)
    else { return false }
    for chunk in written {
      let end = output.count + chunk.byteCount
      output.append(bigEndian: chunk.ssrc)
      let name = chunk.name
      if !name.isEmpty {
        output.append(1)
        output.append(UInt8(truncatingIfNeeded: name.count))
        for byte in name { output.append(byte) }
      }
      while output.count < end { output.append(0) }
    }
    return true
  }
}
