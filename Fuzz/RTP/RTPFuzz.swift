import RTP
import Wire

/// Any bytes as an RTP packet: header, padding, both forms of header extensions, every payload format, and
/// the header written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  var packet = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  for format in VideoPayloadFormat.allCases { _ = format.keyFrameStart(in: packet.span) }
  rewritePictureNumbers(&packet)
  guard let parsed = try? RTPPacket(parsing: packet.span) else { return 0 }
  precondition(parsed.payloadRange.upperBound + parsed.paddingCount == packet.count)
  precondition(parsed.payloadRange.lowerBound == parsed.header.byteCount)
  var list = RTPHeaderExtensionList()
  var reader = parsed.header.extensions(in: packet.span)
  while let element = reader.next() {
    precondition(element.id != 0)
    precondition(element.range.upperBound <= parsed.header.byteCount)
    let value = packet.span.extracting(element.range)
    list.append(id: element.id, value)
    _ = parsed.header.extensionText(id: element.id, in: packet.span)
    _ = parsed.header.extensionByte(id: element.id, in: packet.span)
    _ = AbsoluteSendTime(parsing: value)
    _ = AbsoluteCaptureTime(parsing: value)
    _ = PlayoutDelay(parsing: value)
    _ = TransportSequenceNumber(parsing: value)
  }
  checkRoundTrip(parsed.header, list)
  for format in VideoPayloadFormat.allCases {
    _ = format.keyFrameStart(in: packet.span.extracting(parsed.payloadRange))
  }
  return 0
}

private func checkRoundTrip(_ header: RTPHeader, _ list: RTPHeaderExtensionList) {
  let written = [UInt8](capacity: RTPHeader.fixedByteCount + list.byteCount) {
    header.write(extensions: list, into: &$0)
  }
  guard let again = try? RTPHeader(parsing: written.span) else {
    preconditionFailure("a written header is not read")
  }
  precondition(again.byteCount == written.count)
  precondition(again.sequenceNumber == header.sequenceNumber && again.ssrc == header.ssrc)
  precondition(again.timestamp == header.timestamp && again.marker == header.marker)
}

private func rewritePictureNumbers(_ packet: inout [UInt8]) {
  let vp8 = VP8PayloadDescriptor(parsing: packet.span)
  let vp9 = VP9PayloadDescriptor(parsing: packet.span)
  var bytes = packet.mutableSpan
  let number = bytes.isEmpty ? 0 : UInt16(bytes[0]) << 7
  vp8?.pictureID?.write(number, in: &bytes)
  vp8?.baseLayerIndex?.write(1, in: &bytes)
  let rewritten = VP8PayloadDescriptor(parsing: bytes.span)
  precondition(rewritten?.byteCount == vp8?.byteCount)
  vp9?.pictureID?.write(number, in: &bytes, payloadStart: Int(number))
  vp9?.baseLayerIndex?.write(1, in: &bytes, payloadStart: -Int(number))
}
