import RTP
import Wire

@testable import SFU

/// A packet of a sender who knows what each of its frames rests on. Frames and pictures are numbered over all senders.
struct ModelPacket {
  var frame: Int
  var picture: Int
  var spatial: Int
  var temporal: Int
  var isKey: Bool
  var references: [Int]
  var part: Int
  var partCount: Int
  var sequenceNumber: UInt16
  var timestamp: UInt32
  var marker: Bool
  var payload: [UInt8]
  var descriptor: [UInt8]
}

/// Numbers frames and pictures over all senders of a test.
final class ModelCounter {
  private(set) var count = 0

  func next() -> Int {
    count += 1
    return count
  }
}

/// One stream of pictures with layers in a codec's form, three temporal layers in the order 0 2 1 2 (two in the order 0 1 with
/// two spatial layers by descriptor).
final class ModelSender {
  /// How the stream tells of its layers.
  enum Kind: CaseIterable { case vp8, vp9, vp9Group, described, describedSpatial }

  let kind: Kind
  private let counter: ModelCounter
  private var sequenceNumber: UInt16
  private var timestamp: UInt32
  private var pictureID: UInt16
  private var baseLayer: UInt8
  private var frameNumber: UInt16
  private var sinceKey = 0
  /// The last frame and its distance base, by spatial and temporal layer.
  private var last: [[(frame: Int, at: Int)?]] = []
  private var pictureCount = 0

  init(_ kind: Kind, _ counter: ModelCounter, random: inout RandomSource) {
    self.kind = kind
    self.counter = counter
    sequenceNumber = .random(in: .min ... .max, using: &random)
    timestamp = .random(in: .min ... .max, using: &random)
    pictureID = .random(in: 0...0x7fff, using: &random)
    baseLayer = .random(in: .min ... .max, using: &random)
    frameNumber = .random(in: .min ... .max, using: &random)
  }

  var codec: PayloadCodec {
    switch kind {
    case .vp8: .init(.vp8)
    case .vp9, .vp9Group: .init(.vp9)
    case .described, .describedSpatial: .init(.av1)
    }
  }

  private var spatialCount: Int {
    switch kind {
    case .vp8, .described: 1
    case .vp9, .vp9Group: 3
    case .describedSpatial: 2
    }
  }

  private var pattern: [Int] { kind == .describedSpatial ? [0, 1] : [0, 2, 1, 2] }

  /// The packets of the next picture.
  func next(isKey: Bool, random: inout RandomSource) -> [ModelPacket] {
    if isKey || last.isEmpty {
      sinceKey = 0
      last = .init(repeating: [nil, nil, nil], count: spatialCount)
    }
    let isKey = sinceKey == 0
    let temporal = pattern[sinceKey % pattern.count]
    if temporal == 0 { baseLayer &+= 1 }
    timestamp &+= 3000
    let picture = counter.next()
    var packets: [ModelPacket] = []
    var below: Int?
    for spatial in 0..<spatialCount {
      let frame = counter.next()
      // The newest of the same layer size and a lower temporal layer, or of the lowest.
      let reference = last[spatial][..<max(temporal, 1)].compactMap(\.self)
        .max { $0.at < $1.at }
      let rests = spatial > 0 && (isKey || kind == .vp9Group)
      let references = (reference.map { [$0.frame] } ?? []) + (rests ? [below ?? 0] : [])
      let partCount = Int.random(in: 1...3, using: &random)
      for part in 0..<partCount {
        sequenceNumber &+= 1
        let isLast = part == partCount - 1
        var packet = ModelPacket(
          frame: frame, picture: picture, spatial: spatial, temporal: temporal, isKey: isKey,
          references: references, part: part, partCount: partCount,
          sequenceNumber: sequenceNumber, timestamp: timestamp,
          marker: isLast && spatial == spatialCount - 1, payload: [], descriptor: [])
        let distance = reference.map { pictureCount - $0.at }
        fill(&packet, isLast: isLast, rests: rests, distance: distance)
        packets.append(packet)
      }
      frameNumber &+= 1
      last[spatial][temporal] = (frame, pictureCount)
      below = frame
    }
    sinceKey += 1
    pictureCount += 1
    pictureID = (pictureID + 1) & 0x7fff
    return packets
  }

