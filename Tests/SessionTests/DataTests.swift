import RTCTesting
import SCTP
import SDP
import Session
import Testing
import Wire

extension SessionNode {
  var channelEvents: [DataChannelSet.Event] {
    events.compactMap { if case .dataChannel(let event) = $0 { event } else { nil } }
  }

  var messages: [String] {
    channelEvents.compactMap { event in
      if case .message(_, let message) = event {
        String(decoding: message.bytes, as: UTF8.self)
      } else {
        nil
      }
    }
  }

  var incoming: [DataChannelID] {
    channelEvents.compactMap { if case .opened(let id, true) = $0 { id } else { nil } }
  }
}

extension PeerSession {
  /// Channels of ours that are not open yet.
  var dataChannelsWaiting: Int {
    (1...100).count { dataChannelState(DataChannelID(rawValue: $0)) == .connecting }
  }
}

struct DataTests {
  private func open(_ couple: Couple, _ node: SessionNode, _ label: String) throws -> DataChannelID
  {
    try couple.act(node) {
      try $0.createDataChannel(DataChannelOptions(label: label), at: $1, into: $2)
    }
  }

  private func send(
    _ couple: Couple, _ node: SessionNode, _ id: DataChannelID, _ text: String
  ) throws {
    let message = DataChannelMessage(kind: .text, bytes: Array(text.utf8))
    try couple.act(node) { try $0.sendData(message, on: id, at: $1, into: $2) }
  }

  /// Waits until a channel of `node` is open.
  private func wait(_ couple: Couple, _ node: SessionNode, _ id: DataChannelID) -> Bool {
    for _ in 0..<100 where node.session.dataChannelState(id) != .open {
      couple.deliverCandidates()
      couple.network.run(for: .milliseconds(50))
    }
    return node.session.dataChannelState(id) == .open
  }

