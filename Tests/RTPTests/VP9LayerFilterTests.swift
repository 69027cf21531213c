import RTP
import Testing
import Wire

/// A VP9 sender of three spatial and three temporal layers. Every layer of a key picture rests on the one below; later ones do
/// so too unless `usesKeyPicturesOnly`. It tells what its pictures refer to in each or, with key frames, for a group.
private struct VP9Source {
  struct Packet {
    let payload: [UInt8]
    let picture: Int
    let spatial: Int
    let temporal: Int
    let isMarked: Bool
    /// Frames that this one refers to, as picture and spatial layer.
    let references: [[Int]]
  }

  let usesKeyPicturesOnly: Bool
  let isFlexible: Bool
  var pictureID: UInt16
  private(set) var picture = 0
  private var sinceKey = 0
  private var last: [Int?] = [nil, nil, nil]

  init(pictureID: UInt16, usesKeyPicturesOnly: Bool, isFlexible: Bool = false) {
    self.pictureID = pictureID
    self.usesKeyPicturesOnly = usesKeyPicturesOnly
    self.isFlexible = isFlexible
  }

  /// Three layers, no sizes, a group of four pictures.
  private static let structure: [UInt8] = [0x48, 4, 0x04, 4, 0x44, 1, 0x24, 2, 0x44, 1]

  /// Two packets for each frame of the next picture.
  mutating func next(isKey: Bool, spatialLayers: Int = 3) -> [Packet] {
    if isKey {
      sinceKey = 0
      last = [nil, nil, nil]
    }
    let temporal = [0, 2, 1, 2][sinceKey % 4]
    // Pictures of an upper temporal layer refer to the newest of a lower one.
    let reference = isKey ? nil : last[..<max(temporal, 1)].compactMap { $0 }.max()
    var packets: [Packet] = []
    for spatial in 0..<spatialLayers {
      let isInter = !isKey
      let references =
        (reference.map { [[$0, spatial]] } ?? [])
        + (spatial > 0 && (isKey || !usesKeyPicturesOnly) ? [[picture, spatial - 1]] : [])
      for part in 0..<2 {
        let tells = isKey && spatial == 0 && part == 0 && !isFlexible && spatialLayers == 3
        let isReference = isKey || !usesKeyPicturesOnly
        let flags: UInt8 =
          0xa0 | (isInter ? 0x40 : 0) | (part == 0 ? 0x08 : 0x04) | (isFlexible ? 0x10 : 0)
          | (tells ? 0x02 : 0) | (isReference ? 0 : 1)
        let rests = spatial > 0 && isReference
        let layer =
          UInt8(temporal) << 5 | UInt8(spatial) << 1 | (rests ? 1 : 0)
        var payload: [UInt8] = [
          flags, 0x80 | UInt8(pictureID >> 8), UInt8(truncatingIfNeeded: pictureID), layer,
        ]
        if !isFlexible { payload.append(UInt8(truncatingIfNeeded: sinceKey / 4)) }
        if isFlexible, let reference { payload.append(UInt8(picture - reference) << 1) }
        if tells { payload += Self.structure }
        payload += [1, 2, 3]
        packets.append(
          Packet(
            payload: payload, picture: picture, spatial: spatial, temporal: temporal,
            isMarked: part == 1 && spatial == spatialLayers - 1, references: references))
      }
    }
    last[temporal] = picture
    sinceKey += 1
    picture += 1
    pictureID = (pictureID + 1) & 0x7fff
    return packets
  }
}

@Suite struct VP9LayerFilterTests {
  private struct Viewer {
    var filter: VP9LayerFilter
    var reader = VP9ReferenceReader()

    mutating func take(_ packet: VP9Source.Packet) -> RewrittenPicture? {
      let payload = packet.payload
      guard let descriptor = VP9PayloadDescriptor(parsing: payload.span) else { return nil }
      let references = reader.references(of: descriptor, in: payload.span)
      return filter.take(descriptor, references: references)
    }
  }

