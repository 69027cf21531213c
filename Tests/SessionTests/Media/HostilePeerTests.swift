import Media
import RTP
import SDP
import Session
import Testing
import Wire

/// Keeps what a media engine sends, in the clear.
private final class OpenTransport: MediaTransport {
  var isConnected = true
  var transportSequenceID: UInt8 = 0
  var roundTripTime: Duration?
  private(set) var packets: [(header: RTPHeader, payload: [UInt8])] = []
  private(set) var control: [RTCPPacket] = []

  func sendRTP(
    _ header: RTPHeader, extensions: borrowing RTPHeaderExtensionList, payload: Span<UInt8>,
    paddingCount: UInt8, into outbox: Outbox
  ) -> Bool {
    packets.append((header, [UInt8](capacity: payload.count) { $0.append(copying: payload) }))
    return true
  }

  func sendRTCP(
    capacity: Int, into outbox: Outbox, _ write: (inout OutputSpan<UInt8>) -> Void
  ) -> Bool {
    let bytes = [UInt8](capacity: capacity, initializingWith: write)
    var reader = RTCPReader(bytes.span)
    while let packet = reader.next() { control.append(packet) }
    return true
  }
}

/// One engine and a peer that has the keys and bad intentions.
private final class Victim {
  let transport = OpenTransport()
  let engine: MediaEngine
  let agreed: [NegotiatedTransceiver]
  let outbox = Outbox()
  var now = Instant.zero

  init(_ defaults: MediaDefaults = MediaDefaults()) throws {
    let (alice, bob) = (try Couple.session(0, seed: 1), try Couple.session(1, seed: 2))
    for kind in [TrackKind.audio, .video] {
      _ = try alice.addTransceiver(kind, direction: .sendrecv, track: OutgoingTrack(id: "a"))
    }
    try alice.setLocalDescription(nil, at: .zero, into: outbox)
    try bob.setRemoteDescription(
      try #require(alice.localDescription), at: .zero, into: outbox)
    for one in bob.transceivers {
      try bob.setDirection(.sendrecv, of: one.id)
    }
    try bob.setLocalDescription(nil, at: .zero, into: outbox)
    agreed = bob.agreedMedia
    engine = MediaEngine(
      transport: transport, defaults: defaults, datagramSize: 1200, epoch: .zero,
      random: .seeded(3))
    engine.apply(agreed)
  }

  var video: NegotiatedTransceiver { agreed[1] }
  var videoType: UInt8 { video.section.codecs[0].payloadType }
  var repairType: UInt8 { video.section.codecs[0].rtxPayloadType ?? 0 }

  func receive(
    _ type: UInt8, ssrc: UInt32, number: UInt16, payload: [UInt8], mid: String? = nil
  ) throws {
    var extensions = RTPHeaderExtensionList()
    if let mid {
      let id = try #require(video.section.headerExtension(HeaderExtension.mid)).id
      extensions.append(id: id, Array(mid.utf8).span)
    }
    let header = RTPHeader(payloadType: type, sequenceNumber: number, timestamp: 0, ssrc: ssrc)
    let bytes = [UInt8](capacity: 1500) { output in
      header.write(extensions: extensions, into: &output)
      output.append(copying: payload.span)
    }
    engine.receive(try RTPPacket(parsing: bytes.span), in: bytes.span, at: now)
  }

  func receive(_ packet: RTCPPacket) {
    let bytes = [UInt8](capacity: 65_536) { _ = packet.write(into: &$0) }
    engine.receiveControl(bytes.span, at: now, into: outbox)
  }

  func sendPicture(_ number: Int, byteCount: Int = 1000) throws {
    try engine.send(
      TestFrame.vp8(number, isKeyFrame: number == 0, byteCount: byteCount), on: video.id, at: now,
      into: outbox)
  }
}

struct HostilePeerTests {
  @Test func `row 26: ever new sources cost nothing`() throws {
    let victim = try Victim()
    for ssrc in 0..<20_000 as Range<UInt32> {
      try victim.receive(
        victim.videoType, ssrc: ssrc, number: 1, payload: [0x10, 0], mid: victim.video.section.mid)
      _ = victim.engine.takeEvents()
    }
    #expect(victim.engine.sourceCount == 1)
    for ssrc in 0..<20_000 as Range<UInt32> {
      try victim.receive(victim.repairType, ssrc: ssrc, number: 1, payload: [0, 1, 0x10])
      try victim.receive(victim.videoType, ssrc: ssrc, number: 1, payload: [0x10], mid: "other")
      try victim.receive(77, ssrc: ssrc, number: 1, payload: [0x10])
      _ = victim.engine.takeEvents()
    }
    #expect(victim.engine.sourceCount <= 2)
  }