  private func fill(_ packet: inout ModelPacket, isLast: Bool, rests: Bool, distance: Int?) {
    let starts = packet.part == 0
    let number = [0x80 | UInt8(pictureID >> 8), UInt8(truncatingIfNeeded: pictureID)]
    switch kind {
    case .vp8:
      let isSync = packet.temporal == 1 || packet.temporal == 2 && sinceKey % 4 == 1
      let layer = UInt8(packet.temporal) << 6 | (isSync ? 0x20 : 0)
      let start: [UInt8] = packet.isKey ? [0x10, 0, 0, 0x9d, 1, 0x2a, 0, 1, 104, 1] : [0x11, 1]
      packet.payload =
        [starts ? 0x90 : 0x80, 0xe0] + number + [baseLayer, layer] + (starts ? start : [7, 7])
    case .vp9, .vp9Group:
      let isFlexible = kind == .vp9
      let tells = packet.isKey && packet.spatial == 0 && starts
      let isReference = packet.isKey || !isFlexible
      var flags: UInt8 = 0xa0 | (packet.isKey ? 0 : 0x40) | (isFlexible ? 0x10 : 0)
      flags |= (starts ? 8 : 0) | (isLast ? 4 : 0) | (tells ? 2 : 0) | (isReference ? 0 : 1)
      let layer = UInt8(packet.temporal) << 5 | UInt8(packet.spatial) << 1 | (rests ? 1 : 0)
      packet.payload = [flags] + number + [layer]
      if !isFlexible { packet.payload.append(baseLayer) }
      if isFlexible, let distance { packet.payload.append(UInt8(distance) << 1) }
      if tells { packet.payload += [0x48, 4, 0x04, 4, 0x44, 1, 0x24, 2, 0x44, 1] }
      packet.payload += [1, 2, 3]
    case .described, .describedSpatial:
      packet.payload = [0x10, 1, 2, 3]
      packet.descriptor = describe(packet, isLast: isLast)
    }
  }

  private func describe(_ packet: ModelPacket, isLast: Bool) -> [UInt8] {
    let structure = kind == .described ? ModelStructures.l1t3 : ModelStructures.l2t2Key
    let id: Int
    if kind == .described {
      id = packet.isKey ? 1 : [2, 4, 3, 5][sinceKey % 4]
    } else {
      id = packet.spatial * 3 + (packet.isKey ? 0 : packet.temporal + 1)
    }
    var descriptor = DependencyDescriptor(
      startsFrame: packet.part == 0, endsFrame: isLast, templateID: UInt8(id),
      frameNumber: frameNumber)
    if packet.isKey, packet.spatial == 0, packet.part == 0 { descriptor.structure = structure }
    let count = structure?.decodeTargets.count ?? 0
    return [UInt8](capacity: descriptor.byteCount(targetCount: count)) {
      descriptor.write(targetCount: count, into: &$0)
    }
  }
}

/// Structures of three temporal layers, and of two spatial layers of which the upper rests on the lower in key pictures only.
enum ModelStructures {
  static let l1t3 = FrameDependencyStructure(
    templateOffset: 1, targetCount: 3, chainCount: 1, protectingChains: [0, 0, 0],
    templates: [
      template(0, 0, [], [0], [2, 2, 2]), template(0, 0, [4], [4], [2, 2, 2]),
      template(0, 1, [2], [2], [2, 1, 0]), template(0, 2, [1], [1], [1, 0, 0]),
      template(0, 2, [1], [3], [1, 0, 0]),
    ])

  static let l2t2Key = FrameDependencyStructure(
    templateOffset: 0, targetCount: 4, chainCount: 2, protectingChains: [1, 1, 0, 0],
    templates: [
      template(0, 0, [], [0, 0], [2, 2, 2, 2]), template(0, 0, [4], [4, 3], [0, 0, 2, 2]),
      template(0, 1, [2], [2, 1], [0, 0, 1, 0]), template(1, 0, [1], [1, 1], [2, 2, 0, 0]),
      template(1, 0, [4], [1, 4], [2, 2, 0, 0]), template(1, 1, [2], [3, 2], [1, 0, 0, 0]),
    ])

  private static func template(
    _ spatial: UInt8, _ temporal: UInt8, _ differences: [UInt16], _ chains: [UInt8],
    _ indications: [UInt8]
  ) -> FrameDependencies {
    FrameDependencies(
      spatialLayer: spatial, temporalLayer: temporal,
      indications: indications.compactMap { DecodeTargetIndication(rawValue: $0) },
      frameDifferences: differences, chainDifferences: chains)
  }
}
