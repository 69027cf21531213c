import RTCTesting
import SCTP
import SDP
import Session
import Testing
import Wire

/// The pattern of W3C WebRTC §10.7, as a program would write it, over mail that arrives in any order between the
/// two directions.
private final class Negotiator {
  let node: SessionNode
  let couple: Couple
  let isPolite: Bool
  var ignoresOffer = false
  var outgoing: [SessionNode.Mail] = []
  private(set) var ignoredCount = 0

  init(_ node: SessionNode, _ couple: Couple, isPolite: Bool) {
    self.node = node
    self.couple = couple
    self.isPolite = isPolite
  }

  private func sendLocal() throws {
    // Candidates of what was set before go first.
    outgoing += node.mail
    node.mail = []
    try couple.setLocal(node)
    outgoing.append(.description(try #require(node.session.localDescription)))
  }

  /// Candidates that were found since.
  func tend() {
    outgoing += node.mail
    node.mail = []
  }

  func offerIfNeeded() throws {
    guard node.session.signalingState == .stable, node.session.isNegotiationNeeded else { return }
    try sendLocal()
  }

  func take(_ mail: SessionNode.Mail) throws {
    switch mail {
    case .description(let description):
      let collides =
        description.kind == .offer && node.session.signalingState != .stable
      ignoresOffer = !isPolite && collides
      if ignoresOffer {
        ignoredCount += 1
        return
      }
      try couple.setRemote(node, description)
      if description.kind == .offer {
        try sendLocal()
      }
    case .candidate(let candidate):
      do {
        try couple.act(node) { try $0.addICECandidate(candidate, at: $1, into: $2) }
      } catch {
        #expect(ignoresOffer, "\(error)")
      }
    }
  }
}

struct GlareTests {
  private func change(
    _ couple: Couple, _ node: SessionNode, _ random: inout RandomSource, _ number: Int
  ) throws {
    let session = node.session
    let live = session.transceivers.filter { !$0.isStopping }
    switch UInt.random(in: 0..<8, using: &random) {
    case 0, 1:
      _ = try session.addTrack(OutgoingTrack(id: "t\(number)"), number % 2 == 0 ? .audio : .video)
    case 2: _ = try session.addTransceiver(number % 2 == 0 ? .audio : .video)
    case 3:
      if let one = live.randomElement(using: &random) {
        try session.setDirection(
          Direction.allCases.randomElement(using: &random) ?? .inactive, of: one.id)
      }
    case 4: if let one = live.randomElement(using: &random) { try session.stop(one.id) }
    case 5: if let one = live.randomElement(using: &random) { try session.removeTrack(of: one.id) }
    case 6: session.restartICE()
    case 7 where number > 10:
      let options = DataChannelOptions(label: "\(number)")
      _ = try couple.act(node) { try $0.createDataChannel(options, at: $1, into: $2) }
    default: break
    }
  }

  private func check(_ couple: Couple) throws {
    let (alice, bob) = (couple.alice.session, couple.bob.session)
    for session in [alice, bob] {
      #expect(session.signalingState == .stable && !session.isNegotiationNeeded)
    }
    func lines(_ session: PeerSession, _ view: (Direction) -> Direction) -> [String] {
      session.transceivers.filter { !$0.isStopped }.map {
        "\($0.mid ?? "?") \($0.kind) \($0.currentDirection.map(view)?.rawValue ?? "?")"
      }.sorted()
    }
    #expect(lines(alice) { $0 } == lines(bob) { $0.reversed })
    for one in alice.transceivers {
      let other = bob.transceivers.first { $0.mid == one.mid }
      #expect(one.receiver.isActive == one.currentDirection?.receives)
      #expect(
        one.agreed?.codecs.map(\.payloadType) == other?.agreed?.codecs.map(\.payloadType))
      #expect(one.agreed?.extensions.map(\.id) == other?.agreed?.extensions.map(\.id))
    }
  }

  @Test(arguments: 1...(_isDebugAssertConfiguration() ? 20 : 600))
  func `both sides change things at once, and all interleavings end in agreement`(
    seed: Int
  ) throws {
    var random = RandomSource.seeded(UInt64(seed))
    let couple = try Couple(seed: UInt64(seed))
    let alice = Negotiator(couple.alice, couple, isPolite: true)
    let bob = Negotiator(couple.bob, couple, isPolite: false)
    let pairs = [(alice, bob), (bob, alice)]
    for step in 0..<60 {
      for (one, other) in pairs {
        if step < 25, UInt.random(in: 0..<3, using: &random) == 0 {
          try change(couple, one.node, &random, step)
        }
        if Bool.random(using: &random) { try one.offerIfNeeded() }
        one.tend()
        // A few letters arrive; the rest stays on its way, in order.
        let count = step < 40 ? Int.random(in: 0...3, using: &random) : 1000
        for letter in one.outgoing.prefix(count) { try other.take(letter) }
        one.outgoing.removeFirst(min(count, one.outgoing.count))
      }
      couple.network.run(for: .milliseconds(20))
    }
    for _ in 0..<20 {
      for (one, other) in pairs {
        try one.offerIfNeeded()
        one.tend()
        let letters = one.outgoing
        one.outgoing = []
        for letter in letters { try other.take(letter) }
      }
    }
    try check(couple)
    guard couple.alice.session.transceivers.contains(where: { $0.mid != nil }) else { return }
    for _ in 0..<100 where !couple.areConnected {
      couple.network.run(for: .milliseconds(100))
      for (one, other) in pairs {
        one.tend()
        for letter in one.outgoing { try other.take(letter) }
        one.outgoing = []
      }
    }
    #expect(couple.areConnected)
    couple.network.run(for: .seconds(3))
    #expect(couple.nodes.allSatisfy { $0.session.dataChannelsWaiting == 0 })
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `when both offer at once the polite side gives way`() throws {
    let couple = try Couple()
    let alice = Negotiator(couple.alice, couple, isPolite: true)
    let bob = Negotiator(couple.bob, couple, isPolite: false)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .video)
    try alice.offerIfNeeded()
    try bob.offerIfNeeded()
    for _ in 0..<6 {
      for (one, other) in [(alice, bob), (bob, alice)] {
        one.tend()
        let letters = one.outgoing
        one.outgoing = []
        for letter in letters { try other.take(letter) }
        try other.offerIfNeeded()
      }
      couple.network.run(for: .milliseconds(100))
    }
    #expect(bob.ignoredCount == 1 && alice.ignoredCount == 0)
    try check(couple)
    #expect(couple.areConnected && couple.bob.session.transceivers.count == 2)
  }
}
