import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Cameras with H.264 and without dependency descriptors: nothing but the payload says where a decoder can begin.
struct H264CameraTests {
  private static let codec = PayloadCodec(.h264)
  /// A set of sequence parameters and one of picture parameters.
  private static let parameters: [UInt8] = [24, 0, 4, 0x67, 66, 0, 30, 0, 2, 0x68, 1]
  private static let slice: [UInt8] = [0x65, 1, 2, 3]
  private static let sliceStart: [UInt8] = [0x7c, 0x85, 1, 2]
  private static let sliceEnd: [UInt8] = [0x7c, 0x45, 1, 2]
  private static let ordinary: [UInt8] = [0x61, 1, 2, 3]
  private static let fullKey = [parameters, sliceStart, sliceEnd]

  /// One picture, and its time passes.
  private func send(_ packets: [[UInt8]], by camera: CraftedCamera) {
    for (place, payload) in packets.enumerated() {
      camera.send(payload, marker: place == packets.count - 1)
    }
    camera.pass()
  }

  /// Pictures for a while, a key frame where one is asked for.
  private func run(
    _ camera: CraftedCamera, pictures: Int, key: [[UInt8]] = fullKey
  ) {
    for _ in 0..<pictures {
      let isKey = camera.isAsked
      camera.isAsked = false
      send(isKey ? key : [Self.ordinary], by: camera)
    }
  }

  /// What a viewer gets who looks away and back 100 ms after a key frame.
  private func seenFromMemory(key: [[UInt8]]) -> (arrivals: [[UInt8]], requests: Int) {
    let camera = CraftedCamera(Self.codec, seed: 61)
    let (first, second) = (camera.join(2), camera.join(3))
    run(camera, pictures: 40, key: key)
    _ = first
    camera.look(second, at: nil)
    camera.isAsked = true
    run(camera, pictures: 4, key: key)
    let requests = camera.requestCount
    let before = camera.arrivals[3]?.count ?? 0
    camera.look(second, at: 360)
    run(camera, pictures: 6, key: key)
    return (
      camera.arrivals[3, default: []].dropFirst(before).map(\.payload),
      camera.requestCount - requests
    )
  }

  @Test func `a key frame from memory begins with its parameter sets`() {
    let (arrivals, requests) = seenFromMemory(key: Self.fullKey)
    #expect(requests == 0)
    #expect(Array(arrivals.prefix(3)) == Self.fullKey)
    #expect(arrivals.count > 6)
  }

  @Test func `a key frame of several slices comes from memory with all of them`() {
    let key = [Self.slice, [0x65, 9, 9], [0x65, 8, 8]]
    let (arrivals, requests) = seenFromMemory(key: key)
    #expect(requests == 0)
    #expect(Array(arrivals.prefix(3)) == key)
  }

  @Test func `a key frame that lost its parameter sets begins nothing, and another is asked for`() {
    let camera = CraftedCamera(Self.codec, seed: 62)
    let viewer = camera.join(2)
    run(camera, pictures: 40)
    camera.look(viewer, at: nil)
    run(camera, pictures: 30)
    let before = camera.arrivals[2]?.count ?? 0
    camera.look(viewer, at: 360)
    while !camera.isAsked { run(camera, pictures: 1) }
    camera.isAsked = false
    let (lost, timestamp) = (camera.nextNumber(), camera.timestamp)
    send([Self.sliceStart, Self.sliceEnd], by: camera)
    send([Self.ordinary], by: camera)
    camera.send(Self.parameters, number: lost, timestamp: timestamp)
    run(camera, pictures: 30)
    let seen = camera.arrivals[2, default: []].dropFirst(before).map(\.payload)
    #expect(Array(seen.prefix(3)) == Self.fullKey)
    #expect(seen.count > 10)
  }

  @Test func `who told parameters once and then begins pictures without them is understood`() {
    let camera = CraftedCamera(Self.codec, seed: 63)
    let viewer = camera.join(2)
    run(camera, pictures: 40)
    camera.look(viewer, at: nil)
    run(camera, pictures: 30)
    let before = camera.arrivals[2]?.count ?? 0
    camera.look(viewer, at: 360)
    run(camera, pictures: 10, key: [Self.sliceStart, Self.sliceEnd])
    let seen = camera.arrivals[2, default: []].dropFirst(before).map(\.payload)
    #expect(Array(seen.prefix(2)) == [Self.sliceStart, Self.sliceEnd])
  }
}
