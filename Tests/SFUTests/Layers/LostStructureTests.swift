import RTCTesting
import RTP
import Testing
import Wire

@testable import SFU

/// Key frames that lost the packet which tells what the others mean.
struct LostStructureTests {
  /// AV1 of one layer whose every key frame brings a structure of its own, as browsers number them.
  private struct Pictures {
    var offset: UInt8 = 0
    var frame: UInt16 = 0

    /// The packets of the next picture.
    mutating func next(isKey: Bool, partCount: Int = 3) -> [(payload: [UInt8], descriptor: [UInt8])]
    {
      frame &+= 1
      if isKey { offset = (offset + 2) & 63 }
      return (0..<partCount).map { part in
        var descriptor = DependencyDescriptor(
          startsFrame: part == 0, endsFrame: part == partCount - 1,
          templateID: isKey ? offset : offset + 1, frameNumber: frame)
        if isKey, part == 0 { descriptor.structure = structure }
        let bytes = [UInt8](capacity: descriptor.byteCount(targetCount: 1)) {
          descriptor.write(targetCount: 1, into: &$0)
        }
        return ([0x10, UInt8(truncatingIfNeeded: frame), UInt8(part)], bytes)
      }
    }

    private var structure: FrameDependencyStructure? {
      FrameDependencyStructure(
        templateOffset: offset, targetCount: 1, chainCount: 1, protectingChains: [0],
        templates: [template([], [0]), template([1], [1])])
    }

    private func template(_ differences: [UInt16], _ chain: [UInt8]) -> FrameDependencies {
      FrameDependencies(
        spatialLayer: 0, temporalLayer: 0, indications: [.switching], frameDifferences: differences,
        chainDifferences: chain)
    }
  }

  /// Pictures for a while, a key frame where one is asked for.
  private func run(_ camera: CraftedCamera, _ pictures: inout Pictures, count: Int) {
    for _ in 0..<count {
      let isKey = camera.isAsked
      camera.isAsked = false
      for packet in pictures.next(isKey: isKey) {
        camera.send(packet.payload, descriptor: packet.descriptor)
      }
      camera.pass()
    }
  }

  @Test(arguments: [true, false])
  func `a key frame whose structure was lost is asked for again, repeated or not`(
    _ isRepeated: Bool
  ) {
    let camera = CraftedCamera(.init(.av1), seed: 71)
    camera.join(2)
    var pictures = Pictures()
    run(camera, &pictures, count: 40)
    #expect(camera.arrivals[2, default: []].count > 60)
    let asked = camera.requestCount
    let timestamp = camera.timestamp
    var lost: (packet: (payload: [UInt8], descriptor: [UInt8]), number: UInt16)?
    for packet in pictures.next(isKey: true) {
      guard lost != nil else {
        lost = (packet, camera.nextNumber())
        continue
      }
      camera.send(packet.payload, timestamp: timestamp, descriptor: packet.descriptor)
    }
    camera.pass()
    if isRepeated, let lost {
      camera.send(
        lost.packet.payload, number: lost.number, timestamp: timestamp,
        descriptor: lost.packet.descriptor)
    }
    for _ in 0..<4 {
      for packet in pictures.next(isKey: false) {
        camera.send(packet.payload, descriptor: packet.descriptor)
      }
      camera.pass()
    }
    #expect(camera.requestCount == asked + 1)
    let before = camera.arrivals[2, default: []].count
    run(camera, &pictures, count: 10)
    #expect(camera.arrivals[2, default: []].count == before + 30)
    // Nothing keeps asking once it has come.
    run(camera, &pictures, count: 40)
    #expect(camera.requestCount == asked + 1)
  }

  @Test func `a late packet of the picture before a key frame is no reason to ask`() {
    let camera = CraftedCamera(.init(.av1), seed: 72)
    camera.join(2)
    var pictures = Pictures()
    run(camera, &pictures, count: 40)
    let asked = camera.requestCount
    let (late, number, timestamp) = (
      pictures.next(isKey: false, partCount: 1)[0], camera.nextNumber(), camera.timestamp
    )
    camera.pass()
    camera.isAsked = true
    run(camera, &pictures, count: 1)
    camera.send(
      late.payload, number: number, timestamp: timestamp, descriptor: late.descriptor)
    run(camera, &pictures, count: 20)
    #expect(camera.requestCount == asked)
  }
}