  @Test func `a source whose payload type alone speaks for it replaces nobody who is there`() throws
  {
    let victim = try Victim()
    try victim.receive(
      victim.videoType, ssrc: 5, number: 1, payload: [0x10, 0], mid: victim.video.section.mid)
    try victim.receive(victim.videoType, ssrc: 6, number: 900, payload: [0x10, 0])
    let sources = victim.engine.takeEvents().compactMap { event -> UInt32? in
      if case .packet(_, _, let packet) = event { packet.ssrc } else { nil }
    }
    #expect(sources == [5])
  }

  @Test func `row 24: nothing is handed over twice, whatever is repeated`() throws {
    let victim = try Victim()
    let mid = victim.video.section.mid
    for number in 0..<300 as Range<UInt16> where number % 7 != 3 {
      try victim.receive(victim.videoType, ssrc: 5, number: number, payload: [0x10, 0], mid: mid)
    }
    for _ in 0..<5 {
      for number in 0..<300 as Range<UInt16> {
        let name = [UInt8(number >> 8), UInt8(number & 0xff)]
        try victim.receive(
          victim.repairType, ssrc: 6, number: number, payload: name + [0x10, 0], mid: mid)
        try victim.receive(
          victim.videoType, ssrc: 5, number: number, payload: [0x10, 0], mid: mid)
      }
    }
    let numbers = victim.engine.takeEvents().compactMap { event -> UInt16? in
      if case .packet(_, _, let packet) = event { packet.sequenceNumber } else { nil }
    }
    #expect(numbers.sorted() == Array(0..<300))
  }

  @Test func `row 33: a flood of requests for key frames is passed on twice a second`() throws {
    let victim = try Victim()
    try victim.sendPicture(0)
    let ssrc = try #require(victim.transport.packets.first).header.ssrc
    var count = 0
    for step in 0..<5000 as Range<Int64> {
      victim.now = .zero + .milliseconds(step)
      victim.receive(
        .pictureLossIndication(PictureLossIndication(senderSSRC: 0, mediaSSRC: ssrc)))
      victim.receive(
        .fullIntraRequest(
          FullIntraRequest(
            senderSSRC: 0,
            entries: [.init(ssrc: ssrc, sequenceNumber: UInt8(truncatingIfNeeded: step))])))
      count += victim.engine.takeEvents().count
    }
    #expect(count == 10)
  }

  @Test func `row 34: asking for everything in a loop brings at most half as much again`() throws {
    let victim = try Victim()
    var sent = 0
    for step in 0..<100 {
      victim.now = .zero + .milliseconds(Int64(step) * 10)
      try victim.sendPicture(step, byteCount: 5000)
      sent += 5000
      let ssrc = try #require(victim.transport.packets.first).header.ssrc
      victim.receive(
        .genericNACK(
          GenericNACK(
            senderSSRC: 1, mediaSSRC: ssrc,
            items: stride(from: 0, to: 65_536, by: 17).map {
              .init(packetID: UInt16($0), followingLost: 0xffff)
            })))
    }
    let repeated = victim.transport.packets.filter { $0.header.payloadType == victim.repairType }
    let byteCount = repeated.reduce(0) { $0 + $1.payload.count }
    #expect(byteCount <= sent / 2 + RetransmissionCache.allowance + 10_000)
    #expect(!repeated.isEmpty)
    let copies = Dictionary(grouping: repeated) { [$0.payload[0], $0.payload[1]] }
    #expect(copies.values.allSatisfy { $0.count <= RetransmissionCache.repeatLimit })
    // Each on a number of its own, as SRTP wants it.
    let numbers = repeated.map(\.header.sequenceNumber)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
  }

