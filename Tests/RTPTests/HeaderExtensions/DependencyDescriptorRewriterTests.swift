import ByteFixtures
import RTP
import Testing
import Wire

/// The viewer of a rewritten stream: knows which of the sender's frames each number stands for, and checks what it is told.
private struct Viewer {
  private var reader = DependencyDescriptorReader()
  private(set) var sources: [Int64: Int] = [:]
  private(set) var numbers: [Int: Int64] = [:]
  private(set) var newest: Int64?
  private(set) var lastPacket: DependencyDescriptorReader.Packet?

  mutating func receive(
    _ forwarded: DependencyDescriptorRewriter.Forwarded, of packet: ScalableSource.Packet
  ) throws {
    let value = written {
      forwarded.descriptor.write(targetCount: forwarded.targetCount, into: &$0)
    }
    let seen = try reader.read(value.span)
    lastPacket = seen
    #expect(seen.frame.spatialLayer == packet.template.spatialLayer)
    #expect(seen.frame.indications == packet.template.indications)
    if let known = numbers[packet.frame] {
      #expect(seen.frameIndex == known)
    } else {
      #expect(sources[seen.frameIndex] == nil)
      sources[seen.frameIndex] = packet.frame
      numbers[packet.frame] = seen.frameIndex
    }
    newest = max(newest ?? .min, seen.frameIndex)
    for (seen, source) in zip(seen.frame.frameDifferences, packet.template.frameDifferences) {
      let referred = (numbers[packet.frame] ?? 0) - Int64(seen)
      #expect(sources[referred] == packet.frame - Int(source))
    }
    for (place, target) in seen.structure.decodeTargets.enumerated()
    where seen.activeDecodeTargets >> UInt32(place) & 1 == 1 {
      guard let chain = target.chain.map({ Int($0) }) else { continue }
      let difference = Int64(seen.frame.chainDifferences[chain])
      let source = Int(packet.template.chainDifferences[chain])
      #expect((difference == 0) == (source == 0))
      #expect(sources[seen.frameIndex - difference] == packet.frame - source)
    }
  }
}

