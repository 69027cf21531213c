import Media
import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

@Suite struct RepairedPicturesTests {
  /// Pictures of one slot, and what repair packets bring back of them.
  private final class Watcher {
    static let repair = RepairStream(ssrc: 40_000, payloadType: 49)

    private var decoder = FlexibleFECDecoder(ssrc: 20_000)
    private var first: UInt16?
    private(set) var numbers: Set<UInt16> = []
    private(set) var recovered: [UInt16: Instant] = [:]
    private(set) var arrivals: [UInt16: Instant] = [:]
    private(set) var brokenCount = 0
    private(set) var mediaBytes = 0
    private(set) var repairBytes = 0
    private(set) var lastRepairAt: Instant?

    init(_ client: VirtualClient) {
      client.tap = { [unowned self] packet, bytes, now in
        let ssrc = packet.header.ssrc
        guard ssrc == 20_000 || ssrc == Self.repair.ssrc else { return false }
        note(packet, bytes, now)
        return true
      }
    }

    private func note(_ packet: RTPPacket, _ datagram: [UInt8], _ now: Instant) {
      let header = packet.header
      // Without the tag.
      let bytes = Array(datagram.prefix(packet.payloadRange.upperBound + packet.paddingCount))
      let back: [[UInt8]]
      if header.ssrc == Self.repair.ssrc {
        repairBytes += bytes.count
        lastRepairAt = now
        back = decoder.receive(repair: bytes.span.extracting(packet.payloadRange))
      } else {
        mediaBytes += bytes.count
        first = first ?? header.sequenceNumber
        numbers.insert(header.sequenceNumber)
        arrivals[header.sequenceNumber] = now
        let number = header.extensionRange(id: VirtualClient.transportSequenceID, in: bytes.span)
        back = decoder.receive(media: bytes.span, volatile: number ?? 0..<0)
      }
      for bytes in back { take(bytes, at: now) }
    }

    private func take(_ bytes: [UInt8], at now: Instant) {
      guard let packet = try? RTPPacket(parsing: bytes.span), packet.header.payloadType == 120,
        packet.header.ssrc == 20_000, packet.payloadRange.count > 900,
        bytes[packet.payloadRange].suffix(900).allSatisfy({ $0 == 1 })
      else {
        brokenCount += 1
        return
      }
      recovered[packet.header.sequenceNumber] = now
    }

    /// Of the packets that never came: how many, and how long each waited for after the one before it.
    var outcome: (lost: Int, waits: [Duration]) {
      guard let first else { return (0, []) }
      let span = numbers.map { $0 &- first }.max() ?? 0
      let lost = (0...span).map { first &+ $0 }.filter { !numbers.contains($0) }
      return (
        lost.count,
        lost.compactMap { number in
          guard let at = recovered[number] else { return nil }
          let before = (1...20).compactMap { arrivals[number &- $0] }.first
          return before.map { at - $0 }
        }
      )
    }
  }

  private func meeting(seed: UInt64) -> (VirtualRoom, VirtualClient, Watcher) {
    let room = VirtualRoom(seed: seed)
    let sender = room.join(1)
    sender.sendsSound = false
    let viewer = room.join(2, slotCount: 1, isNumbered: true)
    viewer.sendsSound = false
    viewer.sendsPicture = false
    room.renegotiate(
      viewer, slots: { if $0.kind == .video { $0.protection.repair = Watcher.repair } })
    return (room, viewer, Watcher(viewer))
  }

