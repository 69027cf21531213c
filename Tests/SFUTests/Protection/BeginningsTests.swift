import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Voices that get a slot when they begin to speak.
@Suite struct BeginningsTests {
  /// Three who are silent, and one who hears one voice.
  private static func room(
    seed: UInt64
  ) -> (room: VirtualRoom, speakers: [VirtualClient], listener: SoundListener) {
    let room = VirtualRoom(seed: seed)
    let speakers = (1...3).map { room.joinSpeaker(UInt8($0)) }
    for speaker in speakers { speaker.audioLevel = 127 }
    let (_, listener) = room.joinListener(9, takesRedundancy: false)
    room.network.run(for: .seconds(3))
    return (room, speakers, listener)
  }

  /// The number of the frame that is spoken now.
  private static func frame(_ room: VirtualRoom) -> UInt16 {
    UInt16((room.network.now - .zero).milliseconds / 20)
  }

  /// Time passes, and a viewer says what it can receive in bit/s.
  private static func run(
    _ room: VirtualRoom, for seconds: Int64, _ viewer: VirtualClient, takes bitrate: UInt64
  ) {
    for _ in 0..<seconds * 5 {
      room.network.act(as: viewer) { outbox, _ in
        let estimate = ReceiverEstimatedMaximumBitrate(
          senderSSRC: 1, bitrate: bitrate, ssrcs: [20_000])
        viewer.remote.sendRTCP(capacity: 64, into: outbox) { estimate.write(into: &$0) }
      }
      room.network.run(for: .milliseconds(200))
    }
  }

  @Test func `the first word of whoever begins to speak is heard from its beginning on`() {
    let (room, speakers, listener) = Self.room(seed: 31)
    for _ in 0..<3 {
      for speaker in speakers {
        let start = Self.frame(room) + 1
        speaker.audioLevel = 25
        room.network.run(for: .seconds(2))
        speaker.audioLevel = 127
        room.network.run(for: .milliseconds(1500))
        let frames = listener.heard.filter { $0.sender == speaker.name }.map(\.frame)
        #expect(Set(start..<start + 95).isSubset(of: Set(frames)), "\(speaker.name)")
      }
    }
    #expect(zip(listener.numbers, listener.numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
    #expect(listener.isConsistent)
    let times = listener.heard.map(\.timestamp)
    #expect(zip(times, times.dropFirst()).allSatisfy { Int32(bitPattern: $1 &- $0) > 0 })
  }

  @Test func `what was said while a microphone was off is no beginning`() {
    let (room, speakers, listener) = Self.room(seed: 32)
    let speaker = speakers[2]
    room.setLive(false, speaker, .microphone)
    speaker.audioLevel = 25
    room.network.run(for: .seconds(1))
    let start = Self.frame(room)
    room.setLive(true, speaker, .microphone)
    room.network.run(for: .seconds(1))
    let frames = listener.heard.filter { $0.sender == speaker.name && $0.frame > start - 60 }
    #expect(frames.count > 40)
    #expect(frames.allSatisfy { $0.frame >= start - 1 }, "\(start): \(frames.map(\.frame))")
  }

  @Test func `whoever has been speaking for long is heard from now on`() {
    let (room, speakers, listener) = Self.room(seed: 33)
    speakers[0].audioLevel = 25
    room.network.run(for: .seconds(1))
    speakers[1].audioLevel = 25
    room.network.run(for: .seconds(3))
    speakers[0].audioLevel = 127
    let start = Self.frame(room)
    room.network.run(for: .seconds(3))
    let frames = listener.heard.filter { $0.sender == speakers[1].name && $0.frame > start - 100 }
    #expect(frames.count > 50 && frames.allSatisfy { $0.frame >= start })
  }

  @Test func `a narrow way carries those who speak, and begins with their first word`() {
    let (room, speakers, listener) = Self.room(seed: 34)
    let viewer = room.clients[3]
    Self.run(room, for: 3, viewer, takes: 500_000)
    let before = listener.numbers.count
    Self.run(room, for: 2, viewer, takes: 500_000)
    #expect(listener.numbers.count == before)
    let start = Self.frame(room) + 1
    speakers[1].audioLevel = 25
    Self.run(room, for: 2, viewer, takes: 500_000)
    let frames = listener.heard.filter { $0.sender == speakers[1].name }.map(\.frame)
    #expect(Set(start..<start + 90).isSubset(of: Set(frames)))
    #expect(listener.isConsistent)
  }

  @Test func `on the narrowest way frames go in pairs, and none is lost for that`() {
    let (room, speakers, listener) = Self.room(seed: 35)
    let viewer = room.clients[3]
    Self.run(room, for: 3, viewer, takes: 60_000)
    speakers[1].audioLevel = 25
    room.setConditions(
      LinkConditions(delay: .milliseconds(10), loss: .bernoulli(0.05)), of: speakers[1], .outgoing)
    Self.run(room, for: 1, viewer, takes: 60_000)
    let (start, before) = (Self.frame(room), listener.pairCount)
    let packets = listener.numbers.count
    Self.run(room, for: 10, viewer, takes: 60_000)
    let frames = Set(
      listener.heard.filter { $0.sender == speakers[1].name && $0.frame >= start }.map(\.frame))
    #expect(Double(frames.count) > 500 * 0.92 && frames.count < 500)
    #expect(listener.pairCount - before > 200)
    #expect(listener.numbers.count - packets < 300)
    #expect(listener.isConsistent)
  }
}
