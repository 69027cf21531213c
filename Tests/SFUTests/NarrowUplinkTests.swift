import Peer
import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// What a sender cannot bring any more is left for what it can.
struct NarrowUplinkTests {
  /// Somebody who watches the largest size of a camera.
  private struct Watched {
    let room: AllocatedRoom
    let sender: VirtualClient
    let viewer: VirtualClient

    init(seed: UInt64, height: Int = 720) {
      room = AllocatedRoom(seed: seed)
      sender = room.join(1)
      viewer = room.join(2)
      room.view(viewer, [(sender, height, 10)])
      room.run(for: .seconds(5))
    }

    var forwarder: SelectiveForwarder { room.room.server.forwarder }
    var shown: Int? { room.slot(of: viewer, showing: sender)?.current?.layer }
    var largest: IncomingStream? { forwarder.members[sender.id]?.source(.camera)?.streams.last }

    /// Time passes in which most packets of the largest size are lost.
    func loseLargest(for duration: Duration) {
      let end = room.now + duration
      while room.now < end {
        sender.layers[2].sequenceNumber &+= 6
        room.run(for: .milliseconds(10))
      }
    }

    /// How long until the viewer gets another size, 3 s at most.
    func timeToChange() -> Duration {
      let (start, before) = (room.now, shown)
      while shown == before, room.now - start < .seconds(3) { room.run(for: .milliseconds(10)) }
      return room.now - start
    }
  }

  @Test func `where more of a size is lost than can be repeated the next smaller one takes over`() {
    let watched = Watched(seed: 41)
    #expect(watched.shown == 2)
    watched.loseLargest(for: .milliseconds(700))
    #expect(watched.shown ?? 2 < 2)
    watched.room.run(for: .seconds(4))
    #expect(watched.shown == 2)
  }

  @Test func `of a size that was given up nothing is asked for, neither packets nor key frames`() {
    let watched = Watched(seed: 42)
    watched.loseLargest(for: .milliseconds(700))
    let requested = watched.forwarder.requestedPacketCount
    let keyFrames = watched.sender.layers[2].requests.count
    watched.loseLargest(for: .milliseconds(1200))
    #expect(watched.forwarder.requestedPacketCount == requested)
    #expect(watched.sender.layers[2].requests.count == keyFrames)
  }

  @Test func `a camera of one size that loses too much goes on with a key frame`() {
    let room = VirtualRoom(seed: 43)
    let sender = room.join(1)
    room.join(2)
    room.network.run(for: .seconds(3))
    let before = sender.layers[0].requests.count
    for _ in 0..<70 {
      sender.layers[0].sequenceNumber &+= 6
      room.network.run(for: .milliseconds(10))
    }
    #expect(sender.layers[0].requests.count == before + 1)
  }

  @Test func `a size that its sender leaves out is replaced before it stands still for long`() {
    let watched = Watched(seed: 44)
    watched.room.setCapacity(1, of: watched.sender)
    #expect(watched.timeToChange() <= .milliseconds(450))
    #expect(watched.shown == 0)
  }

  @Test func `where all sizes pause at once nobody goes over to another`() {
    let watched = Watched(seed: 45)
    watched.sender.sendsPicture = false
    watched.room.run(for: .milliseconds(1200))
    watched.sender.sendsPicture = true
    watched.room.run(for: .milliseconds(300))
    #expect(watched.shown == 2)
    #expect(watched.sender.layers[2].requests.isEmpty)
  }

  @Test func `a sender that leaves out pictures of one size time and again is borne with longer`()
    throws
  {
    let watched = Watched(seed: 46)
    let largest = try #require(watched.largest)
    var times: [Int64] = []
    for _ in 0..<3 {
      largest.note(packetAt: watched.room.now)
      let start = watched.room.now
      var now = start
      repeat { now = now + .milliseconds(33) } while !largest.missTurn(at: now)
      times.append((now - start).milliseconds)
      watched.room.run(for: now - start)
    }
    #expect(times == [330, 627, 1221])
  }

  @Test func `who asked for a key frame of a size that nobody goes on with is not insisted on`() {
    let watched = Watched(seed: 47, height: 180)
    #expect(watched.shown == 0)
    let before = watched.sender.layers[2].requests.count
    watched.largest?.wantKeyFrame()
    watched.room.run(for: .seconds(2))
    #expect(watched.sender.layers[2].requests.count == before)
  }

  @Test func `a size that begins again is worth what it was before its first second is over`() {
    let watched = Watched(seed: 48, height: 360)
    #expect(watched.shown == 1)
    watched.room.setCapacity(1, of: watched.sender)
    watched.room.run(for: .milliseconds(1500))
    #expect(watched.shown == 0)
    watched.room.setCapacity(3, of: watched.sender)
    #expect(watched.timeToChange() <= .milliseconds(200))
    #expect(watched.shown == 1)
    #expect(watched.timeToChange() == .seconds(3))
  }
}