  @Test func `a channel opens, and messages go both ways`() throws {
    let couple = try Couple()
    let id = try open(couple, couple.alice, "talk")
    #expect(couple.alice.session.isNegotiationNeeded && couple.alice.negotiationsNeeded == 1)
    try couple.exchange(from: couple.alice)
    #expect(wait(couple, couple.alice, id) && couple.areConnected)
    try send(couple, couple.alice, id, "hello")
    couple.network.run(for: .milliseconds(200))
    let theirs = try #require(couple.bob.incoming.first)
    #expect(couple.bob.session.dataChannelOptions(theirs)?.label == "talk")
    #expect(couple.bob.messages == ["hello"])
    try send(couple, couple.bob, theirs, "welcome")
    couple.network.run(for: .milliseconds(200))
    #expect(couple.alice.messages == ["welcome"])
    // A second channel needs no exchange.
    let second = try open(couple, couple.bob, "more")
    #expect(!couple.bob.session.isNegotiationNeeded)
    #expect(wait(couple, couple.bob, second))
    try couple.act(couple.alice) { $0.closeDataChannel(id, at: $1, into: $2) }
    couple.network.run(for: .seconds(2))
    #expect(couple.bob.session.dataChannelState(theirs) == .closed)
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test(arguments: [true, false], [true, false])
  func `channels and media are added in any order, by either side`(
    dataFirst: Bool, sameSide: Bool
  ) throws {
    let couple = try Couple()
    let first = couple.alice
    let second = sameSide ? couple.alice : couple.bob
    var id: DataChannelID?
    func addData(_ node: SessionNode) throws { id = try open(couple, node, "d") }
    func addMedia(_ node: SessionNode) throws {
      _ = try node.session.addTrack(OutgoingTrack(id: node.name), .audio)
    }
    if dataFirst { try addData(first) } else { try addMedia(first) }
    try couple.exchange(from: first)
    #expect(couple.connect())
    couple.network.run(for: .seconds(2))
    if dataFirst { try addMedia(second) } else { try addData(second) }
    couple.network.run(for: .seconds(5))
    #expect(second.session.isNegotiationNeeded)
    try couple.exchange(from: second)
    let opener = dataFirst ? first : second
    #expect(wait(couple, opener, try #require(id)))
    #expect(couple.alice.session.transceivers.map(\.mid) == [dataFirst ? "1" : "0"])
    #expect(couple.nodes.allSatisfy { !$0.connectionStates.contains(.failed) })
    #expect(couple.nodes.allSatisfy { !$0.session.isNegotiationNeeded })
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `channels live through renegotiations, restarts and changes of media`() throws {
    let couple = try Couple()
    let id = try open(couple, couple.alice, "d")
    let track = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(wait(couple, couple.alice, id))
    try couple.exchange(from: couple.bob)
    try couple.act(couple.alice) { session, _, _ in session.restartICE() }
    try couple.exchange(from: couple.alice)
    try couple.bob.session.stop(track)
    try couple.exchange(from: couple.bob)
    couple.network.run(for: .seconds(2))
    couple.deliverCandidates()
    try send(couple, couple.alice, id, "still here")
    couple.network.run(for: .seconds(2))
    #expect(couple.bob.messages == ["still here"] && couple.areConnected)
  }

  @Test func `an offer of a channel taken back keeps the channel waiting`() throws {
    let couple = try Couple()
    let id = try open(couple, couple.alice, "d")
    try couple.setLocal(couple.alice)
    try couple.setLocal(couple.alice, .rollback)
    couple.alice.mail = []
    #expect(couple.alice.session.dataChannelState(id) == .connecting)
    #expect(couple.alice.session.isNegotiationNeeded)
    // Bob offers one too; both come with his exchange.
    let other = try open(couple, couple.bob, "e")
    try couple.exchange(from: couple.bob)
    #expect(wait(couple, couple.alice, id) && wait(couple, couple.bob, other))
    #expect(!couple.alice.session.isNegotiationNeeded)
  }

  @Test func `who declines channels is not asked for ever`() throws {
    var configuration = SessionConfiguration()
    configuration.dataChannels = nil
    let couple = try Couple(bob: configuration)
    let id = try open(couple, couple.alice, "d")
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    #expect(couple.alice.session.dataChannelState(id) == .closed)
    #expect(!couple.alice.session.isNegotiationNeeded)
    #expect(throws: SessionError.self) { try open(couple, couple.bob, "x") }
  }

  @Test func `messages are no longer than the other side takes`() throws {
    var configuration = SessionConfiguration()
    configuration.dataChannels = DataChannelTerms(maximumMessageSize: 1000)
    let couple = try Couple(bob: configuration)
    let id = try open(couple, couple.alice, "d")
    try couple.exchange(from: couple.alice)
    #expect(wait(couple, couple.alice, id))
    #expect(throws: DataChannelError.messageTooLong) {
      try send(couple, couple.alice, id, String(repeating: "x", count: 1001))
    }
    try send(couple, couple.alice, id, String(repeating: "x", count: 1000))
  }

  @Test func `the end of the connection is the end of its channels`() throws {
    let couple = try Couple()
    let id = try open(couple, couple.alice, "d")
    try couple.exchange(from: couple.alice)
    #expect(wait(couple, couple.alice, id))
    let theirs = try #require(couple.bob.incoming.first)
    try couple.act(couple.alice) { $0.close(at: $1, into: $2) }
    couple.network.run(for: .seconds(1))
    #expect(couple.bob.session.dataChannelState(theirs) == .closed)
    #expect(couple.alice.session.dataChannelState(id) == .closed)
    let ended = couple.bob.channelEvents.contains { event in
      switch event {
      case .closed(theirs), .failed: true
      default: false
      }
    }
    #expect(ended)
  }

  @Test func `an idle session has neither transport nor timers`() throws {
    let session = try Couple.session()
    #expect(session.deadline == nil)
    _ = try session.addTrack(OutgoingTrack(id: "a"), .audio)
    _ = try session.createOffer()
    #expect(session.deadline == nil && session.localUsernameFragments.isEmpty)
  }
}
