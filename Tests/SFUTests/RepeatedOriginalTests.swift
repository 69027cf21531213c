import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// A sender repeats packets, and then the first ones come after all.
struct RepeatedOriginalTests {
  private static func header(_ number: UInt16, _ type: UInt8, _ ssrc: UInt32) -> RTPHeader {
    RTPHeader(payloadType: type, sequenceNumber: number, timestamp: 90, ssrc: ssrc)
  }

  @Test func `a picture's packet that was repeated is forwarded once, and counted once`() throws {
    let room = VirtualRoom(seed: 90)
    let ana = room.join(1)
    let budi = room.join(2, isNumbered: true)
    for client in [ana, budi] { client.sendsSound = false }
    budi.sendsPicture = false
    let repeats = ana.layers[0].ssrc + 30
    room.renegotiate(ana) { track in
      guard track.role == .camera else { return }
      track.retransmissions = [97: 96]
      track.retransmissionSSRCs = [repeats: ana.layers[0].ssrc]
    }
    room.network.run(for: .seconds(2))
    ana.sendsPicture = false
    room.network.run(for: .seconds(1))
    let direct = DirectForwarding(room)
    let link = try #require(room.server.forwarder.members[budi.id]?.link)
    let picture: [UInt8] = [0x80, 0x80, 0x80, 1, 0x11, 1, 2, 3]
    let first = ana.layers[0].sequenceNumber &+ 1
    let originals = direct.sent(by: ana) { remote, outbox in
      for number in first..<first + 6 {
        _ = remote.sendRTP(
          Self.header(number, 96, ana.layers[0].ssrc), extensions: RTPHeaderExtensionList(),
          payload: picture.span, into: outbox)
      }
    }
    let repetitions = direct.sent(by: ana) { remote, outbox in
      for number in first + 1..<first + 5 {
        let payload = [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] + picture
        _ = remote.sendRTP(
          Self.header(number, 97, repeats), extensions: RTPHeaderExtensionList(),
          payload: payload.span, into: outbox)
      }
    }
    var received = 0
    for bytes in [originals[0], originals[5]] + repetitions { direct.receive(bytes, from: ana) }
    received += direct.forward(to: budi).count
    let counted = link.sequencer.historyCount
    for bytes in originals[1..<5] { direct.receive(bytes, from: ana) }
    received += direct.forward(to: budi).count
    #expect(received == 6)
    #expect(link.sequencer.historyCount == counted)
  }
}
