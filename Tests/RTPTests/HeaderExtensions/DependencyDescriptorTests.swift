import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct DependencyDescriptorTests {
  private func value(_ descriptor: DependencyDescriptor, _ targetCount: Int) -> [UInt8] {
    written { descriptor.write(targetCount: targetCount, into: &$0) }
  }

  private func parse(
    _ value: [UInt8], _ structure: FrameDependencyStructure? = nil
  ) throws -> DependencyDescriptor {
    try DependencyDescriptor(parsing: value.span, structure: structure)
  }

  private func read(
    _ value: [UInt8], with reader: inout DependencyDescriptorReader
  ) throws -> DependencyDescriptorReader.Packet {
    try reader.read(value.span)
  }

  @Test func `a browser's structure is read, and written bit by bit the same`() throws {
    let descriptor = try parse(ExampleStructures.captured)
    #expect(descriptor.startsFrame && descriptor.endsFrame)
    #expect(descriptor.frameNumber == 0x172)
    let structure = try #require(descriptor.structure)
    #expect(structure.decodeTargets.count == 9 && structure.chainCount == 3)
    #expect(structure.decodeTargets.map(\.spatialLayer) == [0, 0, 0, 1, 1, 1, 2, 2, 2])
    #expect(structure.decodeTargets.map(\.temporalLayer) == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    #expect(structure.decodeTargets.map(\.chain) == [0, 0, 0, 1, 1, 1, 2, 2, 2])
    #expect(
      structure.resolutions == [
        .init(width: 120, height: 67), .init(width: 240, height: 135),
        .init(width: 480, height: 270),
      ])
    #expect(descriptor.dependencies(in: structure)?.frameDifferences == [])
    #expect(descriptor.byteCount(targetCount: 9) == ExampleStructures.captured.count)
    #expect(value(descriptor, 9) == ExampleStructures.captured)
  }

  @Test func `a browser's later packets name templates, and tell of targets that are not sent`()
    throws
  {
    var reader = DependencyDescriptorReader()
    #expect(reader.needsKeyFrame)
    let first = try read(ExampleStructures.captured, with: &reader)
    #expect(first.startsSequence && first.activeDecodeTargets == 0x1ff && first.frameIndex == 0x172)
    let second = try read(bytes("86017340fc"), with: &reader)
    #expect(second.descriptor.startsFrame && !second.descriptor.endsFrame)
    #expect(second.activeDecodeTargets == 0x3f && second.frameIndex == 0x173)
    #expect(second.frame.spatialLayer == 1 && second.frame.frameDifferences == [1])
    #expect(value(second.descriptor, 9) == bytes("86017340fc"))
    let third = try read(bytes("c30175"), with: &reader)
    #expect(third.activeDecodeTargets == 0x3f && third.frame.temporalLayer == 2)
    #expect(!third.startsSequence)
  }

  @Test(arguments: ExampleStructures.all)
  func `the specification's structures are read as they were written`(
    _ structure: FrameDependencyStructure
  ) throws {
    var descriptor = DependencyDescriptor(
      startsFrame: true, endsFrame: false, templateID: 1, frameNumber: 7)
    descriptor.structure = structure
    let count = structure.decodeTargets.count
    let bytes = value(descriptor, count)
    #expect(bytes.count == descriptor.byteCount(targetCount: count))
    #expect(try parse(bytes) == descriptor)
    for (index, template) in structure.templates.enumerated() {
      let id = UInt8((index + 1) & 63)
      let plain = DependencyDescriptor(
        startsFrame: true, endsFrame: true, templateID: id, frameNumber: 8)
      #expect(plain.dependencies(in: structure) == template)
      #expect(value(plain, count).count == 3)
    }
    let beyond = DependencyDescriptor(
      startsFrame: true, endsFrame: true, templateID: 0, frameNumber: 8)
    #expect(beyond.dependencies(in: structure) == nil)
  }

  @Test func `decode targets have the layers of the specification's tables`() throws {
    let structure = try #require(ExampleStructures.l3t3KeyShift)
    #expect(structure.decodeTargets.map(\.spatialLayer) == [2, 2, 2, 1, 1, 1, 0, 0, 0])
    #expect(structure.decodeTargets.map(\.temporalLayer) == [2, 1, 0, 2, 1, 0, 2, 1, 0])
  }

  @Test func `a value that is cut anywhere is an error or three plain bytes`() throws {
    let structure = try #require(parse(ExampleStructures.captured).structure)
    for count in ExampleStructures.captured.indices where count != 3 {
      let cut = Array(ExampleStructures.captured[..<count])
      #expect(throws: RTPError.truncated) { try parse(cut) }
    }
    var custom = DependencyDescriptor(
      startsFrame: true, endsFrame: true, templateID: 2, frameNumber: 9)
    custom.activeDecodeTargets = 0x15
    custom.indications = structure.templates[3].indications
    custom.frameDifferences = [1, 16, 17, 256, 257, 4096]
    custom.chainDifferences = [0, 255, 7]
    let whole = value(custom, 9)
    #expect(try parse(whole, structure) == custom)
    #expect(try parse(whole + [0, 0xff], structure) == custom)
    for count in whole.indices where count != 3 {
      #expect(throws: RTPError.truncated) { try parse(Array(whole[..<count]), structure) }
    }
    #expect(throws: RTPError.malformed) { try parse(whole) }
  }

  @Test func `whatever is written is read again`() throws {
    var random = RandomSource.seeded(1)
    for _ in 0..<300 {
      guard let structure = RandomStructure.make(&random) else { continue }
      var descriptor = DependencyDescriptor(
        startsFrame: .random(using: &random), endsFrame: .random(using: &random),
        templateID: .random(in: 0...63, using: &random),
        frameNumber: .random(in: 0...65535, using: &random))
      let count = structure.decodeTargets.count
      if Bool.random(using: &random) { descriptor.structure = structure }
      if Bool.random(using: &random) {
        descriptor.activeDecodeTargets = .random(in: 0...structure.allDecodeTargets, using: &random)
      }
      if Bool.random(using: &random) {
        descriptor.indications = RandomStructure.indications(count, &random)
      }
      if Bool.random(using: &random) {
        descriptor.frameDifferences = (0..<Int.random(in: 0...16, using: &random)).map { _ in
          .random(in: 1...4096, using: &random)
        }
      }
      if Bool.random(using: &random) {
        descriptor.chainDifferences = (0..<structure.chainCount).map { _ in
          .random(in: 0...255, using: &random)
        }
      }
      let bytes = value(descriptor, count)
      #expect(bytes.count == descriptor.byteCount(targetCount: count))
      #expect(try parse(bytes, structure) == descriptor)
    }
  }

  @Test func `any bytes give a descriptor within bounds or an error`() {
    var random = RandomSource.seeded(2)
    for round in 0..<3000 {
      var bytes = random.bytes(round % 120)
      if round % 2 == 0 {
        bytes = ExampleStructures.captured
        bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
      }
      guard let structure = (try? parse(bytes))?.structure else { continue }
      #expect((1...64).contains(structure.templates.count))
      #expect((1...32).contains(structure.decodeTargets.count))
      #expect(structure.templates.allSatisfy { $0.spatialLayer < 4 && $0.temporalLayer < 8 })
    }
  }

  @Test func `layers and templates beyond the bounds are refused`() {
    func structure(_ templates: [FrameDependencies]) -> FrameDependencyStructure? {
      FrameDependencyStructure(templateOffset: 0, targetCount: 1, templates: templates)
    }
    let base = template(0, 0, [], [], "S")
    #expect(structure([base]) != nil)
    #expect(structure([]) == nil)
    #expect(structure(Array(repeating: base, count: 64)) != nil)
    #expect(structure(Array(repeating: base, count: 65)) == nil)
    #expect(structure((0..<4).map { template($0, 0, [], [], "S") }) != nil)
    #expect(structure((0..<5).map { template($0, 0, [], [], "S") }) == nil)
    #expect(structure((0..<8).map { template(0, $0, [], [], "S") }) != nil)
    #expect(structure((0..<9).map { template(0, $0, [], [], "S") }) == nil)
    #expect(structure([base, template(0, 2, [1], [], "S")]) == nil)
    #expect(structure([base, template(0, 0, [17], [], "S")]) == nil)
    #expect(structure([template(1, 0, [], [], "S")]) == nil)
    #expect(
      FrameDependencyStructure(templateOffset: 64, targetCount: 1, templates: [base]) == nil)
    // Layer codes of 65 templates, of a fifth spatial and of a ninth temporal layer.
    for code in ["00", "aa", "55"] {
      let text = "800000" + "8000" + String(repeating: code, count: 80)
      #expect(throws: RTPError.malformed) { try parse(bytes(text)) }
    }
  }

  @Test func `frames from before a key frame and unknown templates are refused`() throws {
    var reader = DependencyDescriptorReader()
    #expect(throws: RTPError.malformed) { try read(bytes("860173"), with: &reader) }
    _ = try read(ExampleStructures.captured, with: &reader)
    #expect(throws: RTPError.malformed) { try read(bytes("860171"), with: &reader) }
    #expect(throws: RTPError.malformed) { try read(bytes("bf0173"), with: &reader) }
    #expect(try read(bytes("860173"), with: &reader).frameIndex == 0x173)
  }

  @Test func `frame indices go on where numbers wrap and where a sender starts over`() throws {
    var reader = DependencyDescriptorReader()
    var key = ExampleStructures.captured
    func number(_ number: UInt16) {
      key[1] = UInt8(number >> 8)
      key[2] = UInt8(truncatingIfNeeded: number)
    }
    number(0xffff)
    #expect(try read(key, with: &reader).frameIndex == 0xffff)
    #expect(try read(bytes("860000"), with: &reader).frameIndex == 0x10000)
    number(0x9000)
    #expect(try read(key, with: &reader).frameIndex == 0x10001)
    #expect(try read(bytes("869001"), with: &reader).frameIndex == 0x10002)
    number(0x8ff0)
    #expect(try read(key, with: &reader).frameIndex == 0x10001 - 16)
    #expect(try read(bytes("869001"), with: &reader).frameIndex == 0x10002)
  }
}

