import Media
import RTCTesting
import RTP
import SDP
import Session
import Testing
import Wire

/// Frames whose content follows from their number.
enum TestFrame {
  /// VP8: a key frame of 640 × 360 each `keyInterval`, delta frames between.
  static func vp8(_ number: Int, isKeyFrame: Bool, byteCount: Int = 2500) -> EncodedFrame {
    var bytes: [UInt8] =
      isKeyFrame ? [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01] : [0x11, 0, 0]
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    while bytes.count < byteCount { bytes.append(UInt8(truncatingIfNeeded: bytes.count &* number)) }
    return EncodedFrame(
      bytes: bytes, timestamp: UInt32(truncatingIfNeeded: number &* 3000), isKeyFrame: isKeyFrame)
  }

  /// Opus of 20 ms.
  static func opus(_ number: Int) -> EncodedFrame {
    let name = (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    return EncodedFrame(
      bytes: [0xf8] + name + [UInt8](repeating: 7, count: 60),
      timestamp: UInt32(truncatingIfNeeded: number &* 960))
  }

  /// The number in a frame of either kind.
  static func number(_ frame: EncodedFrame) -> Int {
    let start = frame.bytes.first == 0xf8 ? 1 : frame.isKeyFrame ? 10 : 3
    return (0..<4).reduce(0) { $0 | Int(frame.bytes[start + $1]) << ($1 * 8) }
  }
}

extension SessionNode {
  var mediaEvents: [MediaEvent] {
    events.compactMap { if case .media(let event) = $0 { event } else { nil } }
  }

  /// The frames of a transceiver, or of one of its layers.
  func frames(of id: TransceiverID, rid: String = "") -> [EncodedFrame] {
    mediaEvents.compactMap {
      guard case .frame(id, rid, _, let received) = $0 else { return nil }
      return received.frame
    }
  }

  func packets(of id: TransceiverID) -> [ReceivedPacket] {
    mediaEvents.compactMap {
      guard case .packet(id, _, let packet) = $0 else { return nil }
      return packet
    }
  }

  func keyFrameRequests(of id: TransceiverID) -> Int {
    mediaEvents.count { if case .keyFrameRequested(id, _) = $0 { true } else { false } }
  }

  /// True for each time the track was unmuted, false for each time it was muted.
  func flow(of id: TransceiverID) -> [Bool] {
    mediaEvents.compactMap {
      switch $0 {
      case .unmuted(id): true
      case .muted(id): false
      default: nil
      }
    }
  }
}

/// Sends pictures, 33 ms each, and sound, 20 ms each, from one side of a couple to the other.
final class Studio {
  let couple: Couple
  let node: SessionNode
  var video: TransceiverID?
  var audio: TransceiverID?
  /// The layers pictures are sent in.
  var rids = [""]
  var keyInterval = 100
  private(set) var videoCount = 0
  private(set) var audioCount = 0
  private var wantsKeyFrame = false
  private var seenRequests = 0

  init(_ couple: Couple, _ node: SessionNode) {
    self.couple = couple
    self.node = node
  }

  func send(for duration: Duration) throws {
    let start = couple.network.now
    var step = 0
    while couple.network.now < start + duration {
      if step % 20 == 0, let audio {
        try send(TestFrame.opus(audioCount), on: audio, "")
        audioCount += 1
      }
      if step % 33 == 0, let video {
        let requests = node.keyFrameRequests(of: video)
        let isKey = videoCount % keyInterval == 0 || requests > seenRequests
        seenRequests = requests
        let frame = TestFrame.vp8(videoCount, isKeyFrame: isKey)
        for rid in rids { try send(frame, on: video, rid) }
        videoCount += 1
      }
      step += 1
      couple.network.run(for: .milliseconds(1))
    }
  }

  private func send(_ frame: EncodedFrame, on id: TransceiverID, _ rid: String) throws {
    try couple.act(node) { session, now, outbox in
      try session.send(frame, on: id, rid: rid, at: now, into: outbox)
    }
  }
}

extension Couple {
  /// Alice sends sound and pictures to Bob; both are connected.
  static func calling(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)),
    encodings: [SendEncoding] = [], direction: Direction = .sendonly,
    alice: SessionConfiguration = .init(), bob: SessionConfiguration = .init()
  ) throws -> (couple: Couple, studio: Studio, video: TransceiverID, audio: TransceiverID) {
    let couple = try Couple(seed: seed, conditions: conditions, alice: alice, bob: bob)
    let studio = Studio(couple, couple.alice)
    studio.audio = try couple.act(couple.alice) { session, _, _ in
      try session.addTransceiver(.audio, direction: direction, track: OutgoingTrack(id: "voice"))
    }
    studio.video = try couple.act(couple.alice) { session, _, _ in
      try session.addTransceiver(
        .video, direction: direction, track: OutgoingTrack(id: "camera"),
        sendEncodings: encodings)
    }
    try couple.exchange(from: couple.alice)
    #expect(couple.connect())
    let remote = couple.bob.session.transceivers
    return (
      couple, studio, try #require(remote.first { $0.kind == .video }?.id),
      try #require(remote.first { $0.kind == .audio }?.id)
    )
  }
}
