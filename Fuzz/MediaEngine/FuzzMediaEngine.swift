import Media
import RTP
import SDP
import Session
import Wire

/// A script of packets and control packets of a peer that has the keys and bad intentions, times, frames to send and
/// changes of direction, for one media engine.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMediaEngine(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let script = Script(bytes: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  script.run()
  return 0
}

/// Counts what would leave.
private final class CountingTransport: MediaTransport {
  var isConnected = true
  var transportSequenceID: UInt8 = 0
  var roundTripTime: Duration?
  var byteCount = 0
  var ssrcs: Set<UInt32> = []

  func sendRTP(
    _ header: RTPHeader, extensions: borrowing RTPHeaderExtensionList, payload: Span<UInt8>,
    paddingCount: UInt8, into outbox: Outbox
  ) -> Bool {
    guard isConnected else { return false }
    byteCount += RTPHeader.fixedByteCount + extensions.byteCount + payload.count
    ssrcs.insert(header.ssrc)
    return true
  }

  func sendRTCP(
    capacity: Int, into outbox: Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
  ) -> Bool {
    byteCount += [UInt8](capacity: capacity, initializingWith: write).count
    return isConnected
  }
}

private final class Script {
  private let bytes: [UInt8]
  private var position = 0
  private var now = Instant.zero
  private var sentCount: UInt32 = 0
  private let transport = CountingTransport()
  private let outbox = Outbox()
  private let engine: MediaEngine

  init(bytes: [UInt8]) {
    self.bytes = bytes
    engine = MediaEngine(
      transport: transport, defaults: MediaDefaults(), datagramSize: 1200, epoch: .seconds(1),
      random: .seeded(1))
    engine.apply(Agreement.variants[0])
  }

  func run() {
    while let step = next() {
      perform(step)
      check()
    }
    pass(.seconds(60))
    precondition(engine.deadline.map { $0 > now } ?? true)
    engine.close(into: outbox)
    precondition(engine.deadline.map { $0 > now } ?? true && engine.sourceCount == 0)
  }

  private func perform(_ step: UInt8) {
    switch step & 15 {
    case 0: pass(.milliseconds(Int64(next() ?? 0)))
    case 1: pass(.milliseconds(Int64(next() ?? 0) * 40))
    case 2: receive(take())
    case 3, 4, 5: receiveMade(step >> 4)
    case 6: engine.receiveControl(take().span, at: now, into: outbox)
    case 7, 8: receiveControlMade(step >> 4)
    case 9, 10: send(isKeyFrame: step & 16 != 0)
    case 11: engine.apply(Agreement.variants[Int(step >> 4) % Agreement.variants.count])
    case 12: transport.isConnected = step & 16 != 0
    case 13: engine.requestKeyFrame(of: anyID(step >> 4))
    case 14: flood(step >> 4)
    default: receiveRepairs(next() ?? 0)
    }
  }

  private func check() {
    _ = engine.takeEvents()
    precondition(engine.sourceCount <= MediaDefaults().sourceLimit)
  }

  private func pass(_ duration: Duration) {
    let end = now + duration
    var steps = 0
    while let due = engine.deadline, due <= end {
      now = max(now, due)
      engine.advance(to: now, into: outbox)
      _ = engine.takeEvents()
      steps += 1
      precondition(steps < 20_000, "a timer that never ends")
    }
    now = end
  }

  private func anyID(_ number: UInt8) -> TransceiverID {
    let agreed = Agreement.variants[0]
    return agreed[Int(number) % max(agreed.count, 1)].id
  }

  private func receive(_ datagram: [UInt8]) {
    guard let packet = try? RTPPacket(parsing: datagram.span) else { return }
    engine.receive(packet, in: datagram.span, at: now)
  }

