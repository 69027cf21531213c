import Glibc
import Net
import Testing
import Wire

/// Reads `socket` until it has received `count` datagrams, for half a minute at most.
func collect(_ count: Int, from socket: UDPSocket) throws -> [(path: Path, bytes: [UInt8])] {
  var slab = ReceiveSlab(slotCount: 256)
  var collected: [(path: Path, bytes: [UInt8])] = []
  let deadline = MonotonicClock.now() + .seconds(30)
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

func loopbackSocket(
  _ ip: IPAddress = loopback, options: UDPSocket.Options = .init()
) throws -> UDPSocket {
  try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0), options: options)
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
    #expect(socket.receiveBufferSize > 100_000)
  }

  @Test func `a busy port is told in words`() throws {
    let first = try loopbackSocket()
    let error = #expect(throws: SystemError.self) {
      _ = try UDPSocket(boundTo: first.localAddress)
    }
    #expect(error?.isAddressInUse == true)
    #expect(error?.description == "bind UDP \(first.localAddress): Address already in use")
  }

  @Test func `a port can be shared on purpose`() throws {
    var options = UDPSocket.Options()
    options.sharesPort = true
    let first = try loopbackSocket(options: options)
    let second = try UDPSocket(boundTo: first.localAddress, options: options)
    #expect(second.localAddress == first.localAddress)
  }

  @Test func `an address of another machine cannot be bound`() {
    let error = #expect(throws: SystemError.self) {
      _ = try loopbackSocket(IPAddress(192, 0, 2, 1))
    }
    #expect(error?.isAddressNotAvailable == true)
  }

  @Test func `running out of descriptors is told in words`() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 3, rlim_max: 3)
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let socketError = #expect(throws: SystemError.self) { _ = try loopbackSocket() }
      #expect(socketError?.description == "open a UDP socket: Too many open files")
      #expect(socketError?.isOutOfDescriptors == true)
      #expect(throws: SystemError.self) { _ = try EventLoop(name: "test") }
    }
  }

  @Test func `IPv6 datagrams make the round trip`() throws {
    let ip = IPAddress(v6High: 0, low: 1)
    guard let sender = try? loopbackSocket(ip) else { return }
    let receiver = try loopbackSocket(ip)
    let outbox = Outbox()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    for number in 0..<5 { outbox.append(datagram(number, 300).span, on: path) }
    sender.flush(outbox)
    let received = try collect(5, from: receiver)
    #expect(received.map(\.bytes) == (0..<5).map { datagram($0, 300) })
    #expect(received.allSatisfy { $0.path.remote == sender.localAddress })
  }

  @Test func `a socket for all interfaces talks IPv4 with IPv4 addresses`() throws {
    let everywhere = try UDPSocket.onAllInterfaces(port: 0)
    let client = try loopbackSocket()
    let address = TransportAddress(ip: loopback, port: everywhere.localAddress.port)
    let outbox = Outbox()
    outbox.append(datagram(1, 80).span, on: Path(local: client.localAddress, remote: address))
    client.flush(outbox)
    let asked = try #require(try collect(1, from: everywhere).first)
    #expect(asked.path.remote == client.localAddress)
    #expect(asked.path.local == everywhere.localAddress)
    outbox.append(datagram(2, 80).span, on: asked.path)
    everywhere.flush(outbox)
    let answered = try #require(try collect(1, from: client).first)
    #expect(answered.path.remote == address)
  }

  @Test(arguments: [IPAddress(v4: 0), IPAddress(v6High: 0, low: 0)])
  func `an answer leaves from the address that was asked`(all: IPAddress) throws {
    var options = UDPSocket.Options()
    options.tracksLocalAddress = true
    guard let everywhere = try? loopbackSocket(all, options: options) else { return }
    let client = try loopbackSocket()
    let address = TransportAddress(ip: IPAddress(127, 0, 0, 9), port: everywhere.localAddress.port)
    let outbox = Outbox()
    outbox.append(datagram(1, 80).span, on: Path(local: client.localAddress, remote: address))
    client.flush(outbox)
    let asked = try #require(try collect(1, from: everywhere).first)
    #expect(asked.path.local == address)
    for number in 0..<3 { outbox.append(datagram(number, 80).span, on: asked.path) }
    everywhere.flush(outbox)
    let answers = try collect(3, from: client)
    #expect(answers.map(\.bytes) == (0..<3).map { datagram($0, 80) })
    #expect(answers.allSatisfy { $0.path.remote == address })
  }

  @Test func `a datagram longer than a slot is dropped and flagged`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    for count in [ReceiveSlab.slotSize, ReceiveSlab.slotSize + 1, 60_000, 10] {
      outbox.append(datagram(0, count).span, on: path)
    }
    sender.flush(outbox)
    var slab = ReceiveSlab()
    let deadline = MonotonicClock.now() + .seconds(30)
    while slab.count < 4, MonotonicClock.now() < deadline { receiver.receive(into: &slab) }
    try #require(slab.count == 4)
    #expect((0..<4).map { slab.byteCount(inSlot: $0) } == [ReceiveSlab.slotSize, 0, 0, 10])
    #expect((0..<4).map { slab.isTruncated(slot: $0) } == [false, true, true, false])
    #expect(receiver.statistics.truncatedDatagrams == 2)
  }

  @Test func `several calls fill one slab, and a full one takes no more`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    var slab = ReceiveSlab(slotCount: 70)
    for number in 0..<100 {
      outbox.append(datagram(number, 200).span, on: path)
      sender.flush(outbox)
      if number % 10 == 0 { receiver.receive(into: &slab) }
    }
    let deadline = MonotonicClock.now() + .seconds(30)
    while !slab.isFull, MonotonicClock.now() < deadline { receiver.receive(into: &slab) }
    #expect(receiver.receive(into: &slab) == 0)
    #expect(slab.count == 70)
    slab.withBytes { bytes in
      for number in 0..<70 {
        let start = number * ReceiveSlab.slotSize
        #expect([UInt8](copying: bytes.extracting(start..<start + 200)) == datagram(number, 200))
      }
    }
    slab.removeAll()
    while slab.count < 30, MonotonicClock.now() < deadline { receiver.receive(into: &slab) }
    #expect(slab.withSlot(0) { [UInt8](copying: $0.span) } == datagram(70, 200))
  }
}
