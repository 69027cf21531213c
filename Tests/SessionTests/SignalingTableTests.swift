import SDP
import Session
import Testing
import Wire

/// Every call in every state (W3C WebRTC §4.4.1.5, RFC 8829 §3.2).
struct SignalingTableTests {
  enum Call: String, CaseIterable, Sendable {
    case createOffer, createAnswer
    case localOffer, localProvisionalAnswer, localAnswer, localRollback, localWhateverFits
    case remoteOffer, remoteProvisionalAnswer, remoteAnswer, remoteRollback
  }

  static let states: [SignalingState] = [
    .stable, .haveLocalOffer, .haveRemoteOffer, .haveLocalProvisionalAnswer,
    .haveRemoteProvisionalAnswer, .closed,
  ]

  /// Where a call leads; calls that are not listed are refused.
  static let table: [SignalingState: [Call: SignalingState]] = [
    .stable: [
      .createOffer: .stable, .localOffer: .haveLocalOffer, .localWhateverFits: .haveLocalOffer,
      .remoteOffer: .haveRemoteOffer,
    ],
    .haveLocalOffer: [
      .createOffer: .haveLocalOffer, .localOffer: .haveLocalOffer,
      .localWhateverFits: .haveLocalOffer, .localRollback: .stable, .remoteRollback: .stable,
      .remoteOffer: .haveRemoteOffer, .remoteAnswer: .stable,
      .remoteProvisionalAnswer: .haveRemoteProvisionalAnswer,
    ],
    .haveRemoteOffer: [
      .createAnswer: .haveRemoteOffer, .localAnswer: .stable, .localWhateverFits: .stable,
      .localProvisionalAnswer: .haveLocalProvisionalAnswer, .localRollback: .stable,
      .remoteRollback: .stable, .remoteOffer: .haveRemoteOffer,
    ],
    .haveLocalProvisionalAnswer: [
      .createAnswer: .haveLocalProvisionalAnswer, .localAnswer: .stable,
      .localWhateverFits: .stable, .localProvisionalAnswer: .haveLocalProvisionalAnswer,
    ],
    .haveRemoteProvisionalAnswer: [
      .remoteAnswer: .stable, .remoteProvisionalAnswer: .haveRemoteProvisionalAnswer,
    ],
    .closed: [:],
  ]

  /// Two sessions of which the first is in `state`, and texts that would fit it.
  private struct Scene {
    let session: PeerSession
    let other: PeerSession
    var foreignOffer = ""
    var foreignAnswer = ""
    let outbox = Outbox()

    init(_ state: SignalingState) throws {
      session = try Couple.session(0, seed: 1)
      other = try Couple.session(1, seed: 2)
      let third = try Couple.session(2, seed: 3)
      _ = try session.addTransceiver(.audio)
      _ = try third.addTransceiver(.video)
      foreignOffer = try third.createOffer().sdp
      if [.haveRemoteOffer, .haveLocalProvisionalAnswer].contains(state) {
        try session.setRemoteDescription(
          .init(kind: .offer, sdp: foreignOffer), at: .zero, into: outbox)
        if state == .haveLocalProvisionalAnswer {
          try session.setLocalDescription(
            .init(kind: .provisionalAnswer, sdp: ""), at: .zero, into: outbox)
        }
      }
      if [.haveLocalOffer, .haveRemoteProvisionalAnswer].contains(state) {
        try session.setLocalDescription(nil, at: .zero, into: outbox)
        let offer = try #require(session.localDescription)
        try other.setRemoteDescription(offer, at: .zero, into: outbox)
        foreignAnswer = try other.createAnswer().sdp
        if state == .haveRemoteProvisionalAnswer {
          try session.setRemoteDescription(
            .init(kind: .provisionalAnswer, sdp: foreignAnswer), at: .zero, into: outbox)
        }
      }
      if state == .closed { session.close(at: .zero, into: outbox) }
      #expect(session.signalingState == state)
      _ = session.takeEvents()
    }