  /// A packet whose names and numbers fit.
  private func receiveMade(_ kind: UInt8) {
    let section = Agreement.variants[0][Int(kind & 1) % Agreement.variants[0].count].section
    let codec = section.codecs[Int(next() ?? 0) % section.codecs.count]
    let flags = next() ?? 0
    let isRepair = flags & 1 != 0
    let type = isRepair ? codec.rtxPayloadType ?? codec.payloadType : codec.payloadType
    var extensions = RTPHeaderExtensionList()
    func add(_ uri: String, _ text: String) {
      guard let id = section.headerExtension(uri)?.id else { return }
      extensions.append(id: id, Array(text.utf8).span)
    }
    if flags & 2 == 0 { add(HeaderExtension.mid, section.mid) }
    let rid = flags & 4 == 0 ? "q" : "f"
    add(isRepair ? HeaderExtension.repairedRID : HeaderExtension.rid, rid)
    let header = RTPHeader(
      payloadType: type, sequenceNumber: UInt16(next() ?? 0) &* (flags & 8 == 0 ? 1 : 257),
      timestamp: UInt32(next() ?? 0) &* 960, ssrc: UInt32(next() ?? 0), marker: flags & 16 != 0)
    let payload = take()
    receive(
      [UInt8](capacity: 1200) { output in
        header.write(extensions: extensions, into: &output)
        output.append(copying: payload.span)
      })
  }

  /// Repetitions of packets that may have been lost.
  private func receiveRepairs(_ first: UInt8) {
    for number in (0..<8).map({ first &+ $0 }) {
      receive([0x80, 97, 0, number, 0, 0, 0, 0, 0, 0, 0, 250, 0, number, 1, 2, 3])
    }
  }

  /// Packets of ever other sources.
  private func flood(_ kind: UInt8) {
    let section = Agreement.variants[0][Int(kind & 1) % Agreement.variants[0].count].section
    guard let mid = section.headerExtension(HeaderExtension.mid)?.id else { return }
    for ssrc in 0..<100 as Range<UInt32> {
      var extensions = RTPHeaderExtensionList()
      extensions.append(id: mid, Array(section.mid.utf8).span)
      let header = RTPHeader(
        payloadType: section.codecs[0].payloadType, sequenceNumber: 1, timestamp: 1,
        ssrc: 1000 + ssrc)
      receive(
        [UInt8](capacity: 200) {
          header.write(extensions: extensions, into: &$0)
          $0.append(0x10)
        })
    }
  }

  private func receiveControlMade(_ kind: UInt8) {
    let ssrc = transport.ssrcs.sorted().dropFirst(Int(kind & 3)).first ?? 0
    let first = UInt16(next() ?? 0) &* 257
    let packet: RTCPPacket
    switch kind >> 2 {
    case 0:
      packet = .genericNACK(
        GenericNACK(
          senderSSRC: 1, mediaSSRC: ssrc,
          items: (0..<64).map { .init(packetID: first &+ $0 &* 17, followingLost: 0xffff) }))
    case 1:
      var block = ReportBlock(ssrc: ssrc, fractionLost: 255, cumulativeLost: .min, jitter: .max)
      block.lastSenderReport = UInt32(first) << 16
      block.delaySinceLastSenderReport = UInt32(next() ?? 0) << 24
      packet = .receiverReport(ReceiverReport(ssrc: 1, blocks: [block]))
    case 2:
      packet = .transportFeedback(
        TransportFeedback(
          senderSSRC: 1, mediaSSRC: ssrc, baseSequenceNumber: first, statusCount: 500,
          referenceTime: UInt32(next() ?? 0) << 16, feedbackCount: 0,
          arrivals: (0..<200).map { .init(offset: $0 * 2, delta: Int16.min) }))
    default:
      packet = .fullIntraRequest(
        FullIntraRequest(senderSSRC: 1, entries: [.init(ssrc: ssrc, sequenceNumber: next() ?? 0)]))
    }
    let bytes = [UInt8](capacity: 4096) { _ = packet.write(into: &$0) }
    engine.receiveControl(bytes.span, at: now, into: outbox)
  }

  private func send(isKeyFrame: Bool) {
    sentCount &+= 1
    let agreed = Agreement.variants[0]
    guard let track = agreed.last else { return }
    let frame = EncodedFrame(
      bytes: [isKeyFrame ? 0x10 : 0x11, 0, 0, 0x9d, 1, 0x2a, 1, 0, 1, 0]
        + [UInt8](repeating: 1, count: Int(next() ?? 0) * 16),
      timestamp: sentCount &* 3000, isKeyFrame: isKeyFrame)
    try? engine.send(frame, on: track.id, at: now, into: outbox)
  }

  private func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  private func take() -> [UInt8] {
    let end = min(position + Int(next() ?? 0) + 1, bytes.count)
    guard position < end else { return [] }
    defer { position = end }
    return Array(bytes[position..<end])
  }
}