  @Test func `lost pictures come back sooner than they could be sent again`() {
    let (room, viewer, watcher) = meeting(seed: 1)
    let way = LinkConditions(delay: .milliseconds(120))
    room.setConditions(way, of: viewer, .outgoing)
    room.setConditions(way, of: viewer, .incoming)
    room.network.run(for: .seconds(5))
    #expect(watcher.repairBytes == 0)
    var lossy = way
    lossy.loss = .bernoulli(0.06)
    room.setConditions(lossy, of: viewer, .incoming)
    room.network.run(for: .seconds(40))
    let (lost, waits) = watcher.outcome
    #expect(watcher.brokenCount == 0)
    #expect(lost > 60 && Double(waits.count) > 0.5 * Double(lost), "\(waits.count) of \(lost)")
    let soon = waits.count { $0 < .milliseconds(240) }
    #expect(Double(soon) > 0.9 * Double(waits.count))
    #expect(
      Double(watcher.repairBytes) < ViewerProtection.largestShare * Double(watcher.mediaBytes))
    // And off again.
    room.setConditions(way, of: viewer, .incoming)
    room.network.run(for: .seconds(30))
    let since = room.network.now - (watcher.lastRepairAt ?? .zero)
    #expect(since > .seconds(5))
  }

  @Test func `little loss on a short way is left to repetition`() {
    let (room, viewer, watcher) = meeting(seed: 2)
    room.setConditions(
      LinkConditions(delay: .milliseconds(10), loss: .bernoulli(0.04)), of: viewer, .incoming)
    room.network.run(for: .seconds(20))
    #expect(watcher.outcome.lost > 20 && watcher.repairBytes == 0)
  }

  // MARK: From senders

  /// A sender's camera that is protected, and whoever watches it, turn by turn.
  private final class Camera {
    static let type: UInt8 = 49
    static let repairSSRC: UInt32 = 777

    let room = VirtualRoom(seed: 3)
    let sender: VirtualClient
    let viewer: VirtualClient
    let direct: DirectForwarding
    var encoder: FlexibleFECEncoder
    private var repairNumber: UInt16 = 0

    init() {
      sender = room.join(1)
      viewer = room.join(2)
      room.network.run(for: .seconds(2))
      sender.sendsPicture = false
      direct = DirectForwarding(room)
      encoder = FlexibleFECEncoder(ssrc: sender.layers[0].ssrc)
      let media = sender.layers[0].ssrc
      room.renegotiate(sender) { track in
        guard track.role == .camera else { return }
        track.protection.repairPayloadType = Self.type
        track.protection.repairSSRCs = [Self.repairSSRC: media]
      }
    }

    /// One packet of a picture of its own, protected by the next repair packet.
    func packet(_ mark: UInt8) -> [UInt8] {
      sender.layers[0].sequenceNumber &+= 1
      sender.layers[0].picture = (sender.layers[0].picture &+ 1) & 0x7fff
      let picture = sender.layers[0].picture
      let header = RTPHeader(
        payloadType: 96, sequenceNumber: sender.layers[0].sequenceNumber,
        timestamp: UInt32(mark) * 3000, ssrc: sender.layers[0].ssrc, marker: true)
      let payload: [UInt8] =
        [0x90, 0x80, 0x80 | UInt8(picture >> 8), UInt8(picture & 0xff), 0x11]
        + [UInt8](repeating: mark, count: 40 + Int(mark))
      let head = [UInt8](capacity: 12) { header.write(into: &$0) }
      let isAdded = encoder.add(head: head.span, payload: payload.span)
      #expect(isAdded)
      return sent(header, payload)
    }

    func sent(_ header: RTPHeader, _ payload: [UInt8]) -> [UInt8] {
      direct.sent(by: sender) { remote, outbox in
        _ = remote.sendRTP(
          header, extensions: RTPHeaderExtensionList(), payload: payload.span, into: outbox)
      }.first ?? []
    }

    func repair(_ payload: [UInt8]) -> [UInt8] {
      repairNumber &+= 1
      return sent(
        RTPHeader(
          payloadType: Self.type, sequenceNumber: repairNumber, timestamp: 0,
          ssrc: Self.repairSSRC), payload)
    }

    /// Pictures `marks`, without those lost, and the repair packet: the marks that the viewer gets.
    func turn(_ marks: ClosedRange<UInt8>, without lost: Set<UInt8>) -> [UInt8] {
      for mark in marks {
        let datagram = packet(mark)
        if !lost.contains(mark) { direct.receive(datagram, from: sender) }
      }
      direct.receive(repair(encoder.finish() ?? []), from: sender)
      return direct.forward(to: viewer).filter { $0.header.ssrc == 20_000 }
        .compactMap(\.payload.last)
    }
  }

  @Test func `a sender's repair packets bring lost pictures back for all who watch`() {
    let camera = Camera()
    // What came before the first of them is not remembered.
    #expect(camera.turn(1...4, without: []) == [1, 2, 3, 4])
    #expect(camera.turn(11...15, without: [13]) == [11, 12, 14, 15, 13])
    #expect(camera.turn(21...25, without: [22, 24]) == [21, 23, 25])
    #expect(camera.turn(31...33, without: [31]) == [32, 33, 31])
    #expect(camera.room.server.forwarder.drops.unboundStream == 0)
    let stream = camera.room.server.forwarder.members[camera.sender.id]?.streams[
      camera.sender.layers[0].ssrc]
    #expect(stream?.repairedCount == 2)
  }

  @Test
  func
    `repair packets that are cut, lie or tell of strangers bring nothing wrong and stop nothing`()
  {
    let camera = Camera()
    #expect(camera.turn(1...4, without: []) == [1, 2, 3, 4])
    let kept = (11...15).map { camera.packet($0) }
    let payload = camera.encoder.finish() ?? []
    for (place, datagram) in kept.enumerated() where place != 2 {
      camera.direct.receive(datagram, from: camera.sender)
    }
    var got = camera.direct.forward(to: camera.viewer).compactMap(\.payload.last)
    #expect(got == [11, 12, 14, 15])
    var random = RandomSource.seeded(4)
    for count in 0..<payload.count {
      camera.direct.receive(camera.repair(Array(payload[..<count])), from: camera.sender)
      var lying = payload
      lying[12 + count % 4] ^= 0x55
      camera.direct.receive(camera.repair(lying), from: camera.sender)
      camera.direct.receive(camera.repair(random.bytes(count)), from: camera.sender)
    }
    got = camera.direct.forward(to: camera.viewer).compactMap(\.payload.last)
    // One that is cut behind the end of the lost packet is as good as whole.
    #expect(got == [13])
    // What was true stays so.
    #expect(camera.turn(21...25, without: [23]) == [21, 22, 24, 25, 23])
  }
}
