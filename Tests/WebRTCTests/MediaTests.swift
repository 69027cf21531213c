import Media
import Session
import Testing

@testable import WebRTC

struct MediaTests {
  @Test func `frames of both kinds arrive whole`() async throws {
    let call = try await Call()
    let sound = try await call.caller.addTrack(.audio, OutgoingTrack(id: "sound"))
    let picture = try await call.caller.addTrack(.video, OutgoingTrack(id: "picture"))
    try await call.negotiate()
    var tracks = call.calleeTracks.makeAsyncIterator()
    let first = try #require(await tracks.next())
    let second = try #require(await tracks.next())
    #expect(Set([first.kind, second.kind]) == [.audio, .video])
    let video = first.kind == .video ? first : second
    let audio = first.kind == .video ? second : first
    let (pictures, sounds) = (video.receiver.frames(), audio.receiver.frames())
    try await call.caller.connected()
    // A VP8 key frame header for 64×48, then anything.
    let keyFrame =
      [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 48, 0] + [UInt8](repeating: 7, count: 5000)
    for number in 0..<5 as Range<UInt32> {
      try await picture.sender.send(EncodedFrame(bytes: keyFrame, timestamp: number * 3000))
      try await sound.sender.send(EncodedFrame(bytes: [1, 2, 3], timestamp: number * 960))
    }
    var pictureIterator = pictures.makeAsyncIterator()
    let shown = try #require(await pictureIterator.next())
    #expect(shown.frame.bytes == keyFrame && shown.codec == .vp8)
    var soundIterator = sounds.makeAsyncIterator()
    #expect(await soundIterator.next()?.frame.bytes == [1, 2, 3])
    let stats = await call.callee.getStats()
    #expect(!stats.entries(of: .inboundRTP).isEmpty)
    await call.close()
  }

  @Test func `a key-frame request reaches the sender`() async throws {
    let call = try await Call()
    let picture = try await call.caller.addTrack(.video, OutgoingTrack(id: "picture"))
    try await call.negotiate()
    var tracks = call.calleeTracks.makeAsyncIterator()
    let video = try #require(await tracks.next())
    let frames = video.receiver.frames()
    try await call.caller.connected()
    let requests = picture.sender.keyFrameRequests()
    let keyFrame =
      [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 48, 0] + [UInt8](repeating: 7, count: 50)
    try await picture.sender.send(EncodedFrame(bytes: keyFrame, timestamp: 0))
    var iterator = frames.makeAsyncIterator()
    #expect(await iterator.next() != nil)
    await video.receiver.requestKeyFrame()
    var asked = requests.makeAsyncIterator()
    #expect(await asked.next() == "")
    await call.close()
    #expect(await asked.next() == nil)
  }

  @Test(.timeLimit(.minutes(1)))
  func
    `who begins to read pictures when some have passed gets a key frame, who was there before asks for none`()
    async throws
  {
    let call = try await Call()
    let picture = try await call.caller.addTrack(.video, OutgoingTrack(id: "picture"))
    try await call.negotiate()
    var tracks = call.calleeTracks.makeAsyncIterator()
    let video = try #require(await tracks.next())
    var early = video.receiver.frames().makeAsyncIterator()
    try await call.caller.connected()
    var requests = picture.sender.keyFrameRequests().makeAsyncIterator()
    let keyFrame =
      [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 48, 0] + [UInt8](repeating: 7, count: 50)
    let other = [0x11, 0x02, 0x00] + [UInt8](repeating: 7, count: 50)
    for number in 0..<3 as Range<UInt32> {
      try await picture.sender.send(
        EncodedFrame(
          bytes: number == 0 ? keyFrame : other, timestamp: number * 3000, isKeyFrame: number == 0))
      #expect(await early.next()?.frame.isKeyFrame == (number == 0))
    }
    #expect(await call.callee.pictureLossCount == 0)
    var late = video.receiver.frames().makeAsyncIterator()
    #expect(await requests.next() == "")
    try await picture.sender.send(EncodedFrame(bytes: keyFrame, timestamp: 9000))
    #expect(await late.next()?.frame.isKeyFrame == true)
    #expect(await call.callee.pictureLossCount == 1)
    await call.close()
  }
}

extension PeerConnection {
  /// Picture loss indications sent so far.
  fileprivate var pictureLossCount: UInt64 {
    get async {
      await getStats().entries(of: .inboundRTP).reduce(0) { sum, entry in
        guard case .inboundRTP(let stream) = entry.content else { return sum }
        return sum + (stream.pliCount ?? 0)
      }
    }
  }
}
