import ByteFixtures
import RTP
import Wire

/// A sender of one of the specification's structures: gives the descriptors of its packets, picture by picture.
struct ScalableSource {
  /// A packet, and what the test knows of its frame.
  struct Packet {
    let value: [UInt8]
    let frame: Int
    let picture: Int
    let template: FrameDependencies
  }

  let structure: FrameDependencyStructure
  /// Ids of templates (counted from 1) of the pictures after a key frame: first once, then in a circle.
  let once: [[Int]]
  let circle: [[Int]]
  let key: [Int]
  private(set) var frame = 0
  private(set) var picture = 0
  private var sinceKey = 0
  private let firstNumber: UInt16

  static func make(_ index: Int, firstNumber: UInt16) -> ScalableSource? {
    switch index {
    case 0:
      ExampleStructures.l1t3.map {
        ScalableSource($0, key: [1], circle: [[4], [3], [5], [2]], firstNumber)
      }
    case 1:
      ExampleStructures.l3t3.map {
        ScalableSource(
          $0, key: [1, 6, 11],
          circle: [[4, 9, 14], [3, 8, 13], [5, 10, 15], [2, 7, 12]], firstNumber)
      }
    default:
      ExampleStructures.l3t3KeyShift.map {
        ScalableSource(
          $0, key: [1, 8, 15], once: [[2, 12, 18], [5, 9, 17]],
          circle: [[4, 13, 19], [6, 11, 16], [3, 14, 20], [7, 10, 17]], firstNumber)
      }
    }
  }

  private init(
    _ structure: FrameDependencyStructure, key: [Int], once: [[Int]] = [], circle: [[Int]],
    _ firstNumber: UInt16
  ) {
    self.structure = structure
    self.key = key
    self.once = once
    self.circle = circle
    self.firstNumber = firstNumber
  }

  /// The packets of the next picture; each frame takes `packetsPerFrame`.
  mutating func next(isKey: Bool, packetsPerFrame: Int) -> [Packet] {
    if isKey { sinceKey = 0 }
    let place = sinceKey - 1
    let ids =
      sinceKey == 0
      ? key : place < once.count ? once[place] : circle[(place - once.count) % circle.count]
    var packets: [Packet] = []
    for id in ids {
      for part in 0..<packetsPerFrame {
        var descriptor = DependencyDescriptor(
          startsFrame: part == 0, endsFrame: part == packetsPerFrame - 1,
          templateID: UInt8(id), frameNumber: firstNumber &+ UInt16(truncatingIfNeeded: frame))
        if sinceKey == 0, packets.isEmpty { descriptor.structure = structure }
        packets.append(
          Packet(
            value: written {
              descriptor.write(targetCount: structure.decodeTargets.count, into: &$0)
            }, frame: frame, picture: picture, template: structure.templates[id - 1]))
      }
      frame += 1
    }
    sinceKey += 1
    picture += 1
    return packets
  }
}
