import Net
import TURN
import Wire

/// A TURN client on a socket of its own.
final class RelayedClient {
  let client: TURNClient
  let socket: UDPSocket
  private let outbox = Outbox()
  private var slab = ReceiveSlab(slotCount: 128)
  private(set) var receivedCount = 0
  private(set) var isBound = false

  init(from ip: IPAddress, to server: TransportAddress) throws {
    socket = try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0))
    client = TURNClient(
      path: Path(local: socket.localAddress, remote: server),
      credentials: .init(username: "bench", password: "secret"), random: .system)
  }

  /// Asks for an allocation.
  func start() {
    client.start(at: MonotonicClock.now(), into: outbox)
    socket.flush(outbox)
  }

  /// Sends so many datagrams of 1,200 bytes to a peer.
  func send(_ count: Int, to peer: TransportAddress) {
    let now = MonotonicClock.now()
    let datagram = [UInt8](repeating: 0x80, count: 1200)
    for _ in 0..<count { client.send(datagram.span, to: peer, at: now, into: outbox) }
    socket.flush(outbox)
  }

  /// Reads what has arrived and goes on.
  func turn() {
    let now = MonotonicClock.now()
    var events: [TURNClient.Event] = []
    slab.removeAll()
    socket.receive(into: &slab)
    for index in 0..<slab.count {
      let datagram = slab.slot(index)
      let disposition = client.receive(datagram.span, at: now, into: outbox, events: &events)
      if case .data = disposition { receivedCount += 1 }
    }
    client.advance(to: now, into: outbox, events: &events)
    for case .channelBound in events { isBound = true }
    socket.flush(outbox)
  }
}

/// A peer that sends back what it gets.
final class EchoingPeer {
  let socket: UDPSocket
  private let outbox = Outbox()
  private var slab = ReceiveSlab(slotCount: 256)
  private(set) var receivedCount = 0

  init() throws {
    socket = try UDPSocket(boundTo: TransportAddress(ip: RelayProcess.host, port: 0))
  }

  func turn() {
    repeat {
      slab.removeAll()
      socket.receive(into: &slab)
      receivedCount += slab.count
      for index in 0..<slab.count {
        let path = slab.path(ofSlot: index)
        let datagram = slab.slot(index)
        outbox.append(datagram.span, on: path)
      }
      socket.flush(outbox)
    } while slab.isFull
  }
}
