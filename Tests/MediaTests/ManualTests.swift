import Media
import RTP
import Testing
import Wire

/// The code in the manual of the room.
struct ManualTests {
  @Test func `frames of a file are cut into packets and put together again`() throws {
    let file = try sample("vp8.ivf")
    var shown: [EncodedFrame] = []

    var reader = IVFReader(parsing: file.span)
    var packetizer = Packetizer(codec: .vp8)
    var assembler = FrameAssembler(codec: .vp8)
    var number: UInt16 = 0
    while let frame = try reader.next() {
      for payload in packetizer.packetize(frame) {
        let header = RTPHeader(
          payloadType: 96, sequenceNumber: number, timestamp: frame.timestamp, ssrc: 1,
          marker: payload.marker)
        number &+= 1
        assembler.insert(header, payload: payload.bytes.span, at: .zero)
      }
      while let received = assembler.next() { shown.append(received.frame) }
    }

    var again = IVFReader(parsing: file.span)
    for frame in shown { #expect(try again.next()?.bytes == frame.bytes) }
    #expect(try shown.count > 1 && again.next() == nil)
  }
}
