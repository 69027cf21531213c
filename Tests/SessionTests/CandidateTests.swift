import Peer
import RTCTesting
import SDP
import Session
import Testing
import Wire

struct CandidateTests {
  private func scene() throws -> (couple: Couple, ufrag: String) {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    let sdp = try SessionDescription(
      parsing: try #require(couple.bob.session.localDescription).sdp)
    return (couple, try #require(sdp.mediaSections[0].iceUfrag))
  }

  private let line = "candidate:7 1 udp 2130706431 192.0.2.9 4444 typ host"

  private func add(_ couple: Couple, _ candidate: CandidateInit?) throws {
    try couple.act(couple.alice) { try $0.addICECandidate(candidate, at: $1, into: $2) }
  }

  @Test func `candidates that are found later stand in the description too`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    let offer = try couple.alice.session.createOffer()
    #expect(!offer.sdp.contains("a=candidate"))
    try couple.setLocal(couple.alice, offer)
    couple.network.run(for: .seconds(1))
    let sdp = try SessionDescription(
      parsing: try #require(couple.alice.session.localDescription).sdp)
    #expect(sdp.mediaSections[0].candidates.count == 1 && sdp.mediaSections[0].hasEndOfCandidates)
    #expect(couple.alice.session.iceGatheringState == .complete)
    // Without any trickling: the whole description is enough.
    couple.alice.mail = []
    try couple.setRemote(couple.bob, try #require(couple.alice.session.localDescription))
    try couple.setLocal(couple.bob)
    couple.network.run(for: .seconds(1))
    couple.bob.mail = []
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    couple.network.run(for: .seconds(2))
    #expect(couple.areConnected)
    // The next offer of the same generation has them from the start.
    #expect(try couple.alice.session.createOffer().sdp.contains("a=candidate"))
  }

  @Test func `candidates that are faster than their description wait for it`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    couple.network.run(for: .seconds(1))
    couple.deliverCandidates()
    let bare = try couple.alice.session.createOffer().sdp
      .split(separator: "\r\n").filter { !$0.hasPrefix("a=candidate") }.joined(separator: "\r\n")
    try couple.setRemote(couple.bob, .init(kind: .offer, sdp: bare + "\r\n"))
    try couple.setLocal(couple.bob)
    // Bob knows Alice by her candidate alone; she learns of him by his checks.
    couple.bob.mail = []
    var answer = try SessionDescription(
      parsing: try #require(couple.bob.session.localDescription).sdp)
    answer.setCandidates([], isComplete: false)
    try couple.setRemote(couple.alice, .init(kind: .answer, sdp: answer.description))
    couple.network.run(for: .seconds(2))
    #expect(couple.areConnected)
  }

  @Test func `there is an end to candidates that come too early`() throws {
    let session = try Couple.session()
    let outbox = Outbox()
    let candidate = CandidateInit(candidate: line, sdpMid: "0")
    for _ in 0..<64 { try session.addICECandidate(candidate, at: .zero, into: outbox) }
    #expect(throws: SessionError.limitReached("early candidates")) {
      try session.addICECandidate(candidate, at: .zero, into: outbox)
    }
  }

  @Test func `row 31: of ten thousand candidates some are kept and nobody is harmed`() throws {
    let (couple, ufrag) = try scene()
    var refused = 0
    for number in 0..<10_000 {
      let line = "candidate:7 1 udp 1 192.0.\(number / 250).\(number % 250 + 1) 9 typ host"
      do {
        try add(couple, .init(candidate: line, sdpMid: "0", usernameFragment: ufrag))
      } catch {
        refused += 1
      }
    }
    #expect(refused >= 10_000 - 64)
    #expect(couple.connect())
  }

  @Test func `a candidate needs a place, a known section and a known generation`() throws {
    let (couple, ufrag) = try scene()
    let bad: [CandidateInit] = [
      .init(candidate: line), .init(candidate: line, sdpMid: "7"),
      .init(candidate: line, sdpMLineIndex: 1), .init(candidate: line, sdpMLineIndex: -1),
      .init(candidate: line, sdpMid: "0", usernameFragment: "other"),
      .init(candidate: line + " ufrag other", sdpMid: "0"),
      .init(candidate: "candidate:nonsense", sdpMid: "0"),
      .init(candidate: "", sdpMid: "9"), .init(candidate: "", usernameFragment: "other"),
    ]
    for candidate in bad {
      #expect(throws: SessionError.self, "\(candidate)") { try add(couple, candidate) }
    }
    let good: [CandidateInit?] = [
      .init(candidate: line, sdpMid: "0"), .init(candidate: line, sdpMLineIndex: 0),
      .init(candidate: line + " ufrag \(ufrag)", sdpMid: "0", usernameFragment: ufrag),
      .init(candidate: "a=" + line, sdpMid: "0"),
      // Of no use, but no error.
      .init(candidate: "candidate:1 1 ssltcp 1 192.0.2.1 5 typ host", sdpMid: "0"),
      .init(candidate: "candidate:1 1 udp 1 0.0.0.0 5 typ host", sdpMid: "0"),
      .init(candidate: ""), nil,
    ]
    for candidate in good { try add(couple, candidate) }
    let text = try #require(couple.alice.session.remoteDescription).sdp
    #expect(text.contains("a=\(line)") && text.contains("a=end-of-candidates"))
    #expect(couple.connect())
  }

  @Test func `a name is asked for, and its address used`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    couple.bob.tricklesCandidates = false
    couple.alice.tricklesCandidates = false
    try couple.exchange(from: couple.alice)
    // Neither knows where the other is, but for a name.
    let ours = "candidate:7 1 udp 2130706431 0a1b.local 6000 typ host"
    try add(couple, .init(candidate: ours, sdpMid: "0"))
    try add(couple, .init(candidate: ours, sdpMid: "0"))
    let names = couple.alice.events.compactMap { event -> String? in
      if case .resolveName(let name) = event { name } else { nil }
    }
    #expect(names == ["0a1b.local"])
    try couple.act(couple.alice) {
      $0.resolved("other.local", to: nil, at: $1, into: $2)
      $0.resolved("0a1b.local", to: IPAddress(10, 0, 0, 2), at: $1, into: $2)
    }
    #expect(couple.connect())
  }

  @Test func `the end of the candidates waits for servers whose names are looked up`() throws {
    let couple = try Couple()
    couple.alice.session.awaitsServers = true
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    couple.network.run(for: .seconds(10))
    func ends() -> Int {
      couple.alice.events.count { if case .endOfCandidates = $0 { true } else { false } }
    }
    let early = try #require(couple.alice.session.localDescription)
    #expect(early.sdp.contains("a=candidate:") && ends() == 0)
    #expect(couple.alice.session.iceGatheringState == .gathering)
    let silent = TransportAddress(ip: IPAddress(198, 51, 100, 9), port: 3478)
    try couple.act(couple.alice) { session, now, outbox in
      session.setServers([.init(kind: .stun, address: silent, url: "stun:silent")])
      session.addBases(couple.alice.bases, at: now, into: outbox)
    }
    #expect(ends() == 0)
    couple.network.run(for: .seconds(6))
    #expect(ends() == 1 && couple.alice.session.iceGatheringState == .complete)
  }

  @Test func `with the relay policy nothing but relays is told or used`() throws {
    var configuration = SessionConfiguration()
    configuration.usesRelaysOnly = true
    let couple = try Couple(alice: configuration)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    couple.connect(within: .seconds(3))
    let sdp = try #require(couple.alice.session.localDescription).sdp
    #expect(!sdp.contains("a=candidate") && sdp.contains("a=end-of-candidates"))
    #expect(!couple.areConnected)
  }

  @Test(arguments: 1...20)
  func `candidates may come in any order, twice, and after the connection`(seed: UInt64) throws {
    var random = RandomSource.seeded(seed)
    let couple = try Couple(seed: seed)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.setLocal(couple.alice)
    var letters: [(to: SessionNode, SessionNode.Mail)] = []
    func collect() {
      for node in couple.nodes {
        letters += node.mail.map { (couple.other(than: node), $0) }
        node.mail = []
      }
    }
    func deliverSome(_ count: Int) {
      for _ in 0..<count where !letters.isEmpty {
        let index = Int.random(in: letters.indices, using: &random)
        let (to, mail) = Bool.random(using: &random) ? letters[index] : letters.remove(at: index)
        guard case .candidate(let candidate) = mail else { continue }
        try? couple.act(to) { try $0.addICECandidate(candidate, at: $1, into: $2) }
      }
    }
    collect()
    deliverSome(3)
    try couple.setRemote(couple.bob, try couple.alice.session.createOffer())
    deliverSome(3)
    try couple.setLocal(couple.bob)
    collect()
    deliverSome(3)
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    for _ in 0..<100 where !couple.areConnected {
      couple.network.run(for: .milliseconds(50))
      collect()
      deliverSome(2)
    }
    #expect(couple.areConnected)
    deliverSome(20)
    couple.network.run(for: .seconds(10))
    #expect(couple.areConnected && couple.network.stuckTimerCount == 0)
  }
}
