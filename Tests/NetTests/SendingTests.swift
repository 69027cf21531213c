import Glibc
import Testing
import Wire

@testable import Net

@Suite(.timeLimit(.minutes(1)))
struct SendingTests {
  @Test(
    arguments: [
      [100], [1200, 1200, 1200], [1200, 1200, 700, 1200], [5, 1, 3, 3, 3, 2, 2], [700, 1200, 1200],
      [Int](repeating: 1200, count: 200), [Int](repeating: 1, count: 130),
      [Int](repeating: 9000, count: 20),
    ], [true, false])
  func `datagrams of one flush arrive whole and in order`(
    lengths: [Int], usesSegmentation: Bool
  ) throws {
    var options = UDPSocket.Options()
    options.usesSegmentation = usesSegmentation
    let sender = try loopbackSocket(options: options)
    let receiver = try loopbackSocket()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    let sent = lengths.enumerated().map { datagram($0.offset, min($0.element, 2000)) }
    for bytes in sent { outbox.append(bytes.span, on: path) }
    sender.flush(outbox)
    #expect(outbox.isEmpty)
    let received = try collect(sent.count, from: receiver)
    #expect(received.map(\.bytes) == sent)
    #expect(received.allSatisfy { $0.path.remote == sender.localAddress })
    #expect(sender.statistics.sentDatagrams == UInt64(sent.count))
    #expect(sender.statistics.sentBytes == UInt64(sent.map(\.count).reduce(0, +)))
    if !usesSegmentation { #expect(sender.statistics.sentMessages == UInt64(sent.count)) }
  }

  @Test(
    arguments: [
      ([1200, 1200, 1200], 1), ([1200, 1200, 700], 1), ([700, 1200, 1200], 2), ([9, 8, 9], 2),
      ([Int](repeating: 100, count: 65), 2), ([Int](repeating: 1300, count: 51), 2),
    ] as [([Int], UInt64)])
  func `a run ends after a shorter datagram and at the kernel's limits`(
    lengths: [Int], messages: UInt64
  ) throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    guard sender.usesSegmentation else { return }
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    for length in lengths { outbox.append(datagram(0, length).span, on: path) }
    sender.flush(outbox)
    #expect(sender.statistics.sentMessages == messages)
    #expect(sender.statistics.sentDatagrams == UInt64(lengths.count))
  }