  @Test func `row 35: reports that lie change neither round trip nor repetition`() throws {
    let victim = try Victim()
    try victim.sendPicture(0)
    let ssrc = try #require(victim.transport.packets.first).header.ssrc
    var random = RandomSource.seeded(5)
    for step in 0..<3000 as Range<Int64> {
      victim.now = .zero + .milliseconds(step * 20)
      victim.engine.advance(to: victim.now, into: victim.outbox)
      let word = UInt32(truncatingIfNeeded: random.next())
      let block = ReportBlock(
        ssrc: ssrc, fractionLost: 255, cumulativeLost: Int32(bitPattern: word), jitter: .max,
        lastSenderReport: word, delaySinceLastSenderReport: word &* 7)
      victim.receive(.receiverReport(ReceiverReport(ssrc: 1, blocks: [block])))
      victim.receive(
        .transportFeedback(
          TransportFeedback(
            senderSSRC: 1, mediaSSRC: ssrc, baseSequenceNumber: UInt16(truncatingIfNeeded: word),
            statusCount: 5000, referenceTime: word, feedbackCount: 0,
            arrivals: [.init(offset: 0, delta: .min), .init(offset: 4000, delta: .max)])))
    }
    let report = victim.engine.statistics(at: victim.now, transceivers: [], transportID: "t")
    for entry in report {
      guard case .remoteInboundRTP(let part) = entry.content else { continue }
      #expect(part.roundTripTime == nil && part.fractionLost ?? 2 < 1)
    }
    #expect(report.contains { $0.kind == .remoteInboundRTP })
  }

  @Test func `of too many sources the one that was silent longest makes room`() throws {
    var defaults = MediaDefaults()
    defaults.sourceLimit = 2
    let victim = try Victim(defaults)
    let mids = victim.agreed.map(\.section.mid)
    let audioType = victim.agreed[0].section.codecs[0].payloadType
    try victim.receive(audioType, ssrc: 1, number: 1, payload: [0xf8, 1], mid: mids[0])
    victim.now = victim.now + .milliseconds(1)
    try victim.receive(victim.videoType, ssrc: 2, number: 1, payload: [0x10, 0], mid: mids[1])
    victim.now = victim.now + .milliseconds(1)
    try victim.receive(audioType, ssrc: 1, number: 2, payload: [0xf8, 1])
    try victim.receive(
      victim.repairType, ssrc: 3, number: 1, payload: [0, 0, 0x10, 0], mid: mids[1])
    #expect(victim.engine.sourceCount == 2)
    _ = victim.engine.takeEvents()
    // Sound is still known without its name; pictures have to give theirs again.
    try victim.receive(audioType, ssrc: 1, number: 3, payload: [0xf8, 1])
    #expect(!victim.engine.takeEvents().isEmpty)
  }

  @Test func `a track falls silent even where the connection is lost`() throws {
    let victim = try Victim()
    try victim.receive(
      victim.videoType, ssrc: 5, number: 1, payload: [0x10, 0], mid: victim.video.section.mid)
    _ = victim.engine.takeEvents()
    victim.transport.isConnected = false
    victim.now = .zero + .seconds(3)
    #expect(victim.engine.deadline.map { $0 <= victim.now } == true)
    victim.engine.advance(to: victim.now, into: victim.outbox)
    let isMuted = victim.engine.takeEvents().contains { event in
      if case .muted(victim.video.id) = event { true } else { false }
    }
    #expect(isMuted && victim.engine.deadline.map { $0 > victim.now } ?? true)
  }

  @Test func `what comes in a section that does not receive is nobody's`() throws {
    let victim = try Victim()
    var silent = victim.agreed
    silent[1].section.weReceive = false
    victim.engine.apply(silent)
    try victim.receive(
      victim.videoType, ssrc: 5, number: 1, payload: [0x10, 0], mid: victim.video.section.mid)
    #expect(victim.engine.takeEvents().isEmpty && victim.engine.sourceCount == 0)
  }

  @Test func `reports name every source once, and nobody is asked without need`() throws {
    let victim = try Victim()
    for step in 0..<100 as Range<Int64> {
      victim.now = .zero + .milliseconds(step * 33)
      try victim.sendPicture(Int(step))
      victim.engine.advance(to: victim.now, into: victim.outbox)
    }
    let reports = victim.transport.control.compactMap { packet -> SenderReport? in
      if case .senderReport(let report) = packet { report } else { nil }
    }
    #expect((2...6).contains(reports.count))
    #expect(victim.transport.control.count == reports.count * 2)
  }
}
