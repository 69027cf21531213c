import Media
import RTCTesting
import RTP
import SDP
import Session
import Testing
import Wire

struct MediaFlowTests {
  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `pictures arrive whole and in order over a link that loses, and sound with few gaps`(
    seed: UInt64
  ) throws {
    let loss = LinkConditions.Loss.bernoulli(0.05)
    let (couple, studio, video, audio) = try Couple.calling(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(15), loss: loss))
    try studio.send(for: .seconds(10))
    couple.network.run(for: .seconds(2))
    let pictures = couple.bob.frames(of: video)
    let numbers = pictures.map(TestFrame.number)
    #expect(numbers.count >= studio.videoCount - 3)
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 })
    #expect(
      pictures.allSatisfy {
        $0.bytes == TestFrame.vp8(TestFrame.number($0), isKeyFrame: $0.isKeyFrame).bytes
      })
    let steps = zip(pictures, pictures.dropFirst()).map { $1.timestamp &- $0.timestamp }
    #expect(steps.allSatisfy { $0 == 3000 })
    #expect(couple.bob.packets(of: video).contains { $0.isRepaired })

    let sounds = couple.bob.frames(of: audio).map(TestFrame.number)
    #expect(zip(sounds, sounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Double(sounds.count) > 0.85 * Double(studio.audioCount))
    #expect(couple.bob.flow(of: video) == [true] && couple.bob.flow(of: audio) == [true])
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `media flows both ways at once`() throws {
    let (couple, alice, video, audio) = try Couple.calling(direction: .sendrecv)
    let bob = Studio(couple, couple.bob)
    (bob.video, bob.audio) = (video, audio)
    for (id, track) in [(video, "back"), (audio, "answer")] {
      try couple.act(couple.bob) { session, _, _ in
        try session.setDirection(.sendrecv, of: id)
        try session.replaceTrack(of: id, with: track)
      }
    }
    try couple.exchange(from: couple.bob)
    for _ in 0..<40 {
      try alice.send(for: .milliseconds(50))
      try bob.send(for: .milliseconds(50))
    }
    #expect(couple.bob.frames(of: video).count >= 39)
    #expect(couple.alice.frames(of: try #require(alice.video)).count >= 39)
    #expect(couple.alice.frames(of: try #require(alice.audio)).count >= 60)
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `a key frame that is asked for is asked of the sender, and comes`() throws {
    let (couple, studio, video, _) = try Couple.calling()
    studio.keyInterval = .max
    try studio.send(for: .seconds(1))
    let sent = try #require(studio.video)
    #expect(couple.alice.keyFrameRequests(of: sent) == 0)
    try couple.act(couple.bob) { $0.requestKeyFrame(of: video, at: $1, into: $2) }
    try studio.send(for: .seconds(2))
    #expect(couple.alice.keyFrameRequests(of: sent) == 1)
    #expect(couple.bob.frames(of: video).count { $0.isKeyFrame } == 2)
  }

  @Test func `after an outage a key frame is asked for, and pictures go on with it`() throws {
    let (couple, studio, video, _) = try Couple.calling()
    studio.keyInterval = .max
    try studio.send(for: .seconds(1))
    let before = couple.bob.frames(of: video).count
    couple.network.setConditions(LinkConditions(isDown: true), of: couple.aliceHost)
    try studio.send(for: .seconds(2))
    couple.network.setConditions(LinkConditions(delay: .milliseconds(10)), of: couple.aliceHost)
    try studio.send(for: .seconds(4))
    let frames = couple.bob.frames(of: video)
    #expect(frames.count > before + 60)
    let gap = zip(frames, frames.dropFirst()).filter {
      TestFrame.number($1) != TestFrame.number($0) + 1
    }
    #expect(gap.count <= 1 && gap.allSatisfy { $1.isKeyFrame })
  }

  @Test func `simulcast layers are sent and received by their names`() throws {
    var configuration = SessionConfiguration()
    configuration.receivesSimulcast = true
    let (couple, studio, video, _) = try Couple.calling(
      encodings: [SendEncoding(rid: "q"), SendEncoding(rid: "h"), SendEncoding(rid: "f")],
      bob: configuration)
    studio.rids = ["q", "h", "f"]
    try studio.send(for: .seconds(2))
    for rid in studio.rids {
      let numbers = couple.bob.frames(of: video, rid: rid).map(TestFrame.number)
      #expect(numbers.count > 55)
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 })
    }
    #expect(Set(couple.bob.packets(of: video).map(\.ssrc)).count == 3)
    // One layer is switched off without an exchange.
    let sent = try #require(studio.video)
    try couple.act(couple.alice) { session, _, _ in
      var encodings = try #require(session.transceiver(sent)).sender.encodings
      encodings[1].isActive = false
      try session.setEncodings(encodings, of: sent)
    }
    #expect(throws: MediaSendError.noSuchEncoding) {
      try couple.act(couple.alice) {
        try $0.send(TestFrame.vp8(1, isKeyFrame: true), on: sent, rid: "h", at: $1, into: $2)
      }
    }
  }

  @Test func `layers are repaired too`() throws {
    var configuration = SessionConfiguration()
    configuration.receivesSimulcast = true
    let (couple, studio, video, _) = try Couple.calling(
      conditions: LinkConditions(delay: .milliseconds(10), loss: .bernoulli(0.05)),
      encodings: [SendEncoding(rid: "q"), SendEncoding(rid: "f")], bob: configuration)
    studio.rids = ["q", "f"]
    try studio.send(for: .seconds(4))
    couple.network.run(for: .seconds(1))
    for rid in studio.rids {
      let numbers = couple.bob.frames(of: video, rid: rid).map(TestFrame.number)
      #expect(numbers.count >= studio.videoCount - 12)
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 })
    }
    let repaired = couple.bob.packets(of: video).filter(\.isRepaired)
    #expect(Set(repaired.map(\.ssrc)).count == 2)
  }

  @Test func `a direction that changes stops media and starts it again`() throws {
    let (couple, studio, video, _) = try Couple.calling()
    try studio.send(for: .seconds(1))
    let sent = try #require(studio.video)
    try couple.act(couple.alice) { session, _, _ in try session.setDirection(.inactive, of: sent) }
    try couple.exchange(from: couple.alice)
    #expect(couple.bob.flow(of: video) == [true, false])
    #expect(throws: MediaSendError.notSending) {
      try couple.act(couple.alice) {
        try $0.send(TestFrame.vp8(1, isKeyFrame: true), on: sent, at: $1, into: $2)
      }
    }
    let ssrcs = Set(couple.bob.packets(of: video).map(\.ssrc))
    let count = couple.bob.frames(of: video).count
    try couple.act(couple.alice) { session, _, _ in try session.setDirection(.sendonly, of: sent) }
    try couple.exchange(from: couple.alice)
    studio.keyInterval = 10
    try studio.send(for: .seconds(1))
    #expect(couple.bob.flow(of: video) == [true, false, true])
    #expect(couple.bob.frames(of: video).count > count + 15)
    #expect(Set(couple.bob.packets(of: video).map(\.ssrc)) == ssrcs)
  }

  @Test func `what nobody reads is not made, and nothing is asked for in his name`() throws {
    let (couple, studio, video, audio) = try Couple.calling()
    try couple.act(couple.bob) { session, _, _ in
      session.setDelivery(.packets, of: video)
      session.setDelivery(.frames, of: audio)
    }
    studio.keyInterval = .max
    try studio.send(for: .milliseconds(100))
    couple.network.setConditions(LinkConditions(isDown: true), of: couple.aliceHost)
    try studio.send(for: .seconds(2))
    couple.network.setConditions(LinkConditions(delay: .milliseconds(10)), of: couple.aliceHost)
    try studio.send(for: .seconds(2))
    #expect(couple.bob.packets(of: video).count > 150 && couple.bob.frames(of: video).isEmpty)
    #expect(couple.bob.packets(of: audio).isEmpty && couple.bob.frames(of: audio).count > 80)
    #expect(couple.alice.keyFrameRequests(of: try #require(studio.video)) == 0)
  }

  @Test func `sound and picture of one sender can be matched by his clock`() throws {
    let (couple, studio, video, audio) = try Couple.calling()
    #expect(couple.bob.session.senderClock(of: video) == nil)
    try studio.send(for: .seconds(3))
    let (pictures, sounds) = (couple.bob.frames(of: video), couple.bob.frames(of: audio))
    let picture = try #require(pictures.first { TestFrame.number($0) == 60 })
    let sound = try #require(sounds.first { TestFrame.number($0) == 99 })
    let seen = try #require(couple.bob.session.senderClock(of: video))
      .networkTime(of: picture.timestamp)
    let heard = try #require(couple.bob.session.senderClock(of: audio))
      .networkTime(of: sound.timestamp)
    // The one left 1.98 s after the beginning, and so did the other.
    let apart = Int64(bitPattern: seen &- heard)
    #expect(abs(Double(apart) / 4_294_967_296) < 0.03)
  }

  @Test func `silence mutes a track, and media unmutes it`() throws {
    let (couple, studio, video, audio) = try Couple.calling()
    try studio.send(for: .seconds(1))
    couple.network.run(for: .seconds(5))
    #expect(couple.bob.flow(of: video) == [true, false])
    #expect(couple.bob.flow(of: audio) == [true, false])
    try studio.send(for: .seconds(1))
    #expect(couple.bob.flow(of: video) == [true, false, true])
    #expect(couple.network.stuckTimerCount == 0)
  }

  @Test func `a transceiver that is stopped says goodbye, and its track is muted`() throws {
    let (couple, studio, video, _) = try Couple.calling()
    try studio.send(for: .seconds(1))
    let sent = try #require(studio.video)
    try couple.act(couple.alice) { session, _, _ in try session.stop(sent) }
    try couple.exchange(from: couple.alice)
    couple.network.run(for: .milliseconds(100))
    #expect(couple.bob.flow(of: video) == [true, false])
    #expect(throws: MediaSendError.notSending) {
      try couple.act(couple.alice) {
        try $0.send(TestFrame.vp8(1, isKeyFrame: true), on: sent, at: $1, into: $2)
      }
    }
  }

  @Test func `what is sent too early, of another codec or too long is refused`() throws {
    let couple = try Couple()
    let id = try couple.act(couple.alice) { session, _, _ in
      try session.addTransceiver(.video, direction: .sendonly)
    }
    func send(_ packet: OutgoingPacket) throws {
      try couple.act(couple.alice) { try $0.send(packet, on: id, at: $1, into: $2) }
    }
    let type: UInt8 = 96
    let packet = OutgoingPacket(payloadType: type, timestamp: 0, payload: [1])
    #expect(throws: MediaSendError.notSending) { try send(packet) }
    try couple.exchange(from: couple.alice)
    #expect(throws: MediaSendError.notConnected) { try send(packet) }
    #expect(couple.connect())
    try send(packet)
    #expect(throws: MediaSendError.notAgreed) {
      try send(OutgoingPacket(payloadType: 50, timestamp: 0, payload: [1]))
    }
    #expect(throws: MediaSendError.tooLong) {
      try send(
        OutgoingPacket(
          payloadType: type, timestamp: 0, payload: [UInt8](repeating: 0, count: 1421)))
    }
    #expect(throws: MediaSendError.notAgreed) {
      try couple.act(couple.alice) {
        try $0.send(TestFrame.opus(1), codec: .opus, on: id, at: $1, into: $2)
      }
    }
    #expect(throws: MediaSendError.malformedFrame) {
      try couple.act(couple.alice) {
        try $0.send(EncodedFrame(bytes: [], timestamp: 0), on: id, at: $1, into: $2)
      }
    }
  }

  @Test func `with everything switched off media flows all the same`() throws {
    var configuration = SessionConfiguration()
    configuration.media.asksForRepair = false
    configuration.media.usesRetransmission = false
    configuration.media.usesPictureLoss = false
    configuration.media.usesIntraRequest = false
    configuration.media.sendsReports = false
    configuration.media.usesTransportFeedback = false
    configuration.media.namesStreams = false
    configuration.media.tellsSendTime = false
    configuration.media.tellsAudioLevel = false
    let (couple, studio, video, audio) = try Couple.calling(
      alice: configuration, bob: configuration)
    let sdp = try #require(couple.alice.session.localDescription).sdp
    for word in ["nack", "rtx", "ccm fir", "transport", "sdes:mid", "abs-send", "audio-level"] {
      #expect(!sdp.contains(word), "\(word)")
    }
    try studio.send(for: .seconds(2))
    #expect(couple.bob.frames(of: video).count > 55)
    #expect(couple.bob.frames(of: audio).count > 90)
  }

  @Test func `by default everything is offered`() throws {
    let (couple, studio, _, _) = try Couple.calling()
    let sdp = try #require(couple.alice.session.localDescription).sdp
    for word in [
      "nack", "nack pli", "rtx/90000", "ccm fir", "transport-cc", "sdes:mid", "abs-send-time",
      "audio-level",
    ] {
      #expect(sdp.contains(word), "\(word)")
    }
    try studio.send(for: .seconds(3))
    let told = couple.alice.mediaEvents.flatMap { event -> [TransportPacketResult] in
      if case .transportFeedback(let results) = event { results } else { [] }
    }
    #expect(told.count > 250 && told.allSatisfy { $0.arrivedAt != nil })
    #expect(Set(told.map(\.index)).count == told.count)
  }
}