  @Test(arguments: [false, true], [false, true])
  func `forwarded layers keep their distances, are marked at their end and can be decoded`(
    _ usesKeyPicturesOnly: Bool, _ isFlexible: Bool
  ) {
    var highest = [0, 0]
    for seed in 0..<12 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var source = VP9Source(
        pictureID: .random(in: 0...0x7fff, using: &random),
        usesKeyPicturesOnly: usesKeyPicturesOnly, isFlexible: isFlexible)
      var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 0x7ffe, firstBaseLayer: 1))
      var decoded: Set<[Int]> = []
      for number in 0..<400 {
        if number % 10 == 0 {
          viewer.filter.spatialLimit = .random(in: 0...2, using: &random)
          viewer.filter.temporalLimit = .random(in: 0...2, using: &random)
        }
        var marks: [Bool] = []
        for packet in source.next(isKey: number % 60 == 0) {
          guard let picture = viewer.take(packet) else { continue }
          let isWaiting = viewer.filter.needsKeyFrame && packet.temporal == 0
          #expect(packet.spatial <= Int(viewer.filter.spatialLimit) || isWaiting)
          #expect(packet.temporal <= Int(viewer.filter.temporalLimit))
          #expect(picture.pictureID == UInt16(0x7ffe + packet.picture) & 0x7fff)
          highest = [max(highest[0], packet.spatial), max(highest[1], packet.temporal)]
          #expect(packet.references.allSatisfy { decoded.contains($0) })
          decoded.insert([packet.picture, packet.spatial])
          marks.append(picture.endsPicture || packet.isMarked)
        }
        #expect(marks.dropLast().allSatisfy { !$0 } && marks.last != false)
      }
      #expect(decoded.count > 150)
    }
    #expect(highest == [2, 2])
  }

  @Test func `what needs no key frame goes down with the next picture, all goes up with one`() {
    var source = VP9Source(pictureID: 1, usesKeyPicturesOnly: false)
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1))
    func highest(isKey: Bool = false) -> Int? {
      source.next(isKey: isKey).filter { viewer.take($0) != nil }.map(\.spatial).max()
    }
    #expect(highest() == nil && viewer.filter.needsKeyFrame)
    viewer.filter.spatialLimit = 2
    #expect(highest(isKey: true) == 2 && !viewer.filter.needsKeyFrame)
    viewer.filter.spatialLimit = 1
    #expect(highest() == 1 && !viewer.filter.needsKeyFrame)
    viewer.filter.spatialLimit = 2
    #expect(highest() == 1 && viewer.filter.needsKeyFrame)
    #expect(highest(isKey: true) == 2 && !viewer.filter.needsKeyFrame)
  }

  @Test func `layers that only key pictures rest on are left out, and wait for one to go down`() {
    var source = VP9Source(pictureID: 1, usesKeyPicturesOnly: true, isFlexible: true)
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1))
    func layers(isKey: Bool = false) -> [[Int]] {
      source.next(isKey: isKey).filter { viewer.take($0) != nil }.map {
        [$0.spatial, $0.temporal]
      }
    }
    #expect(layers(isKey: true).map { $0[0] } == [0, 0, 1, 1, 2, 2])
    #expect((0..<4).map { _ in layers() } == [2, 1, 2, 0].map { [[2, $0], [2, $0]] })
    viewer.filter.spatialLimit = 0
    #expect((0..<4).map { _ in layers() } == [[], [], [], [[2, 0], [2, 0]]])
    #expect(viewer.filter.needsKeyFrame)
    #expect(layers(isKey: true) == [[0, 0], [0, 0]] && !viewer.filter.needsKeyFrame)
  }

  @Test func `the late rest of a frame goes on with its beginning, also after smaller ones`() {
    var source = VP9Source(pictureID: 1, usesKeyPicturesOnly: false)
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1))
    let key = source.next(isKey: true)
    #expect(key.dropLast().allSatisfy { viewer.take($0) != nil })
    viewer.filter.spatialLimit = 0
    #expect(source.next(isKey: false).filter { viewer.take($0) != nil }.map(\.spatial) == [0, 0])
    #expect(key.suffix(1).allSatisfy { $0.spatial == 2 && viewer.take($0) != nil })
    #expect(viewer.filter.spatialLayer == 0)
  }

  @Test func `temporal layers go down at once and up where nothing is missed`() {
    var source = VP9Source(pictureID: 1, usesKeyPicturesOnly: false, isFlexible: true)
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1))
    func temporal(_ count: Int) -> [Int] {
      (0..<count).compactMap { _ in
        source.next(isKey: source.picture == 0).filter { viewer.take($0) != nil }.first?.temporal
      }
    }
    #expect(temporal(5) == [0, 2, 1, 2, 0])
    viewer.filter.temporalLimit = 0
    #expect(temporal(4) == [0])
    viewer.filter.temporalLimit = 2
    // The second of the highest layer refers to the one between, which is missed first.
    #expect(temporal(8) == [2, 1, 2, 0, 2, 1, 2, 0])
  }

  @Test func `where nothing says what pictures refer to, layers go up where the sender allows it`()
  {
    var filter = VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1)
    func take(_ picture: UInt8, _ temporal: UInt8, isInter: Bool = true, allows: Bool = false)
      -> Bool
    {
      let payload: [UInt8] = [
        0xac | (isInter ? 0x40 : 0), picture, temporal << 5 | (allows ? 0x10 : 0), 0, 1, 2,
      ]
      let descriptor = VP9PayloadDescriptor(parsing: payload.span)
      return descriptor.map { filter.take($0, references: nil) != nil } ?? false
    }
    filter.temporalLimit = 0
    #expect(take(1, 0, isInter: false) && !take(2, 1))
    filter.temporalLimit = 1
    // That bit of the upper layer's picture is about layers above it.
    #expect(take(3, 0) && !take(4, 1, allows: true))
    #expect(take(5, 0, allows: true) && take(6, 1))
  }

  @Test func `a layer that the sender adds without what came before it waits for its start`() {
    var source = VP9Source(pictureID: 1, usesKeyPicturesOnly: false, isFlexible: true)
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 1, firstBaseLayer: 1))
    viewer.filter.spatialLimit = 2
    #expect(source.next(isKey: true, spatialLayers: 2).allSatisfy { viewer.take($0) != nil })
    #expect(!viewer.filter.needsKeyFrame)
    let next = source.next(isKey: false).filter { viewer.take($0) != nil }
    #expect(next.map(\.spatial) == [0, 0, 1, 1])
    #expect(viewer.filter.needsKeyFrame)
    #expect(source.next(isKey: true).filter { viewer.take($0) != nil }.count == 6)
    #expect(!viewer.filter.needsKeyFrame)
  }

  @Test func `a sender that starts over goes on in the same numbers`() {
    var viewer = Viewer(filter: VP9LayerFilter(firstPicture: 50, firstBaseLayer: 1))
    var ids: [UInt16?] = []
    for start in [20000, 3, 2] as [UInt16] {
      var source = VP9Source(pictureID: start, usesKeyPicturesOnly: false)
      for isKey in [true, false] {
        let seen = source.next(isKey: isKey).map { viewer.take($0)?.pictureID }
        #expect(Set(seen).count == 1)
        ids.append(seen[0])
      }
      viewer.filter.stop()
    }
    #expect(ids == [50, 51, 52, 53, 54, 55])
  }
}
