import RTP
import Wire

/// Any bytes as an RTCP datagram. What is read and written again must read the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRTCP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let datagram = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var statistics = ReceptionStatistics(clockRate: 90_000)
  var reader = RTCPReader(datagram.span)
  while let packet = reader.next() {
    if case .senderReport(let report) = packet {
      statistics.receive(report, at: .zero)
      for block in report.blocks { _ = NTP.roundTrip(block, at: report.ntpTimestamp) }
    }
    if case .genericNACK(let request) = packet {
      precondition(request.sequenceNumbers.count <= request.items.count * 17)
    }
    check(packet)
  }
  return 0
}

private func check(_ packet: RTCPPacket) {
  var isWritten = false
  let data = [UInt8](capacity: 1 << 18) { output in
    switch packet {
    case .senderReport(let report): isWritten = report.write(into: &output)
    case .receiverReport(let report): isWritten = report.write(into: &output)
    case .sourceDescription(let description):
      // Names that are not UTF-8 are repaired when read, and may grow.
      _ = description.write(into: &output)
    case .goodbye(let goodbye): isWritten = goodbye.write(into: &output)
    case .genericNACK(let request): isWritten = request.write(into: &output)
    case .pictureLossIndication(let request): isWritten = request.write(into: &output)
    case .fullIntraRequest(let request): isWritten = request.write(into: &output)
    case .receiverEstimatedMaximumBitrate(let message):
      // Another exponent may tell the same; what cannot be told saturates.
      _ = message.write(into: &output)
    case .transportFeedback(let feedback): isWritten = feedback.write(into: &output)
    case .other, .malformed: break
    }
  }
  guard isWritten else { return }
  var reader = RTCPReader(data.span)
  precondition(reader.next() == packet)
}
