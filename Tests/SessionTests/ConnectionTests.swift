import RTCTesting
import SDP
import Session
import Testing
import Wire

struct ConnectionTests {
  @Test func `two sessions connect with sound and pictures`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic", streamIDs: ["s"]), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "cam", streamIDs: ["s"]), .video)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.tracks.count == 2)
    #expect(couple.connect())
    #expect(couple.network.now < .zero + .milliseconds(1000))
    for node in couple.nodes {
      #expect(node.session.signalingState == .stable)
      #expect(node.connectionStates == [.connecting, .connected])
      #expect(node.session.iceGatheringState == .complete)
      #expect(node.session.transceivers.count == 2)
    }
    let mine = couple.alice.session.transceivers.map(\.currentDirection)
    let theirs = couple.bob.session.transceivers.map(\.currentDirection)
    #expect(mine == [.sendonly, .sendonly] && theirs == [.recvonly, .recvonly])
    #expect(couple.bob.session.transceivers.map(\.receiver.trackID) == ["mic", "cam"])
    #expect(couple.bob.session.transceivers.allSatisfy { $0.receiver.streamIDs == ["s"] })
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `the other side may offer next, and everything stays where it was`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "cam"), .video)
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "voice"), .audio)
    for node in couple.nodes { node.forgetEvents() }
    try couple.exchange(from: couple.bob)
    couple.network.run(for: .seconds(2))
    #expect(couple.areConnected)
    #expect(couple.nodes.allSatisfy { $0.connectionStates.isEmpty })
    #expect(couple.alice.session.transceivers.map(\.mid) == ["0", "1"])
    #expect(couple.alice.session.transceivers.map(\.currentDirection) == [.sendrecv, .recvonly])
    #expect(couple.bob.session.transceivers.map(\.currentDirection) == [.sendrecv, .sendonly])
  }

  @Test func `closing is final and is heard`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    try couple.act(couple.alice) { $0.close(at: $1, into: $2) }
    #expect(couple.alice.session.deadline == nil)
    #expect(couple.alice.session.connectionState == .closed)
    #expect(couple.alice.session.signalingState == .closed)
    #expect(throws: SessionError.self) { try couple.setLocal(couple.alice) }
    #expect(throws: SessionError.self) { try couple.alice.session.createOffer() }
    couple.network.run(for: .seconds(1))
    #expect(couple.bob.session.connectionState == .failed)
  }

  @Test func `a certificate that was not promised is refused, and nothing is left`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.setLocal(couple.alice)
    var offer = try #require(couple.alice.session.localDescription)
    let real = try #require(
      try SessionDescription(parsing: offer.sdp).mediaSections[0].fingerprints.first)
    offer.sdp.replace(
      real.text, with: "sha-256 " + Array(repeating: "AB", count: 32).joined(separator: ":"))
    try couple.setRemote(couple.bob, offer)
    try couple.setLocal(couple.bob)
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    couple.connect(within: .seconds(5))
    #expect(couple.bob.session.connectionState == .failed)
    #expect(!couple.bob.connectionStates.contains(.connected))
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `an ICE restart by either side keeps the session connected`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    for node in couple.nodes {
      let before = couple.nodes.map { $0.session.localUsernameFragments.first }
      couple.nodes.forEach { $0.forgetEvents() }
      try couple.act(node) { session, _, _ in session.restartICE() }
      #expect(node.negotiationsNeeded == 1)
      try couple.exchange(from: node)
      couple.network.run(for: .seconds(2))
      couple.deliverCandidates()
      couple.network.run(for: .seconds(2))
      #expect(couple.areConnected)
      #expect(couple.nodes.allSatisfy { !$0.connectionStates.contains(.failed) })
      let after = couple.nodes.map { $0.session.localUsernameFragments.first }
      #expect(zip(before, after).allSatisfy { $0 != $1 })
      #expect(!node.session.isNegotiationNeeded)
    }
    #expect(couple.network.stuckTimerCount == 0)
  }

  /// Bob is replaced by Carol in the middle of a session, as where a call moves to another machine.
  @Test func `another certificate begins another association`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    let carolAddress = TransportAddress(ip: IPAddress(10, 0, 0, 3), port: 7000)
    let carol = SessionNode("carol", try Couple.session(2, seed: 77), bases: [carolAddress])
    let host = couple.network.addHost(carolAddress.ip)
    couple.network.attach(carol, to: host, at: carolAddress)
    _ = try carol.session.addTrack(OutgoingTrack(id: "voice"), .audio)
    try couple.setLocal(carol)
    couple.network.run(for: .seconds(1))
    try couple.setRemote(couple.alice, try #require(carol.session.localDescription))
    try couple.setLocal(couple.alice)
    couple.network.run(for: .seconds(1))
    try couple.setRemote(carol, try #require(couple.alice.session.localDescription))
    couple.network.run(for: .seconds(3))
    #expect(couple.alice.session.connectionState == .connected)
    #expect(carol.session.connectionState == .connected)
    #expect(couple.alice.session.selectedPath?.remote == carolAddress)
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `when all sections are gone the transport is too, and the next begins anew`() throws {
    let couple = try Couple()
    let first = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    try couple.alice.session.stop(first)
    try couple.exchange(from: couple.alice)
    #expect(couple.nodes.allSatisfy { $0.session.connectionState == .new })
    #expect(couple.nodes.allSatisfy { $0.session.selectedPath == nil })
    couple.network.run(for: .seconds(60))
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "cam"), .video)
    try couple.exchange(from: couple.bob)
    #expect(couple.connect())
    #expect(couple.nodes.allSatisfy { !$0.connectionStates.contains(.failed) })
  }

  @Test func `a handshake that nobody begins is a failure, although there is a path`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    func active(_ node: SessionNode) throws -> SessionDescriptionText {
      var description = try #require(node.session.localDescription)
      for role in ["actpass", "passive"] {
        description.sdp = description.sdp.replacing("a=setup:\(role)", with: "a=setup:active")
      }
      return description
    }
    // Both are told that the other one begins.
    try couple.setLocal(couple.alice)
    try couple.setRemote(couple.bob, try active(couple.alice))
    try couple.setLocal(couple.bob)
    try couple.setRemote(couple.alice, try active(couple.bob))
    #expect(!couple.connect(within: .seconds(50)))
    #expect(couple.nodes.allSatisfy { $0.session.connectionState == .connecting })
    couple.network.run(for: .seconds(20))
    #expect(couple.nodes.allSatisfy { $0.session.connectionState == .failed })
    #expect(couple.nodes.allSatisfy { $0.session.iceConnectionState == .completed })
  }

  @Test func `a path that was lost is found again by a restart`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    couple.network.drops = { _, _ in true }
    couple.network.run(for: .seconds(60))
    #expect(couple.nodes.allSatisfy { $0.session.connectionState == .failed })
    #expect(couple.alice.connectionStates.suffix(2) == [.disconnected, .failed])
    couple.network.drops = nil
    try couple.act(couple.alice) { session, _, _ in session.restartICE() }
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    #expect(couple.alice.connectionStates.suffix(2) == [.connecting, .connected])
  }

  @Test func `paths of a transport that is gone are given back, and its channels are over`() throws
  {
    let couple = try Couple()
    let track = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    let path = try #require(couple.alice.session.selectedPath)
    try couple.alice.session.stop(track)
    try couple.exchange(from: couple.alice)
    let closed = couple.alice.events.flatMap { event -> [Path] in
      if case .pathsClosed(let paths) = event { paths } else { [] }
    }
    #expect(closed == [path])
  }

  @Test func `a second offer takes the place of the first`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "cam"), .video)
    let offer = try couple.alice.session.createOffer()
    try couple.setRemote(couple.bob, offer)
    let third = try Couple.session(2, seed: 3)
    _ = try third.addTransceiver(.video)
    try couple.setRemote(couple.bob, try third.createOffer())
    #expect(couple.bob.session.transceivers.map(\.kind) == [.video])
    try couple.setRemote(couple.bob, offer)
    #expect(couple.bob.session.transceivers.map(\.kind) == [.audio, .video])
    try couple.setLocal(couple.bob)
    #expect(couple.bob.session.transceivers.map(\.mid) == ["0", "1"])
  }

  /// How another endpoint might write the same offer.
  static let dialects: [(String, @Sendable (inout SessionDescription) -> Void)] = [
    ("passive", { $0.replaceSetup("passive") }), ("active", { $0.replaceSetup("active") }),
    ("no setup", { $0.removeFromSections("setup") }),
    (
      "transport at session level",
      { sdp in
        for name in ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "ice-options"] {
          let value = sdp.mediaSections[0].value(of: name)
          sdp.removeFromSections(name)
          sdp.attributes.append(Attribute(name, value))
        }
      }
    ),
    (
      "several fingerprints",
      { sdp in
        let other = Array(repeating: "CD", count: 32).joined(separator: ":")
        let attribute = Attribute("fingerprint", "sha-256 \(other)")
        for index in sdp.mediaSections.indices {
          sdp.mediaSections[index].attributes.insert(attribute, at: 0)
          sdp.mediaSections[index].attributes.append(
            Attribute(
              "fingerprint", "sha-1 " + Array(repeating: "EF", count: 20).joined(separator: ":")))
        }
      }
    ),
    ("lite", { $0.attributes.append(Attribute("ice-lite")) }),
    ("no bundle, one section", { $0.attributes.removeAll { $0.name == "group" } }),
    (
      "unknown attributes",
      { sdp in
        sdp.attributes.append(Attribute("x-anything", "1"))
        sdp.mediaSections[0].attributes.append(Attribute("rtcp-fb", "* x-anything"))
      }
    ),
  ]

  @Test(arguments: dialects.indices)
  func `an offer in another dialect is understood`(index: Int) throws {
    let couple = try Couple()
    let (name, rewrite) = Self.dialects[index]
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "mic"), .audio)
    if name != "no bundle, one section" {
      _ = try couple.alice.session.addTrack(OutgoingTrack(id: "cam"), .video)
    }
    try couple.setLocal(couple.alice)
    couple.network.run(for: .seconds(1))
    couple.alice.mail = []
    var sdp = try SessionDescription(
      parsing: try #require(couple.alice.session.localDescription).sdp)
    rewrite(&sdp)
    try couple.setRemote(couple.bob, .init(kind: .offer, sdp: sdp.description))
    try couple.setLocal(couple.bob)
    try couple.setRemote(couple.alice, try #require(couple.bob.session.localDescription))
    let answer = try SessionDescription(
      parsing: try #require(couple.bob.session.localDescription).sdp)
    let isPassive = name == "active" || name == "no setup"
    #expect(answer.mediaSections[0].setup == (isPassive ? .passive : .active))
    #expect(couple.connect())
  }
}

extension SessionDescription {
  fileprivate mutating func replaceSetup(_ value: String) {
    removeFromSections("setup")
    for index in mediaSections.indices {
      mediaSections[index].attributes.append(Attribute("setup", value))
    }
  }

  fileprivate mutating func removeFromSections(_ name: String) {
    for index in mediaSections.indices {
      mediaSections[index].attributes.removeAll { $0.name == name }
    }
  }
}
