import ICE
import Testing
import Wire

private func framed(_ packets: [[UInt8]]) -> [UInt8] {
  packets.flatMap { packet in
    [UInt8](capacity: packet.count + 2) { $0.append(framed: packet.span) }
  }
}

@Test func `packets come out of a stream as they went in, however it is cut`() {
  let packets: [[UInt8]] = [[1], [2, 3], [UInt8](repeating: 4, count: 0xffff), [5, 6, 7]]
  let stream = framed(packets)
  for piece in [1, 2, 3, 7, 1000, stream.count] {
    var framing = StreamFraming()
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: stream.count, by: piece) {
      framing.append(stream.span.extracting(start..<min(start + piece, stream.count)))
      while let packet = framing.next() { found.append(packet) }
    }
    #expect(found == packets, "pieces of \(piece)")
    #expect(framing.pendingByteCount == 0)
  }
}

@Test func `an unfinished packet waits and an empty one is left out`() {
  var framing = StreamFraming()
  framing.append([0, 0, 0, 0, 0, 3, 1, 2].span)
  #expect(framing.next() == nil)
  #expect(framing.pendingByteCount == 4)
  framing.append([9].span)
  #expect(framing.next() == [1, 2, 9])
  #expect(framing.next() == nil)
}

@Test func `what is too long for a length is not framed`() {
  let long = [UInt8](repeating: 1, count: 0x10000)
  let written = [UInt8](capacity: long.count + 2) { $0.append(framed: long.span) }
  #expect(written.isEmpty)
}
