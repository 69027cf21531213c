import RTCTesting
import SDP
import Session
import Testing
import Wire

struct TransceiverTests {
  @Test func `addTrack takes a transceiver that never sent`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTransceiver(.audio)
    try couple.exchange(from: couple.alice)
    let made = try #require(couple.bob.session.transceivers.first)
    #expect(made.direction == .recvonly && made.currentDirection == .recvonly)
    let id = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    #expect(id == made.id)
    #expect(couple.bob.session.transceiver(id)?.direction == .sendrecv)
    #expect(couple.bob.session.isNegotiationNeeded)
    // One that sent is left alone, even without a track.
    try couple.exchange(from: couple.bob)
    try couple.bob.session.removeTrack(of: id)
    #expect(couple.bob.session.transceiver(id)?.direction == .recvonly)
    let other = try couple.bob.session.addTrack(OutgoingTrack(id: "c"), .audio)
    #expect(other != id)
    #expect(throws: SessionError.self) {
      try couple.bob.session.addTrack(OutgoingTrack(id: "c"), .audio)
    }
  }

  @Test func `a remote offer takes what addTrack made, not what addTransceiver made`() throws {
    let couple = try Couple()
    _ = try couple.bob.session.addTransceiver(.audio, track: OutgoingTrack(id: "t"))
    let added = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.alice)
    let bob = couple.bob.session
    #expect(bob.transceivers.count == 2)
    #expect(bob.transceiver(added)?.mid == "0")
    #expect(bob.transceiver(added)?.currentDirection == .sendrecv)
    #expect(bob.transceivers[0].mid == nil)
    #expect(bob.isNegotiationNeeded)
    try couple.exchange(from: couple.bob)
    #expect(!bob.isNegotiationNeeded && bob.transceivers[0].mid == "1")
    #expect(couple.alice.session.transceivers.map(\.mid) == ["0", "1"])
  }

  @Test func `an offer to receive takes what addTrack made too`() throws {
    let couple = try Couple()
    let added = try couple.bob.session.addTrack(OutgoingTrack(id: "b"), .video)
    _ = try couple.alice.session.addTransceiver(.video, direction: .recvonly)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.session.transceivers.map(\.id) == [added])
    #expect(couple.bob.session.transceivers[0].currentDirection == .sendonly)
    #expect(couple.alice.tracks.count == 1)
    // One that only sends takes nothing.
    let third = try Couple()
    _ = try third.bob.session.addTrack(OutgoingTrack(id: "b"), .video)
    _ = try third.alice.session.addTransceiver(.video, direction: .sendonly)
    try third.exchange(from: third.alice)
    #expect(third.bob.session.transceivers.count == 2)
  }

  @Test(arguments: Direction.allCases, Direction.allCases)
  func `directions meet in what both want`(ours: Direction, theirs: Direction) throws {
    let couple = try Couple()
    let mine = try couple.alice.session.addTransceiver(.audio)
    try couple.exchange(from: couple.alice)
    let other = try #require(couple.bob.session.transceivers.first?.id)
    try couple.alice.session.setDirection(ours, of: mine)
    try couple.bob.session.setDirection(theirs, of: other)
    for node in couple.nodes {
      try couple.exchange(from: node)
      let expected = Direction(
        sends: ours.sends && theirs.receives, receives: ours.receives && theirs.sends)
      #expect(couple.alice.session.transceivers[0].currentDirection == expected)
      #expect(couple.bob.session.transceivers[0].currentDirection == expected.reversed)
      #expect(couple.alice.session.transceivers[0].receiver.isActive == expected.receives)
      #expect(couple.bob.session.transceivers[0].receiver.isActive == expected.sends)
    }
    // Nobody wants anything more that the other side would take.
    #expect(!couple.bob.session.isNegotiationNeeded)
  }

  @Test func `tracks come and go with the direction`() throws {
    let couple = try Couple()
    let id = try couple.alice.session.addTrack(OutgoingTrack(id: "a", streamIDs: ["x"]), .audio)
    try couple.exchange(from: couple.alice)
    let theirs = couple.bob.session.transceivers[0].id
    #expect(couple.bob.tracks == [theirs])
    try couple.alice.session.removeTrack(of: id)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.removedTracks == [theirs])
    #expect(couple.bob.session.transceivers[0].receiver.streamIDs.isEmpty)
    try couple.alice.session.setDirection(.sendrecv, of: id)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.tracks == [theirs, theirs])
  }

  @Test func `streams are told and a change of them needs an offer`() throws {
    let couple = try Couple()
    let id = try couple.alice.session.addTrack(
      OutgoingTrack(id: "a", streamIDs: ["x", "y", "x"]), .audio)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.session.transceivers[0].receiver.streamIDs == ["x", "y"])
    #expect(!couple.alice.session.isNegotiationNeeded)
    try couple.alice.session.setStreams(of: id, to: ["z"])
    #expect(couple.alice.session.isNegotiationNeeded)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.session.transceivers[0].receiver.streamIDs == ["z"])
    #expect(!couple.alice.session.isNegotiationNeeded)
  }

  @Test(arguments: [true, false])
  func `a stopped transceiver is gone on both sides, and its place is taken`(byOfferer: Bool) throws
  {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "v"), .video)
    try couple.exchange(from: couple.alice)
    let stopper = byOfferer ? couple.alice : couple.bob
    try stopper.session.stop(stopper.session.transceivers[1].id)
    #expect(stopper.session.isNegotiationNeeded && stopper.session.transceivers[1].isStopping)
    try couple.exchange(from: couple.alice)
    if !byOfferer {
      #expect(couple.alice.session.transceivers.count == 1)
    }
    for node in couple.nodes {
      #expect(node.session.transceivers.map(\.kind) == [.audio])
      #expect(!node.session.isNegotiationNeeded)
    }
    let offer = try SessionDescription(parsing: couple.alice.session.createOffer().sdp)
    #expect(offer.mediaSections[1].isRejected && offer.bundle == ["0"])
    // Another takes the place, with another tag, and may be of another kind.
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "w"), .audio)
    _ = try couple.bob.session.addTransceiver(.audio)
    try couple.exchange(from: couple.bob)
    let sdp = try SessionDescription(
      parsing: try #require(couple.bob.session.localDescription).sdp)
    #expect(sdp.mediaSections.count == 2 && sdp.mediaSections[1].kind == .audio)
    #expect(sdp.mediaSections[1].mid != "1" && sdp.bundle?.count == 2)
    #expect(couple.alice.session.transceivers.count == 2)
    #expect(couple.connect())
  }

  @Test func `the first section may be stopped and recycled`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "a"), .audio)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "v"), .video)
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    try couple.alice.session.stop(couple.alice.session.transceivers[0].id)
    try couple.exchange(from: couple.alice)
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "b"), .audio)
    try couple.exchange(from: couple.alice)
    let offer = try SessionDescription(
      parsing: try #require(couple.alice.session.localDescription).sdp)
    #expect(offer.bundle == ["1", "2"] && offer.mediaSections.map(\.mid) == ["2", "1"])
    try couple.exchange(from: couple.bob)
    couple.network.run(for: .seconds(2))
    #expect(couple.areConnected)
    #expect(couple.nodes.allSatisfy { !$0.connectionStates.contains(.failed) })
  }

  @Test func `a transceiver stopped before any offer leaves no trace`() throws {
    let session = try Couple.session()
    let id = try session.addTransceiver(.video)
    try session.stop(id)
    #expect(session.transceivers.isEmpty && !session.isNegotiationNeeded)
    #expect(try SessionDescription(parsing: session.createOffer().sdp).mediaSections.isEmpty)
  }

  @Test func `simulcast layers are offered and agreed`() throws {
    var configuration = SessionConfiguration()
    configuration.receivesSimulcast = true
    let couple = try Couple(bob: configuration)
    let layers = [SendEncoding(rid: "q"), SendEncoding(rid: "h"), SendEncoding(rid: "f")]
    let id = try couple.alice.session.addTransceiver(
      .video, direction: .sendonly, track: OutgoingTrack(id: "cam"), sendEncodings: layers)
    try couple.exchange(from: couple.alice)
    #expect(couple.alice.session.transceiver(id)?.agreed?.sendRIDs == ["q", "h", "f"])
    #expect(couple.bob.session.transceivers[0].agreed?.receiveRIDs == ["q", "h", "f"])
    #expect(couple.alice.session.transceiver(id)?.sender.encodings.count == 3)
  }

  @Test func `who takes no simulcast gets one layer`() throws {
    let couple = try Couple()
    let id = try couple.alice.session.addTransceiver(
      .video, track: OutgoingTrack(id: "cam"),
      sendEncodings: [SendEncoding(rid: "q"), SendEncoding(rid: "f")])
    try couple.exchange(from: couple.alice)
    #expect(couple.alice.session.transceiver(id)?.sender.encodings.map(\.rid) == ["q"])
  }

  @Test func `senseless layers are refused`() throws {
    let session = try Couple.session()
    let bad: [[SendEncoding]] = [
      [SendEncoding(rid: "a"), SendEncoding(rid: "a")], [SendEncoding(), SendEncoding(rid: "a")],
      [SendEncoding(rid: "a b"), SendEncoding(rid: "c")],
      [SendEncoding(rid: "a", scaleResolutionDownBy: 0.5), SendEncoding(rid: "c")],
      (0..<9).map { SendEncoding(rid: "r\($0)") },
    ]
    for layers in bad {
      #expect(throws: SessionError.self) {
        try session.addTransceiver(.video, sendEncodings: layers)
      }
    }
    #expect(session.transceivers.isEmpty)
  }

  @Test func `payload types and extension numbers never change`() throws {
    let couple = try Couple()
    _ = try couple.alice.session.addTrack(OutgoingTrack(id: "v"), .video)
    try couple.exchange(from: couple.alice)
    let first = couple.alice.session.transceivers[0].agreed
    #expect(first?.codecs.map(\.name) == ["VP8", "VP9", "H264", "AV1"])
    #expect(first?.codecs.allSatisfy { $0.rtxPayloadType != nil } == true)
    _ = try couple.bob.session.addTrack(OutgoingTrack(id: "a"), .audio)
    try couple.exchange(from: couple.bob)
    try couple.exchange(from: couple.alice)
    let now = couple.alice.session.transceivers[0].agreed
    #expect(now?.codecs == first?.codecs && now?.extensions == first?.extensions)
    let theirs = couple.bob.session.transceivers[0].agreed
    #expect(theirs?.codecs.map(\.payloadType) == first?.codecs.map(\.payloadType))
    let sound = couple.bob.session.transceivers[1].agreed?.extensions ?? []
    for one in sound {
      let same = first?.extensions.first { $0.uri == one.uri }
      #expect(same.map { $0.id == one.id } ?? true)
      #expect(first?.extensions.contains { $0.id == one.id && $0.uri != one.uri } == false)
    }
  }

  @Test func `codec preferences order and limit what is agreed`() throws {
    let couple = try Couple()
    let id = try couple.alice.session.addTransceiver(.video)
    try couple.alice.session.setCodecPreferences([.h264, .vp8], of: id)
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.session.transceivers[0].agreed?.codecs.map(\.name) == ["H264", "VP8"])
    let theirs = couple.bob.session.transceivers[0].id
    try couple.bob.session.setCodecPreferences([.vp8], of: theirs)
    try couple.exchange(from: couple.alice)
    #expect(couple.alice.session.transceiver(id)?.agreed?.codecs.map(\.name) == ["VP8"])
    try couple.bob.session.setCodecPreferences([], of: theirs)
    #expect(throws: SessionError.self) {
      try couple.bob.session.setCodecPreferences([.opus], of: theirs)
    }
  }

  @Test func `there is an end to transceivers`() throws {
    let session = try Couple.session()
    for _ in 0..<250 { _ = try session.addTransceiver(.audio) }
    #expect(throws: SessionError.limitReached("transceivers")) {
      try session.addTransceiver(.audio)
    }
    let offer = try session.createOffer()
    #expect(try SessionDescription(parsing: offer.sdp).mediaSections.count == 250)
  }
}