    func perform(_ call: Call) throws {
      func local(_ kind: SessionDescriptionText.Kind) throws {
        try session.setLocalDescription(.init(kind: kind, sdp: ""), at: .zero, into: outbox)
      }
      func remote(_ kind: SessionDescriptionText.Kind, _ text: String) throws {
        try session.setRemoteDescription(.init(kind: kind, sdp: text), at: .zero, into: outbox)
      }
      switch call {
      case .createOffer: _ = try session.createOffer()
      case .createAnswer: _ = try session.createAnswer()
      case .localOffer: try local(.offer)
      case .localProvisionalAnswer: try local(.provisionalAnswer)
      case .localAnswer: try local(.answer)
      case .localRollback: try local(.rollback)
      case .localWhateverFits: try session.setLocalDescription(nil, at: .zero, into: outbox)
      case .remoteOffer: try remote(.offer, foreignOffer)
      case .remoteProvisionalAnswer: try remote(.provisionalAnswer, foreignAnswer)
      case .remoteAnswer: try remote(.answer, foreignAnswer)
      case .remoteRollback: try remote(.rollback, "")
      }
    }
  }

  @Test(arguments: states, Call.allCases)
  func `a call leads where it should or changes nothing`(state: SignalingState, call: Call) throws {
    let scene = try Scene(state)
    let before = (
      scene.session.localDescription, scene.session.remoteDescription, scene.session.transceivers
    )
    if let next = Self.table[state]?[call] {
      try scene.perform(call)
      #expect(scene.session.signalingState == next)
      let told = scene.session.takeEvents().compactMap { event -> SignalingState? in
        if case .signalingStateChanged(let state) = event { state } else { nil }
      }
      #expect(told.last == (next == state ? nil : next))
    } else {
      #expect(throws: SessionError.self) { try scene.perform(call) }
      #expect(scene.session.signalingState == state)
      #expect(scene.session.takeEvents().isEmpty)
      #expect(scene.session.localDescription == before.0)
      #expect(scene.session.remoteDescription == before.1)
      #expect(scene.session.transceivers == before.2)
    }
  }

  @Test func `what was not created is not set`() throws {
    let session = try Couple.session()
    let outbox = Outbox()
    _ = try session.addTransceiver(.audio)
    let offer = try session.createOffer()
    var altered = offer
    altered.sdp.replace("opus", with: "Opus")
    #expect(throws: SessionError.modified) {
      try session.setLocalDescription(altered, at: .zero, into: outbox)
    }
    // A later offer takes the place of an earlier one.
    _ = try session.addTransceiver(.video)
    let second = try session.createOffer()
    #expect(throws: SessionError.modified) {
      try session.setLocalDescription(offer, at: .zero, into: outbox)
    }
    try session.setLocalDescription(second, at: .zero, into: outbox)
    try session.setLocalDescription(second, at: .zero, into: outbox)
    #expect(session.signalingState == .haveLocalOffer)
  }

  @Test func `an offer made before another exchange is stale`() throws {
    let couple = try Couple()
    let stale = try couple.alice.session.createOffer()
    _ = try couple.bob.session.addTransceiver(.audio)
    try couple.exchange(from: couple.bob)
    #expect(throws: SessionError.modified) { try couple.setLocal(couple.alice, stale) }
    #expect(couple.alice.session.signalingState == .stable)
  }

  @Test func `pending and current descriptions follow the exchange`() throws {
    let couple = try Couple()
    let (alice, bob) = (couple.alice.session, couple.bob.session)
    _ = try alice.addTransceiver(.audio)
    try couple.setLocal(couple.alice)
    #expect(alice.pendingLocalDescription?.kind == .offer && alice.currentLocalDescription == nil)
    try couple.setRemote(couple.bob, try #require(alice.localDescription))
    #expect(bob.pendingRemoteDescription?.kind == .offer)
    try couple.setLocal(couple.bob, .init(kind: .provisionalAnswer, sdp: ""))
    #expect(bob.pendingLocalDescription?.kind == .provisionalAnswer)
    try couple.setRemote(couple.alice, try #require(bob.localDescription))
    #expect(alice.pendingRemoteDescription?.kind == .provisionalAnswer)
    #expect(couple.connect())
    try couple.setLocal(couple.bob)
    #expect(bob.currentLocalDescription?.kind == .answer && bob.pendingLocalDescription == nil)
    #expect(bob.currentRemoteDescription?.kind == .offer)
    try couple.setRemote(couple.alice, try #require(bob.localDescription))
    #expect(alice.currentLocalDescription?.kind == .offer && alice.pendingLocalDescription == nil)
    #expect(alice.currentRemoteDescription?.kind == .answer)
    #expect(couple.areConnected)
    #expect(
      couple.alice.signalingStates == [.haveLocalOffer, .haveRemoteProvisionalAnswer, .stable])
    #expect(couple.bob.signalingStates == [.haveRemoteOffer, .haveLocalProvisionalAnswer, .stable])
  }
}