  @Test func `runs form although destinations alternate`() throws {
    let sender = try loopbackSocket()
    guard sender.usesSegmentation else { return }
    let receivers = try (0..<7).map { _ in try loopbackSocket() }
    let outbox = Outbox()
    for number in 0..<8 {
      for receiver in receivers {
        let path = Path(local: sender.localAddress, remote: receiver.localAddress)
        outbox.append(datagram(number, 600).span, on: path)
      }
    }
    sender.flush(outbox)
    #expect(sender.statistics.sentDatagrams == 56)
    // Two destinations may share a place in the table by chance, and then split each other's runs.
    #expect(sender.statistics.sentMessages < 28)
    for receiver in receivers {
      let received = try collect(8, from: receiver)
      #expect(received.map(\.bytes) == (0..<8).map { datagram($0, 600) })
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `each destination gets its datagrams in order, whatever the mixture`(seed: UInt64) throws {
    var random = RandomSource.seeded(seed)
    let sender = try loopbackSocket()
    let receivers = try (0..<40).map { _ in try loopbackSocket() }
    let outbox = Outbox()
    var expected = [[[UInt8]]](repeating: [], count: receivers.count)
    for _ in 0..<3 {
      var index = 0
      for number in 0..<Int.random(in: 1...400, using: &random) {
        if Int.random(in: 0..<3, using: &random) == 0 {
          index = Int.random(in: receivers.indices, using: &random)
        }
        let length = [300, 300, 300, 299, 1, 301].randomElement(using: &random) ?? 1
        let bytes = datagram(number, length)
        expected[index].append(bytes)
        outbox.append(
          bytes.span,
          on: Path(local: sender.localAddress, remote: receivers[index].localAddress))
      }
      sender.flush(outbox)
    }
    for (receiver, sent) in zip(receivers, expected) {
      #expect(try collect(sent.count, from: receiver).map(\.bytes) == sent, "seed \(seed)")
    }
  }

  @Test func `a refused datagram takes none of the others with it`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let closed = try loopbackSocket().localAddress
    let remotes = [
      TransportAddress(ip: loopback, port: 0),
      TransportAddress(ip: IPAddress(255, 255, 255, 255), port: 9),
      closed,
      TransportAddress(ip: IPAddress(v6High: 0, low: 1), port: 9),
    ]
    let outbox = Outbox()
    var expected: [[UInt8]] = []
    for round in 0..<3 {
      for (index, remote) in remotes.enumerated() {
        let bytes = datagram(round * 10 + index, 400)
        expected.append(bytes)
        for path in [remote, receiver.localAddress].map({
          Path(local: sender.localAddress, remote: $0)
        }) {
          outbox.append(bytes.span, on: path)
        }
      }
      sender.flush(outbox)
    }
    #expect(try collect(expected.count, from: receiver).map(\.bytes) == expected)
    #expect(sender.statistics.refusedDatagrams >= 6)
    #expect(sender.statistics.foreignDatagrams == 3)
  }

  @Test func `datagrams the kernel cannot carry are counted`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let outbox = Outbox()
    var path = Path(local: sender.localAddress, remote: receiver.localAddress)
    outbox.append([UInt8](repeating: 1, count: 65_535).span, on: path)
    outbox.append([UInt8](repeating: 1, count: 65_536).span, on: path)
    outbox.append(datagram(3, 10).span, on: path)
    path.transport = .tcp
    outbox.append(datagram(4, 10).span, on: path)
    sender.flush(outbox)
    #expect(try collect(1, from: receiver).map(\.bytes) == [datagram(3, 10)])
    #expect(sender.statistics.refusedDatagrams == 1)
    #expect(sender.statistics.foreignDatagrams == 2)
  }

  @Test func `a run the kernel refuses leaves as single datagrams`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    guard sender.usesSegmentation else { return }
    // Without checksums the kernel does not segment.
    var isUnchecked: Int32 = 1
    _ = unsafe setsockopt(sender.descriptor.number, SOL_SOCKET, SO_NO_CHECK, &isUnchecked, 4)
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    for round in 1...2 {
      let sent = (0..<40).map { datagram($0, $0 == 39 ? 100 : 500) }
      for bytes in sent { outbox.append(bytes.span, on: path) }
      sender.flush(outbox)
      #expect(try collect(40, from: receiver).map(\.bytes) == sent)
      #expect(sender.statistics.splitMessages == UInt64(round))
      #expect(sender.statistics.sentDatagrams == UInt64(40 * round))
    }
  }

  @Test(arguments: [IPAddress(v4: 0), IPAddress(v6High: 0, low: 0)])
  func `an advertised address that is not the machine's is no obstacle`(all: IPAddress) throws {
    var options = UDPSocket.Options()
    options.tracksLocalAddress = true
    guard let sender = try? loopbackSocket(all, options: options) else { return }
    let receiver = try loopbackSocket()
    let advertised = TransportAddress(ip: IPAddress(203, 0, 113, 5), port: 4000)
    let outbox = Outbox()
    let path = Path(local: advertised, remote: receiver.localAddress)
    for number in 0..<3 { outbox.append(datagram(number, 90).span, on: path) }
    sender.flush(outbox)
    // As if the address had been the machine's, and went away.
    sender.sources.learn(advertised.ip)
    for number in 3..<6 { outbox.append(datagram(number, 90).span, on: path) }
    sender.flush(outbox)
    #expect(try collect(6, from: receiver).map(\.bytes) == (0..<6).map { datagram($0, 90) })
    #expect(sender.statistics.refusedDatagrams == 0)
  }
}
