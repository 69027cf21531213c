import RTP
import Testing
import Wire

/// The code in the manual of the room.
struct ManualTests {
  @Test func `a packet is written and read`() throws {
    let header = RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 3000, ssrc: 0x1234)
    let datagram = [UInt8](capacity: 1200) { output in
      header.write(into: &output)
      output.append(copying: ([1, 2, 3] as [UInt8]).span)
    }

    let packet = try RTPPacket(parsing: datagram.span)
    let payload = datagram[packet.payloadRange]

    #expect(packet.header.sequenceNumber == 1 && Array(payload) == [1, 2, 3])
  }

  @Test func `what a datagram of RTCP asks for`() {
    let request = GenericNACK(senderSSRC: 1, mediaSSRC: 0x1234, sequenceNumbers: [5, 7])
    let datagram = [UInt8](capacity: 1200) { request.write(into: &$0) }
    var missing: [UInt16] = []
    var wantsKeyFrame = false

    var reader = RTCPReader(datagram.span)
    while let packet = reader.next() {
      switch packet {
      case .genericNACK(let request): missing += request.sequenceNumbers
      case .pictureLossIndication, .fullIntraRequest: wantsKeyFrame = true
      default: break
      }
    }

    #expect(missing == [5, 7] && !wantsKeyFrame)
  }
}