/// Structures of no particular sense.
enum RandomStructure {
  static func indications(
    _ count: Int, _ random: inout RandomSource
  ) -> [DecodeTargetIndication] {
    (0..<count).map { _ in
      DecodeTargetIndication.allCases.randomElement(using: &random) ?? .required
    }
  }

  static func make(_ random: inout RandomSource) -> FrameDependencyStructure? {
    let targetCount = Int.random(in: 1...32, using: &random)
    let chainCount = Int.random(in: 0...targetCount, using: &random)
    var spatial: UInt8 = 0
    var temporal: UInt8 = 0
    let templates = (0..<Int.random(in: 1...64, using: &random)).map { index in
      if index > 0 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where spatial < 3: (spatial, temporal) = (spatial + 1, 0)
        case 1 where temporal < 7: temporal += 1
        default: break
        }
      }
      return FrameDependencies(
        spatialLayer: spatial, temporalLayer: temporal,
        indications: indications(targetCount, &random),
        frameDifferences: (0..<Int.random(in: 0...16, using: &random)).map { _ in
          .random(in: 1...16, using: &random)
        },
        chainDifferences: (0..<chainCount).map { _ in .random(in: 0...15, using: &random) })
    }
    let hasSizes = Bool.random(using: &random)
    return FrameDependencyStructure(
      templateOffset: .random(in: 0...63, using: &random), targetCount: targetCount,
      chainCount: chainCount,
      protectingChains: chainCount == 0
        ? []
        : (0..<targetCount).map { _ in
          UInt8.random(in: 0..<UInt8(chainCount), using: &random)
        }, templates: templates,
      resolutions: hasSizes
        ? (0...spatial).map { .init(width: 320 << Int($0), height: 180 << Int($0)) } : [])
  }
}
