import Net
import Testing
import Wire

/// Waits, by an event loop's own clock, until `socket` has received `count` datagrams.
func collect(_ count: Int, from socket: UDPSocket) throws -> [(path: Path, bytes: [UInt8])] {
  var slab = ReceiveSlab(slotCount: 256)
  var collected: [(path: Path, bytes: [UInt8])] = []
  let deadline = MonotonicClock.now() + .seconds(5)
  while collected.count < count, MonotonicClock.now() < deadline {
    socket.receive(into: &slab)
    for index in 0..<slab.count {
      let path = slab.path(ofSlot: index)
      let bytes = slab.withSlot(index) { slot in [UInt8](copying: slot.span) }
      collected.append((path, bytes))
    }
    slab.removeAll()
  }
  return collected
}

extension [UInt8] {
  init(copying bytes: Span<UInt8>) {
    self = bytes.indices.map { bytes[$0] }
  }
}

let loopback = IPAddress(127, 0, 0, 1)

func loopbackSocket(options: UDPSocket.Options = .init()) throws -> UDPSocket {
  try UDPSocket(boundTo: TransportAddress(ip: loopback, port: 0), options: options)
}

/// A datagram that tells its own number and length.
func datagram(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 < 4 ? number >> ($0 * 8) : number &* 31 &+ $0) }
}

@Suite(.timeLimit(.minutes(1)))
struct UDPSocketTests {
  @Test func `a free port is chosen and told`() throws {
    let socket = try loopbackSocket()
    #expect(socket.localAddress.port != 0)
    #expect(socket.localAddress.ip == loopback)
  }

  @Test func `a busy port is told by its name`() throws {
    let first = try loopbackSocket()
    let error = #expect(throws: SystemError.self) {
      _ = try UDPSocket(boundTo: first.localAddress)
    }
    #expect(error?.isAddressInUse == true)
    #expect(error?.description == "bind UDP \(first.localAddress): Address already in use")
  }

  @Test func `an address of another machine cannot be bound`() {
    let error = #expect(throws: SystemError.self) {
      _ = try UDPSocket(boundTo: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 0))
    }
    #expect(error?.isAddressNotAvailable == true)
  }

  @Test(arguments: [
    [100], [1200, 1200, 1200], [1200, 1200, 700, 1200], [5, 1, 3, 3, 3, 2, 2], [700, 1200, 1200],
    [Int](repeating: 1200, count: 200), [Int](repeating: 1, count: 130),
  ])
  func `datagrams of one flush arrive whole and in order`(lengths: [Int]) throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    let sent = lengths.enumerated().map { datagram($0.offset, $0.element) }
    for bytes in sent { outbox.append(bytes.span, on: path) }
    sender.flush(outbox)
    #expect(outbox.isEmpty)
    let received = try collect(sent.count, from: receiver)
    #expect(received.map(\.bytes) == sent)
    #expect(received.allSatisfy { $0.path.remote == sender.localAddress })
    #expect(sender.statistics.sentDatagrams == UInt64(sent.count))
  }
}
