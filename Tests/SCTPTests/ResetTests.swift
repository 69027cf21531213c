import RTCTesting
import Testing
import Wire

@testable import SCTP

@Suite struct ResetTests {
  private func reset(_ pair: Pair, _ node: AssociationNode, _ streams: [UInt16]) {
    pair.act(node) { $0.resetStreams(streams, at: $1, into: $2, events: &$3) }
  }

  @Test(arguments: [true, false], [0, 0.1, 0.3])
  func `a stream is reset after its data, and its identifier is used again`(
    isInterleaved: Bool, loss: Double
  ) {
    var options = SCTPOptions()
    options.offersInterleaving = isInterleaved
    let pair = Pair(
      seed: 3, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(loss)),
      options: options)
    pair.connectBoth()
    for round in 0..<5 {
      for number in 0..<10 { pair.send([UInt8(round), UInt8(number)], from: pair.a, on: 4) }
      pair.send([UInt8](repeating: 1, count: 30_000), from: pair.a, on: 4)
      reset(pair, pair.a, [4])
      let isDone = pair.network.run(until: pair.network.now + .seconds(60)) {
        pair.a.events.count { $0 == .outgoingStreamsReset([4]) } == round + 1
      }
      #expect(isDone)
      // All that was sent before the reset has come before it.
      #expect(pair.z.happenings.last == .incomingStreamsReset([4]))
      #expect(pair.z.messages.count == 11 * (round + 1))
    }
  }

  @Test func `both sides reset at once`() {
    let pair = Pair(conditions: LinkConditions(delay: .milliseconds(20)))
    pair.connectBoth()
    pair.run(.seconds(1))
    reset(pair, pair.a, [1, 2])
    reset(pair, pair.z, [1])
    pair.run(.seconds(2))
    #expect(
      pair.a.happenings
        == [.connected, .incomingStreamsReset([1]), .outgoingStreamsReset([1, 2])])
    #expect(
      pair.z.happenings
        == [.connected, .incomingStreamsReset([1, 2]), .outgoingStreamsReset([1])])
  }

  @Test func `a stream takes no messages while it is being reset`() {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(throws: SCTPSendError.closing) {
      try peer.association.send(
        SCTPMessage(stream: 3, identifier: .binary, payload: [1]), delivery: .init(),
        at: peer.now, into: peer.outbox, events: &peer.events)
    }
  }

  @Test func `a side that cannot reset streams makes the reset fail`() {
    let peer = HandmadePeer.connected(capabilities: [.forwardTSN])
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(peer.events.last == .outgoingResetFailed([3]))
    let chunks = peer.sentChunks()
    #expect(!chunks.contains { $0.type == 130 })
  }

  /// The newest request the association has sent.
  private func request(_ peer: HandmadePeer) -> Reconfiguration.OutgoingReset? {
    for chunk in peer.sentChunks().reversed() where chunk.type == 130 {
      let parsed = try? Reconfiguration(parsing: chunk.value.span)
      for case .outgoingReset(let request) in parsed?.parameters ?? [] { return request }
    }
    return nil
  }

  private func respond(
    _ peer: HandmadePeer, _ number: UInt32, _ result: Reconfiguration.Response.Result
  ) {
    peer.send { $0.append(Reconfiguration([.response(.init(number: number, result: result))])) }
  }

  @Test func `a request is repeated as it was until it is answered`() throws {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    let first = try #require(request(peer))
    #expect(first.number == peer.association.localInitialTSN)
    #expect(first.lastTSN == first.number &- 1)
    peer.advance(by: .seconds(2))
    #expect(request(peer) == first)
    respond(peer, first.number, .performed)
    #expect(peer.events.last == .outgoingStreamsReset([3]))
    peer.advance(by: .seconds(5))
    #expect(request(peer) == nil)
  }

  @Test func `a request in progress is repeated by another number, whose answer counts`()
    throws
  {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    let first = try #require(request(peer))
    respond(peer, first.number, .inProgress)
    #expect(peer.events == [.connected])
    peer.advance(by: .seconds(1))
    let second = try #require(request(peer))
    #expect(second.number == first.number &+ 1)
    #expect(second.lastTSN == first.lastTSN && second.streams == first.streams)
    // Which number comes next depends on the newest one: an answer to the first settles nothing.
    respond(peer, first.number, .performed)
    #expect(peer.events == [.connected])
    respond(peer, second.number, .performed)
    #expect(peer.events.last == .outgoingStreamsReset([3]))
  }

  @Test func `a request in progress may be answered before it is repeated`() throws {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    let first = try #require(request(peer))
    respond(peer, first.number, .inProgress)
    respond(peer, first.number, .performed)
    #expect(peer.events.last == .outgoingStreamsReset([3]))
    peer.advance(by: .seconds(5))
    #expect(request(peer) == nil)
  }

  @Test(
    arguments: [.denied, .wrongStream, .badSequenceNumber] as [Reconfiguration.Response.Result])
  func `a refusal is told`(result: Reconfiguration.Response.Result) throws {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    respond(peer, try #require(request(peer)).number, result)
    #expect(peer.events.last == .outgoingResetFailed([3]))
  }

  @Test func `a second reset waits for the first`() throws {
    let peer = HandmadePeer.connected()
    peer.association.resetStreams([3], at: peer.now, into: peer.outbox, events: &peer.events)
    let first = try #require(request(peer))
    peer.association.resetStreams([4, 5], at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(request(peer) == nil)
    respond(peer, first.number, .nothingToDo)
    let second = try #require(request(peer))
    #expect(second.streams == [4, 5] && second.number == first.number &+ 1)
  }

  // MARK: The other side's resets

  private func ask(
    _ peer: HandmadePeer, number: UInt32, last: UInt32, _ streams: [UInt16]
  ) -> Reconfiguration.Response.Result? {
    peer.outbox.removeAll()
    let request = Reconfiguration.OutgoingReset(
      number: number, responseNumber: 0, lastTSN: last, streams: streams)
    peer.send { $0.append(Reconfiguration([.outgoingReset(request)])) }
    return results(peer).first?.result
  }

  private func results(_ peer: HandmadePeer) -> [Reconfiguration.Response] {
    peer.sentChunks().filter { $0.type == 130 }.flatMap { chunk in
      ((try? Reconfiguration(parsing: chunk.value.span))?.parameters ?? []).compactMap {
        if case .response(let response) = $0 { response } else { nil }
      }
    }
  }

  @Test func `a reset waits for the data sent before it`() {
    let peer = HandmadePeer.connected()
    peer.sendData([1], stream: 2)
    peer.sendData([3], tsn: 1002, stream: 2, number: 2)
    #expect(ask(peer, number: 1000, last: 1002, [2]) == .inProgress)
    #expect(ask(peer, number: 1000, last: 1002, [2]) == .inProgress)
    #expect(peer.messages.map(\.payload) == [[1]])
    // From after the reset: it waits too.
    peer.sendData([10], tsn: 1003, stream: 2, number: 0)
    peer.sendData([20], tsn: 1004, stream: 7, number: 0)
    #expect(peer.messages.map(\.payload) == [[1], [20]])
    peer.outbox.removeAll()
    peer.sendData([2], tsn: 1001, stream: 2, number: 1)
    #expect(results(peer) == [.init(number: 1000, result: .performed)])
    #expect(peer.messages.map(\.payload) == [[1], [20], [2], [3], [10]])
    #expect(peer.events.contains(.incomingStreamsReset([2])))
    #expect(ask(peer, number: 1000, last: 1002, [2]) == .performed)
    // By a new number it is still the same reset.
    #expect(ask(peer, number: 1001, last: 1002, [2]) == .performed)
    #expect(peer.events.count { $0 == .incomingStreamsReset([2]) } == 1)
    peer.sendData([11], tsn: 1005, stream: 2, number: 1)
    #expect(peer.messages.last?.payload == [11])
  }

  @Test func `a reset in progress that is asked for by a new number is performed once`() {
    let peer = HandmadePeer.connected()
    #expect(ask(peer, number: 1000, last: 1000, [2]) == .inProgress)
    #expect(ask(peer, number: 1001, last: 1000, [2]) == .inProgress)
    peer.outbox.removeAll()
    peer.sendData([1], stream: 2)
    #expect(results(peer) == [.init(number: 1001, result: .performed)])
    #expect(ask(peer, number: 1001, last: 1000, [2]) == .performed)
    #expect(peer.events.count { $0 == .incomingStreamsReset([2]) } == 1)
  }

  @Test func `a message given up in a stream that waits for its reset does not stall it`() {
    let peer = HandmadePeer.connected()
    #expect(ask(peer, number: 1000, last: 1000, [2]) == .inProgress)
    // The message of 1001, the first one after the reset, is given up before the reset's data came.
    let forward = ForwardTSN(
      newCumulativeTSN: 1001,
      skipped: [.init(stream: 2, isUnordered: false, messageNumber: 0)])
    peer.send { $0.append(forward, isInterleaved: false) }
    #expect(peer.events.contains(.incomingStreamsReset([2])))
    peer.sendData([5], tsn: 1002, stream: 2, number: 1)
    #expect(peer.messages.map(\.payload) == [[5]])
  }

  @Test func `numbers out of turn are refused`() {
    let peer = HandmadePeer.connected()
    #expect(ask(peer, number: 1001, last: 999, [2]) == .badSequenceNumber)
    #expect(ask(peer, number: 1000, last: 999, [2]) == .performed)
    #expect(ask(peer, number: 1000, last: 999, [2]) == .performed)
    #expect(ask(peer, number: 998, last: 999, [2]) == .badSequenceNumber)
  }

  @Test func `a stream that does not exist cannot be reset`() {
    let peer = HandmadePeer.connected(streams: 10)
    #expect(ask(peer, number: 1000, last: 999, [9, 10]) == .wrongStream)
  }

  @Test func `without names all streams are reset`() {
    let peer = HandmadePeer.connected()
    for stream in 0..<3 { peer.sendData([1], stream: UInt16(stream)) }
    #expect(ask(peer, number: 1000, last: 1002, []) == .performed)
    for stream in 0..<3 { peer.sendData([2], stream: UInt16(stream), number: 0) }
    #expect(peer.messages.count == 6)
  }

  @Test func `the other side gets more streams, up to our limit`() {
    let peer = HandmadePeer.connected(streams: 256)
    func add(_ count: UInt16, number: UInt32) -> [Reconfiguration.Response] {
      peer.outbox.removeAll()
      peer.send { output in
        output.appendChunk(.reconfiguration, length: 16)
        output.appendParameter(17, length: 12)
        output.append(bigEndian: number)
        output.append(bigEndian: count)
        output.append(bigEndian: 0 as UInt16)
      }
      return results(peer)
    }
    #expect(add(256, number: 1000) == [.init(number: 1000, result: .performed)])
    #expect(add(256, number: 1000) == [.init(number: 1000, result: .performed)])
    #expect(peer.association.negotiatedIncomingStreams == 512)
    peer.sendData([1], stream: 511)
    #expect(peer.messages.count == 1)
    #expect(add(513, number: 1001) == [.init(number: 1001, result: .denied)])
  }

  @Test func `streams we do not have cannot be reset`() {
    let peer = HandmadePeer.connected(streams: 10)
    peer.association.resetStreams([9, 10], at: peer.now, into: peer.outbox, events: &peer.events)
    #expect(peer.events.last == .outgoingResetFailed([10]))
    #expect(request(peer)?.streams == [9])
  }

  @Test func `other requests are denied`() {
    let peer = HandmadePeer.connected()
    for (number, type) in [(1000, 14), (1001, 15), (1002, 17), (1003, 18)] as [(UInt32, UInt16)] {
      peer.outbox.removeAll()
      peer.send { output in
        output.appendChunk(.reconfiguration, length: 16)
        output.appendParameter(type, length: 12)
        output.append(bigEndian: number)
        output.append(bigEndian: 0 as UInt32)
      }
      #expect(results(peer) == [.init(number: number, result: .denied)])
    }
  }
}