@Suite struct DependencyDescriptorRewriterTests {
  @Test(arguments: 0..<3)
  func `any change of layers leaves a stream without gaps in which every reference is there`(
    _ kind: Int
  ) throws {
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var source = try #require(
        ScalableSource.make(kind, firstNumber: .random(in: 0...65535, using: &random)))
      var reader = DependencyDescriptorReader()
      var rewriter = DependencyDescriptorRewriter(
        firstFrameNumber: .random(in: 0...65535, using: &random))
      var viewer = Viewer()
      var expected: Int64?
      for picture in 0..<300 {
        if Int.random(in: 0..<8, using: &random) == 0 {
          rewriter.limit(
            spatialLayer: .random(in: 0...3, using: &random),
            temporalLayer: .random(in: 0...3, using: &random))
        }
        let isKey = picture == 0 || Int.random(in: 0..<40, using: &random) == 0
        var ends: [Bool] = []
        for packet in source.next(isKey: isKey, packetsPerFrame: 1 + picture % 3) {
          guard let forwarded = rewriter.rewrite(try reader.read(packet.value.span)) else {
            continue
          }
          let before = viewer.newest
          try viewer.receive(forwarded, of: packet)
          if let before, viewer.newest != before { expected = before + 1 }
          if let expected { #expect(viewer.newest == expected) }
          ends.append(forwarded.endsPicture)
        }
        #expect(ends.dropLast().allSatisfy { !$0 })
        #expect(ends.last != false)
      }
      #expect(viewer.numbers.count > 120)
    }
  }

  @Test(arguments: 0..<3)
  func `all frames of the chosen target are forwarded, and no others`(_ kind: Int) throws {
    let structure = try #require(ScalableSource.make(kind, firstNumber: 0)).structure
    for (place, target) in structure.decodeTargets.enumerated() {
      var source = try #require(ScalableSource.make(kind, firstNumber: 65530))
      var reader = DependencyDescriptorReader()
      var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 65500)
      rewriter.limit(spatialLayer: target.spatialLayer, temporalLayer: target.temporalLayer)
      for picture in 0..<40 {
        for packet in source.next(isKey: picture == 0, packetsPerFrame: 1) {
          let seen = try reader.read(packet.value.span)
          let isForwarded = rewriter.rewrite(seen) != nil
          #expect(isForwarded == packet.template.indications[place].isPresent)
        }
      }
      #expect(rewriter.target == target && !rewriter.needsKeyFrame)
    }
  }

  @Test func `layers go down with the next picture, and up with a key frame`() throws {
    var source = try #require(ScalableSource.make(1, firstNumber: 0))
    var reader = DependencyDescriptorReader()
    var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 0)
    var active: [UInt32] = []
    func layers(isKey: Bool) throws -> [UInt8] {
      var layers: [UInt8] = []
      for packet in source.next(isKey: isKey, packetsPerFrame: 1) {
        let seen = try reader.read(packet.value.span)
        guard let forwarded = rewriter.rewrite(seen) else { continue }
        layers.append(packet.template.spatialLayer)
        if let mask = forwarded.descriptor.activeDecodeTargets { active.append(mask) }
      }
      return layers
    }
    #expect(rewriter.needsKeyFrame)
    #expect(try layers(isKey: false).isEmpty == false)
    rewriter.limit(spatialLayer: 1, temporalLayer: 2)
    #expect(try layers(isKey: false) == [0, 1])
    #expect(active == [0b1_1111_1000])
    rewriter.limit(spatialLayer: 0, temporalLayer: 2)
    for _ in 0..<4 { #expect(try layers(isKey: false) == [0]) }
    #expect(active.dropFirst() == [0b1_1100_0000, 0b1_1100_0000])
    rewriter.limit(spatialLayer: 2, temporalLayer: 2)
    for _ in 0..<9 { #expect(try layers(isKey: false) == [0]) }
    #expect(rewriter.needsKeyFrame)
    #expect(try layers(isKey: true) == [0, 1, 2])
    #expect(!rewriter.needsKeyFrame)
  }

  @Test func `a packet that contradicts its frame harms nothing`() throws {
    var reader = DependencyDescriptorReader()
    var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 0)
    for value in [ExampleStructures.captured, bytes("860173"), bytes("c30172")] {
      let packet = try reader.read(value.span)
      let forwarded = rewriter.rewrite(packet)
      #expect(forwarded?.descriptor.frameDifferences?.contains(0) != true)
    }
  }

  @Test func `temporal layers go up without a key frame`() throws {
    var source = try #require(ScalableSource.make(0, firstNumber: 0))
    var reader = DependencyDescriptorReader()
    var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 0)
    rewriter.limit(spatialLayer: 0, temporalLayer: 0)
    var forwarded: [Int] = []
    for picture in 0..<17 {
      if picture == 8 { rewriter.limit(spatialLayer: 0, temporalLayer: 2) }
      for packet in source.next(isKey: picture == 0, packetsPerFrame: 1)
      where rewriter.rewrite(try reader.read(packet.value.span)) != nil {
        forwarded.append(picture)
      }
    }
    #expect(forwarded == [0, 4] + Array(8..<17))
  }

  @Test
  func `a viewer goes over to another stream with its key frame, and to template ids of its own`()
    throws
  {
    var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 10)
    var viewerReader = DependencyDescriptorReader()
    var numbers: [Int64] = []
    var offsets: [UInt8] = []
    for (kind, firstNumber) in [(0, 5), (1, 40000), (1, 3), (0, 65535)] as [(Int, UInt16)] {
      var source = try #require(ScalableSource.make(kind, firstNumber: firstNumber))
      var reader = DependencyDescriptorReader()
      rewriter.stop()
      #expect(rewriter.target == nil)
      for picture in 0..<3 {
        for packet in source.next(isKey: picture == 0, packetsPerFrame: 1) {
          let seen = try reader.read(packet.value.span)
          guard let forwarded = rewriter.rewrite(seen) else { continue }
          let value = written {
            forwarded.descriptor.write(targetCount: forwarded.targetCount, into: &$0)
          }
          let shown = try viewerReader.read(value.span)
          numbers.append(shown.frameIndex)
          if shown.descriptor.structure != nil { offsets.append(shown.structure.templateOffset) }
          #expect(shown.frame == seen.frame)
        }
      }
    }
    #expect(numbers == Array(10..<34))
    #expect(offsets == [1, 6, 6, 21])
  }

  @Test(arguments: 0..<3)
  func `with loss and disorder numbers stay in order and a late frame finds its place`(
    _ kind: Int
  ) throws {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var source = try #require(ScalableSource.make(kind, firstNumber: 65000))
      var reader = DependencyDescriptorReader()
      var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 65000)
      var pending: [ScalableSource.Packet] = []
      var numbers: [Int: UInt16] = [:]
      for picture in 0..<400 {
        if picture % 20 == 0 {
          rewriter.limit(
            spatialLayer: .random(in: 0...2, using: &random),
            temporalLayer: .random(in: 0...2, using: &random))
        }
        pending += source.next(isKey: picture % 100 == 0, packetsPerFrame: 2)
          .filter { _ in Int.random(in: 0..<20, using: &random) > 0 }
        while pending.count > 6 {
          let packet = pending.remove(at: Int.random(in: 0..<4, using: &random))
          guard let seen = try? reader.read(packet.value.span),
            let forwarded = rewriter.rewrite(seen)
          else { continue }
          let number = forwarded.descriptor.frameNumber
          #expect(numbers[packet.frame] ?? number == number)
          numbers[packet.frame] = number
        }
      }
      let inOrder = numbers.sorted { $0.key < $1.key }.map(\.value)
      for (earlier, later) in zip(inOrder, inOrder.dropFirst()) {
        #expect(later.isNewer(than: earlier))
      }
      #expect(numbers.count > 100)
    }
  }
}
