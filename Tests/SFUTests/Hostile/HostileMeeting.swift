import Peer
import RTCTesting
import RTP
import Wire

@testable import SFU

/// Two honest people who see and hear each other, and a third who sends what it likes; all of them watch all.
final class HostileMeeting {
  /// What the two had of each other while the third was at work, and what it cost.
  struct Account: Sendable {
    /// First packets of pictures, and packets of sound, that each had of the other.
    var frames: [Int] = []
    var sounds: [Int] = []
    /// Bytes each had of the other.
    var byteCounts: [Int] = []
    /// Numbers that were missing in any of it.
    var gaps = 0
    /// The longest time without a new picture of the other.
    var stillness = Duration.zero
    /// Key frames the two were asked for.
    var requests = 0
    /// Packets that were sent to the two, of whatever kind.
    var packets = 0
    /// What their ways are thought to carry, the lesser of them.
    var target = 0
  }

  private struct Watched {
    var byteCount = 0
    var frameCount = 0
    var soundCount = 0
    var lastFrameAt: Instant?
    var stillness = Duration.zero
  }

  let room: VirtualRoom
  let honest: [VirtualClient]
  let third: VirtualClient
  var random = RandomSource.seeded(77)
  private var watched: [UInt8: [UInt32: Watched]] = [:]

  init() {
    let room = VirtualRoom(seed: 91)
    self.room = room
    honest = [1, 2].map { HostileMeeting.join($0, room) }
    third = Self.join(3, room)
    for client in honest {
      client.asksForLost = true
      client.tap = { [unowned self] packet, _, now in
        note(packet, of: client.name, at: now)
        return false
      }
    }
    room.network.run(for: .seconds(3))
  }

  /// Somebody with a camera of two sizes.
  private static func join(_ name: UInt8, _ room: VirtualRoom) -> VirtualClient {
    let client = room.join(name, layerHeights: [180, 720], isNumbered: true)
    client.layers[0].payloadByteCount = 250
    return client
  }

  private func note(_ packet: RTPPacket, of name: UInt8, at now: Instant) {
    let ssrc = packet.header.ssrc
    var slot = watched[name]?[ssrc] ?? Watched()
    slot.byteCount += packet.payloadRange.count
    let isPicture = (20_000..<30_000).contains(ssrc)
    if !isPicture { slot.soundCount += 1 }
    if isPicture, packet.header.marker {
      slot.frameCount += 1
      slot.stillness = max(slot.stillness, slot.lastFrameAt.map { now - $0 } ?? .zero)
      slot.lastFrameAt = now
    }
    watched[name, default: [:]][ssrc] = slot
  }

  /// Lets time pass in which the third acts as often as `interval`, and tells what that made of the two.
  func play(
    for duration: Duration, every interval: Duration, _ act: (HostileMeeting, Int) -> Void
  ) -> Account {
    watched = [:]
    let before = (gaps: gaps, requests: requests, packets: packets)
    let end = room.network.now + duration
    var round = 0
    while room.network.now < end {
      act(self, round)
      round += 1
      room.network.run(for: interval)
    }
    var account = Account()
    for (viewer, sender) in [(honest[0], honest[1]), (honest[1], honest[0])] {
      let picture = slot(of: .camera, from: sender, by: viewer)
      let sound = slot(of: .microphone, from: sender, by: viewer)
      account.frames.append(picture.frameCount)
      account.sounds.append(sound.soundCount)
      account.byteCounts.append(picture.byteCount + sound.byteCount)
      let open = picture.lastFrameAt.map { room.network.now - $0 } ?? duration
      account.stillness = max(account.stillness, max(picture.stillness, open))
    }
    account.gaps = gaps - before.gaps
    account.requests = requests - before.requests
    account.packets = packets - before.packets
    account.target = honest.map { link(of: $0)?.targetBitrate ?? 0 }.min() ?? 0
    return account
  }

  /// Bytes that the honest ones had of the third, the most that one of them had.
  var bytesOfThird: Int {
    honest.map { viewer in
      slot(of: .camera, from: third, by: viewer).byteCount
        + slot(of: .microphone, from: third, by: viewer).byteCount
    }.max() ?? 0
  }

  /// Packets of media of the third that the server read, bound to something or not.
  var packetsOfThird: Int {
    let forwarder = room.server.forwarder
    guard let received = forwarder.members[third.id]?.received else { return 0 }
    return Int(
      received.soundPacketCount + received.picturePacketCount + received.repairPacketCount
        + forwarder.drops.unboundStream)
  }

  private func slot(
    of role: SourceRole, from sender: VirtualClient, by viewer: VirtualClient
  ) -> Watched {
    let source = SourceID(peer: sender.id, role: role)
    let mid = room.server.slots(of: viewer.id).first { $0.source == source }?.mid
    let ssrc = viewer.slots.first { $0.mid == mid }?.ssrc
    return ssrc.flatMap { watched[viewer.name]?[$0] } ?? Watched()
  }

  private var gaps: Int {
    zip(honest, honest.reversed()).reduce(0) { sum, pair in
      sum + room.reception(of: .camera, from: pair.0, by: pair.1).gaps
        + room.reception(of: .microphone, from: pair.0, by: pair.1).gaps
    }
  }

  private var requests: Int {
    honest.reduce(0) { $0 + $1.layers.reduce(0) { $0 + $1.requests.count } }
  }

  private var packets: Int {
    honest.reduce(0) { $0 + Int(link(of: $1)?.counters.packetCount ?? 0) }
  }

  func link(of client: VirtualClient) -> ViewerLink? {
    room.server.forwarder.members[client.id]?.link
  }

  // MARK: What the third does

  func asThird(_ body: (RemotePeer, Outbox) -> Void) {
    room.network.act(as: third) { outbox, _ in body(third.remote, outbox) }
  }

  /// Sends control packets.
  func tell(_ write: (inout OutputSpan<UInt8>) -> Void) {
    asThird { remote, outbox in remote.sendRTCP(capacity: 1200, into: outbox) { write(&$0) } }
  }

  /// Sends a packet of media.
  func send(
    _ header: RTPHeader, _ payload: [UInt8],
    extensions: RTPHeaderExtensionList = RTPHeaderExtensionList()
  ) {
    asThird { remote, outbox in
      _ = remote.sendRTP(header, extensions: extensions, payload: payload.span, into: outbox)
    }
  }

  /// Sends nothing of its own from now on but what it is made to.
  func silenceThird() {
    third.sendsSound = false
    third.sendsPicture = false
  }
}
