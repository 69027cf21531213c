import Peer
import RTCTesting
import RTP
import Wire

@testable import SFU

/// Puts datagrams into a room's forwarder past the network: several in one turn, in any order, and as fast
/// as they are taken.
final class DirectForwarding {
  let room: VirtualRoom
  let outbox = Outbox()
  private var slab: [UInt8] = []
  private var numbers: [UInt32: UInt16] = [:]

  init(_ room: VirtualRoom) { self.room = room }

  /// The way of a client's datagrams, as the server knows it.
  static func path(of client: VirtualClient) -> Path {
    Path(local: VirtualServer.address, remote: client.address)
  }

  /// What a client sends when it does `body`.
  func sent(by client: VirtualClient, _ body: (RemotePeer, Outbox) -> Void) -> [[UInt8]] {
    let own = Outbox()
    body(client.remote, own)
    return own.datagrams.map { own.bytes(of: $0) }
  }

  /// Protected sound of a client.
  func sound(
    of client: VirtualClient, count: Int, ssrc: UInt32? = nil, payloadType: UInt8 = 111
  ) -> [[UInt8]] {
    sent(by: client) { remote, outbox in
      for _ in 0..<count {
        let number = nextNumber(of: client, ssrc)
        let header = RTPHeader(
          payloadType: payloadType, sequenceNumber: number, timestamp: UInt32(number) &* 960,
          ssrc: ssrc ?? client.soundSSRC)
        _ = remote.sendRTP(
          header, extensions: RTPHeaderExtensionList(), payload: [0x78, client.name, 2, 3].span,
          into: outbox)
      }
    }
  }

  /// A client's own stream goes on where it was.
  private func nextNumber(of client: VirtualClient, _ ssrc: UInt32?) -> UInt16 {
    guard let ssrc else {
      client.soundNumber &+= 1
      return client.soundNumber
    }
    numbers[ssrc, default: 0] &+= 1
    return numbers[ssrc, default: 0]
  }

  /// Hands one datagram in; it waits for `forward`.
  func receive(_ bytes: [UInt8], from client: VirtualClient) {
    receive(bytes, on: Self.path(of: client))
  }

  func receive(_ bytes: [UInt8], on path: Path) {
    let offset = slab.count
    var opened = bytes
    var datagram = opened.mutableSpan
    room.server.forwarder.receive(
      &datagram, at: offset, on: path, at: room.network.now, into: outbox,
      events: &room.server.events)
    slab += opened
  }

  /// Hands in a datagram of which nothing may be kept.
  func receiveForged(_ datagram: inout MutableSpan<UInt8>, on path: Path) {
    room.server.forwarder.receive(
      &datagram, at: 0, on: path, at: room.network.now, into: outbox,
      events: &room.server.events)
  }

  /// Ends the turn: what a viewer gets, opened.
  func forward(to viewer: VirtualClient) -> [(header: RTPHeader, payload: [UInt8])] {
    var bytes = slab.mutableSpan
    room.server.forwarder.forward(&bytes, at: room.network.now, into: outbox)
    slab.removeAll()
    defer { outbox.removeAll() }
    var events: [RemotePeer.Event] = []
    return outbox.datagrams.compactMap { datagram in
      guard datagram.path.remote == viewer.address, !viewer.isDeaf else { return nil }
      var bytes = outbox.bytes(of: datagram)
      var span = bytes.mutableSpan
      let path = Path(local: viewer.address, remote: VirtualServer.address)
      let replies = Outbox()
      guard
        case .rtp(let packet, _) = viewer.remote.receive(
          &span, on: path, at: room.network.now, into: replies, events: &events)
      else { return nil }
      return (packet.header, Array(bytes[packet.payloadRange]))
    }
  }
}
