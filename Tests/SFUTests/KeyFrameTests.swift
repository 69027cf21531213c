import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Key frames out of memory.
struct KeyFrameTests {
  @Test func `memory with a hole after it begins no picture`() {
    let room = VirtualRoom(seed: 31)
    let (sender, viewer) = (room.join(1), room.join(2))
    room.network.run(for: .seconds(2))
    sender.layers[0].wantsKeyFrame = true
    room.network.run(for: .milliseconds(150))
    room.setLive(false, sender, .camera)
    room.network.run(for: .milliseconds(250))
    let before = room.reception(of: .camera, from: sender, by: viewer)
    let requests = sender.layers[0].requests.count
    room.setLive(true, sender, .camera)
    room.network.run(for: .milliseconds(600))
    let after = room.reception(of: .camera, from: sender, by: viewer)
    #expect(after.gaps == before.gaps)
    #expect(after.pictureJumps == before.pictureJumps)
    #expect(after.keyFrames == before.keyFrames + 1)
    #expect(after.frames > before.frames + 10)
    #expect(sender.layers[0].requests.count == requests + 1)
  }
}
