import Media
import RTP
import Wire

/// A script for a jitter buffer: packets of any payload, order and time. What comes out must be whole, in order and
/// within bounds; what a packetizer makes of it must be put together to the same frame.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDepacketizers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let script = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var reader = ByteReader(script.span)
  guard let first = try? reader.readUInt8() else { return 0 }
  let codec = MediaCodec.allCases[Int(first & 7) % MediaCodec.allCases.count]
  var options = JitterBuffer.Options()
  options.assembly.maximumPacketCount = 64
  options.assembly.maximumByteCount = 4096
  options.assembly.reorderingLimit = 16
  options.assembly.recovery = [.keyFrame, .temporalLayers, .none, .none][Int(first >> 3 & 3)]
  options.assembly.expectsParameterSets = first & 0x20 == 0
  var path = Path(codec: codec, buffer: JitterBuffer(codec: codec, options: options))
  // Each step: what to do, how the number and the timestamp go on, the payload's length, the payload.
  while let kind = try? reader.readUInt8(), let length = try? reader.readUInt8() {
    guard let payload = try? reader.take(min(Int(length), reader.remainingCount)) else { return 0 }
    path.step(kind, payload)
  }
  return 0
}

private struct Path {
  let codec: MediaCodec
  var buffer: JitterBuffer
  var header = RTPHeader(payloadType: 96, sequenceNumber: 65_530, timestamp: .max - 9000, ssrc: 1)
  var now = Instant.zero
  var packetizers: [Packetizer]
  var repair = FlexibleFECDecoder(ssrc: 1)

  init(codec: MediaCodec, buffer: JitterBuffer) {
    self.codec = codec
    self.buffer = buffer
    packetizers = [64, 1200].map { Packetizer(codec: codec, maximumPayloadSize: $0) }
  }

  mutating func step(_ kind: UInt8, _ payload: Span<UInt8>) {
    switch kind & 7 {
    case 0: header.sequenceNumber &+= 2
    case 1: header.sequenceNumber &-= 3
    case 2: header.sequenceNumber &+= UInt16(kind >> 3) << 11
    default: header.sequenceNumber &+= 1
    }
    if kind & 0x08 != 0 { header.timestamp &+= 3000 }
    if kind & 0x30 == 0x30 { header.timestamp &+= UInt32(kind) << 24 }
    header.marker = kind & 0x40 != 0
    now = now + .milliseconds(kind & 0x80 != 0 ? 40 : 1)
    protect(payload)
    buffer.insert(header, payload: payload, at: now)
    while let received = buffer.next(at: now) { check(received) }
    if let deadline = buffer.deadline { precondition(deadline > now) }
  }

  /// The payload as redundant audio, as a repair packet, and as a packet that one may protect.
  private mutating func protect(_ payload: Span<UInt8>) {
    if let redundant = RedundantPayload(parsing: payload) {
      precondition(RedundantPayload(parsing: redundant.encoded.span) == redundant)
    }
    _ = RedundancyDecoder().decode(header, payload: payload)
    var recovered = repair.receive(repair: payload)
    let packet = [UInt8](capacity: 12 + payload.count) { output in
      output.append(bigEndian: 0x8060 as UInt16)
      output.append(bigEndian: header.sequenceNumber)
      output.append(bigEndian: header.timestamp)
      output.append(bigEndian: header.ssrc)
      output.append(copying: payload)
    }
    recovered += repair.receive(media: packet.span)
    for bytes in recovered { precondition((try? RTPPacket(parsing: bytes.span))?.header.ssrc == 1) }
  }

  private mutating func check(_ received: ReceivedFrame) {
    precondition(!received.frame.bytes.isEmpty && received.packetCount > 0)
    precondition(received.firstReceivedAt <= received.receivedAt && received.receivedAt <= now)
    _ = FrameSize(of: received.frame, codec: codec)
    for index in packetizers.indices {
      let payloads = packetizers[index].packetize(received.frame).map(\.bytes)
      guard !payloads.isEmpty else { continue }
      let depacketizer = Depacketizer(codec: codec)
      precondition(
        codec.isAudio || payloads.allSatisfy { $0.count <= packetizers[index].maximumPayloadSize })
      precondition(payloads.allSatisfy { depacketizer.describe($0.span) != nil })
      guard let again = depacketizer.join(payloads) else { preconditionFailure("torn apart") }
      checkSame(again, received.frame)
    }
  }

  /// Units may lose zeros at their end, and parameter sets may be added: the second journey changes nothing more.
  private func checkSame(_ again: [UInt8], _ frame: EncodedFrame) {
    guard codec == .h264 || codec == .h265 else {
      precondition(again == frame.bytes)
      return
    }
    var packetizer = Packetizer(codec: codec)
    var copy = frame
    copy.bytes = again
    let payloads = packetizer.packetize(copy).map(\.bytes)
    precondition(Depacketizer(codec: codec).join(payloads) == again)
  }
}
