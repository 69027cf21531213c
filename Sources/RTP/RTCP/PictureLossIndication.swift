import Wire

/// A receiver cannot decode any longer and needs a key frame (RFC 4585 §6.3.1).
public struct PictureLossIndication: Equatable, Sendable {
  /// Length in bytes.
  public static let byteCount = 12

  /// Who asks.
  public var senderSSRC: UInt32
  /// Whose picture is lost.
  public var mediaSSRC: UInt32

  /// `senderSSRC` lost the picture of `mediaSSRC`.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
  }

  init(parsing body: Span<UInt8>) throws(RTPError) {
    do throws(Truncated) {
      var reader = ByteReader(body)
      senderSSRC = try reader.readUInt32()
      mediaSSRC = try reader.readUInt32()
    } catch {
      throw .truncated
    }
  }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    guard
      output.startRTCP(
        RTCPType.payloadFeedback, count: Int(FeedbackFormat.pictureLoss),
        byteCount: Self.byteCount)
    else { return false }
    output.append(bigEndian: senderSSRC)
    output.append(bigEndian: mediaSSRC)
    return true
  }
}
