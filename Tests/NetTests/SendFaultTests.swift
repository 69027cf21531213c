import CFaults
import Glibc
import Net
import Testing
import Wire

/// What the kernel may answer to a send, by a script in front of it.
struct SendFaultTests {
  /// Sends three runs of ten datagrams to as many receivers while `steps` happen.
  private func send(_ steps: [Int32]) throws -> (statistics: SocketStatistics, arrived: [Int]) {
    let sender = try loopbackSocket()
    let receivers = try (0..<3).map { _ in try loopbackSocket() }
    let outbox = Outbox()
    for receiver in receivers {
      let path = Path(local: sender.localAddress, remote: receiver.localAddress)
      for number in 0..<10 { outbox.append(datagram(number, 300).span, on: path) }
    }
    unsafe script_sendmmsg(steps, steps.count)
    sender.flush(outbox)
    #expect(remaining_steps() == 0)
    #expect(outbox.isEmpty)
    var slab = ReceiveSlab()
    let arrived = receivers.map { receiver -> Int in
      // On loopback a datagram that was sent has arrived.
      receiver.receive(into: &slab)
      defer { slab.removeAll() }
      return slab.count
    }
    return (sender.statistics, arrived)
  }

  @Test func `an interrupted call is repeated`() throws {
    #expect(try send([EINTR, EINTR]).arrived == [10, 10, 10])
  }

  @Test func `a part of a batch is followed by the rest`() throws {
    let result = try send([-1, -1])
    #expect(result.arrived == [10, 10, 10])
    #expect(result.statistics.sentDatagrams == 30)
  }

  @Test(arguments: [EAGAIN, ENOBUFS])
  func `a short shortage is waited out`(error: Int32) throws {
    let result = try send([-1, error, error])
    #expect(result.arrived == [10, 10, 10])
    #expect(result.statistics.congestedDatagrams == 0)
  }

  @Test(arguments: [EAGAIN, ENOBUFS])
  func `a long shortage drops the rest of the flush, and only that`(error: Int32) throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    let start = MonotonicClock.now()
    for number in 0..<200 { outbox.append(datagram(number, 300 + number % 2).span, on: path) }
    let steps = [-1] + [Int32](repeating: error, count: 63)
    unsafe script_sendmmsg(steps, steps.count)
    sender.flush(outbox)
    #expect(remaining_steps() > 0)
    let dropped = sender.statistics.congestedDatagrams
    #expect(dropped > 190)
    #expect(sender.statistics.sentDatagrams + dropped == 200)
    #expect(MonotonicClock.now() - start < .seconds(5))
    unsafe script_sendmmsg([], 0)
    outbox.append(datagram(7, 50).span, on: path)
    sender.flush(outbox)
    #expect(try collect(200 - Int(dropped) + 1, from: receiver).last?.bytes == datagram(7, 50))
  }

  @Test(arguments: [ECONNREFUSED, EPERM, EHOSTUNREACH, ENETUNREACH, EACCES, ENOMEM])
  func `an error of one destination costs only its message`(error: Int32) throws {
    let result = try send([-1, error])
    #expect(result.arrived == [10, 0, 10])
    #expect(result.statistics.refusedDatagrams == 10)
  }

  @Test func `a device that cannot checksum segments gets single datagrams from then on`() throws {
    let sender = try loopbackSocket()
    let receiver = try loopbackSocket()
    guard sender.usesSegmentation else { return }
    let path = Path(local: sender.localAddress, remote: receiver.localAddress)
    let outbox = Outbox()
    for round in 0..<2 {
      for number in 0..<10 { outbox.append(datagram(number, 300).span, on: path) }
      if round == 0 { unsafe script_sendmmsg([EIO], 1) }
      sender.flush(outbox)
    }
    #expect(!sender.usesSegmentation)
    #expect(sender.statistics.splitMessages == 1)
    #expect(sender.statistics.sentMessages == 20)
    #expect(
      try collect(20, from: receiver).map(\.bytes)
        == (0..<20).map { datagram($0 % 10, 300) })
  }
}
