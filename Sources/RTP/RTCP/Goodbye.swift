import Wire

/// Sources that stop sending (RFC 3550 §6.6). A reason is passed over.
public struct Goodbye: Equatable, Sendable {
  /// The sources; the first 31 are written.
  public var ssrcs: [UInt32]

  /// `ssrcs` leave.
  public init(ssrcs: [UInt32]) { self.ssrcs = ssrcs }

  init(parsing body: Span<UInt8>, count: UInt8) throws(RTPError) {
    guard body.count >= Int(count) * 4 else { throw .truncated }
    ssrcs = []
    do throws(Truncated) {
      var reader = ByteReader(body)
      for _ in 0..<count { ssrcs.append(try reader.readUInt32()) }
    } catch {
      throw .truncated
    }
  }

  /// Length in bytes.
  public var byteCount: Int { 4 + min(ssrcs.count, 31) * 4 }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    let written = ssrcs.prefix(31)
    guard output.startRTCP(RTCPType.goodbye, count: written.count, byteCount: byteCount)
    else { return false }
    for ssrc in written { output.append(bigEndian: ssrc) }
    return true
  }
}
