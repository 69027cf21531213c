import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Cameras that agreed to simulcast and put all sizes into its first stream, as Chromium does with VP9 and AV1.
struct LayersInOneStreamTests {
  private static let heights: [UInt16] = [180, 360, 720]

  /// Sends one picture of `count` sizes, the upper ones resting on the lower ones in key frames only.
  private func send(by camera: CraftedCamera, picture: UInt16, isKey: Bool, count: Int) {
    for spatial in 0..<count {
      let tells = isKey && spatial == 0
      var payload: [UInt8] = [
        0xbc | (isKey ? 0 : 0x40) | (tells ? 2 : 0) | (isKey ? 0 : 1),
        0x80 | UInt8(picture >> 8 & 0x7f), UInt8(truncatingIfNeeded: picture),
        UInt8(spatial) << 1 | (isKey && spatial > 0 ? 1 : 0),
      ]
      if !isKey { payload.append(1 << 1) }
      if tells {
        payload.append(UInt8(count - 1) << 5 | 0x10)
        for height in Self.heights.prefix(count) {
          let width = height * 16 / 9
          payload += [UInt8(width >> 8), UInt8(width & 0xff)]
          payload += [UInt8(height >> 8), UInt8(height & 0xff)]
        }
      }
      payload += [UInt8](repeating: 7, count: [200, 500, 1100][spatial])
      camera.send(payload, marker: spatial == count - 1)
    }
  }

  /// Pictures for a while, of as many sizes as are wanted and `capacity` allows; what was wanted is told in order.
  private func run(
    _ camera: CraftedCamera, seconds: Int, picture: inout UInt16, capacity: Int = 3,
    at each: () -> Void = {}
  ) -> [[Bool]] {
    var wanted: [[Bool]] = []
    var seen = camera.room.server.events.count
    let last = camera.published?.demand.wanted ?? [true, true, true]
    var count = min(last.lastIndex(of: true).map { $0 + 1 } ?? 0, capacity)
    for _ in 0..<seconds * 30 {
      for event in camera.room.server.events[seen...] {
        guard case .layersWanted(camera.source, let layers) = event else { continue }
        wanted.append(layers)
        let next = min(layers.lastIndex(of: true).map { $0 + 1 } ?? 0, capacity)
        // Browsers begin anew where the number of layers changes.
        if next != count { camera.isAsked = true }
        count = next
      }
      seen = camera.room.server.events.count
      send(by: camera, picture: picture, isKey: camera.isAsked, count: count)
      camera.isAsked = false
      picture = (picture + 1) & 0x7fff
      camera.pass()
      each()
    }
    return wanted
  }

  @Test func `the largest of all sizes in one stream stays for as long as it is looked at`() {
    let camera = CraftedCamera(.init(.vp9), rids: ["q", "h", "f"], seed: 81)
    var picture: UInt16 = 1
    let viewer = camera.join(2, height: 720)
    _ = run(camera, seconds: 2, picture: &picture)
    let requests = camera.requestCount
    var sizes: Set<UInt8?> = []
    let wanted = run(camera, seconds: 20, picture: &picture) {
      sizes.insert(camera.slot(of: viewer)?.forwarding?.spatial)
    }
    #expect(wanted.allSatisfy { $0[2] })
    #expect(sizes == [2])
    #expect(camera.requestCount == requests)
  }

  @Test func `sizes in one stream that nobody looks at go off, and the others stay`() {
    let camera = CraftedCamera(.init(.vp9), rids: ["q", "h", "f"], seed: 82)
    var picture: UInt16 = 1
    let viewer = camera.join(2, height: 360)
    #expect(run(camera, seconds: 5, picture: &picture).last == [true, true, false])
    #expect(run(camera, seconds: 15, picture: &picture).isEmpty)
    #expect(camera.slot(of: viewer)?.forwarding?.spatial == 1)
    camera.look(viewer, at: 720)
    #expect(camera.published?.demand.wanted == [true, true, true])
    camera.isAsked = true
    _ = run(camera, seconds: 5, picture: &picture)
    #expect(camera.slot(of: viewer)?.forwarding?.spatial == 2)
  }

  @Test func `a size its sender cannot put into the stream stays asked for`() {
    let camera = CraftedCamera(.init(.vp9), rids: ["q", "h", "f"], seed: 83)
    var picture: UInt16 = 1
    let viewer = camera.join(2, height: 720)
    let wanted = run(camera, seconds: 30, picture: &picture, capacity: 2)
    #expect(wanted.allSatisfy { $0[2] })
    #expect(camera.slot(of: viewer)?.forwarding?.spatial == 1)
    camera.isAsked = true
    _ = run(camera, seconds: 5, picture: &picture)
    #expect(camera.slot(of: viewer)?.forwarding?.spatial == 2)
  }
}
