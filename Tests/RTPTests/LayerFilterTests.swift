import ByteFixtures
import RTP
import Testing
import Wire

/// A VP8 sender with three temporal layers in the order 0 2 1 2, whose upper layers sometimes start anew.
private struct VP8Source {
  var picture: UInt16
  var baseLayer: UInt8
  private(set) var count = 0
  /// The last picture of each layer.
  private var last = [-1, -1, -1]

  struct Picture {
    let payload: [UInt8]
    let index: Int
    let layer: Int
    let isKey: Bool
    let references: [Int]
  }

  init(picture: UInt16, baseLayer: UInt8) {
    self.picture = picture
    self.baseLayer = baseLayer
  }

  mutating func next(isKey: Bool, isSync: Bool) -> Picture {
    let layer = isKey ? 0 : [0, 2, 1, 2][count % 4]
    if isKey { last = [-1, -1, -1] }
    let startsAnew = isSync || last[layer] < 0
    let references =
      isKey ? [] : startsAnew ? [last[0]] : last[...layer].filter { $0 >= 0 }
    if layer == 0 { baseLayer &+= 1 }
    let payload: [UInt8] = [
      0x90, 0xe0, 0x80 | UInt8(picture >> 8), UInt8(truncatingIfNeeded: picture), baseLayer,
      UInt8(layer) << 6 | (layer > 0 && startsAnew ? 0x20 : 0), isKey ? 0 : 1, 1, 2, 3,
    ]
    let made = Picture(
      payload: payload, index: count, layer: layer, isKey: isKey, references: references)
    last[layer] = count
    count += isKey ? 4 - count % 4 : 1
    picture = (picture + 1) & 0x7fff
    if isKey { last[0] = made.index }
    return made
  }
}

@Suite struct LayerFilterTests {
  @Test func `VP8 pictures that are forwarded are numbered without gaps and can be decoded`() throws
  {
    for seed in 0..<20 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var source = VP8Source(
        picture: .random(in: 0...0x7fff, using: &random), baseLayer: random.bytes(1)[0])
      var filter = VP8TemporalFilter(firstPicture: 0x7ff0, firstBaseLayer: 250)
      var expected: UInt16 = 0x7ff0
      var base: UInt8 = 249
      var decoded: Set<Int> = []
      for number in 0..<400 {
        if number % 16 == 0 { filter.limit = .random(in: 0...2, using: &random) }
        let limit = filter.limit
        let picture = source.next(
          isKey: number % 150 == 0, isSync: Int.random(in: 0..<6, using: &random) == 0)
        let payload = picture.payload
        let descriptor = VP8PayloadDescriptor(parsing: payload.span)
        let read = try #require(descriptor)
        let first = filter.take(read, startsKeyFrame: picture.isKey)
        let second = filter.take(read, startsKeyFrame: false)
        #expect(first == second)
        guard let first else { continue }
        #expect(picture.layer <= limit)
        #expect(first.pictureID == expected)
        expected = (expected + 1) & 0x7fff
        if picture.layer == 0 { base &+= 1 }
        #expect(first.baseLayerIndex == base)
        #expect(picture.references.allSatisfy { decoded.contains($0) })
        decoded.insert(picture.index)
      }
      #expect(decoded.count > 100)
    }
  }

  @Test func `VP8 goes down at once, up with a picture that needs the lowest layer only`() throws {
    var source = VP8Source(picture: 5, baseLayer: 0)
    var filter = VP8TemporalFilter(firstPicture: 0, firstBaseLayer: 0)
    func layers(_ count: Int, isSync: Bool) throws -> [Int] {
      var layers: [Int] = []
      for _ in 0..<count {
        let picture = source.next(isKey: source.count == 0, isSync: isSync)
        let payload = picture.payload
        let descriptor = VP8PayloadDescriptor(parsing: payload.span)
        guard let descriptor,
          filter.take(descriptor, startsKeyFrame: picture.isKey) != nil
        else { continue }
        layers.append(picture.layer)
      }
      return layers
    }
    #expect(try layers(5, isSync: false) == [0, 0, 2, 1, 2])
    filter.limit = 0
    #expect(try layers(5, isSync: false) == [0, 0])
    filter.limit = 2
    #expect(try layers(8, isSync: false) == [0, 0])
    #expect(try layers(8, isSync: true) == [1, 2, 0, 2, 1, 2, 0])
  }

  @Test func `a VP8 picture that comes late has its number kept`() throws {
    var source = VP8Source(picture: 0, baseLayer: 0)
    var filter = VP8TemporalFilter(firstPicture: 100, firstBaseLayer: 0)
    filter.limit = 1
    let pictures = (0..<9).map { source.next(isKey: $0 == 0, isSync: false).payload }
    var ids: [UInt16?] = []
    for place in [0, 1, 2, 4, 5, 3, 6, 8, 7] {
      let payload = pictures[place]
      let descriptor = VP8PayloadDescriptor(parsing: payload.span)
      ids.append(
        descriptor.flatMap { filter.take($0, startsKeyFrame: place == 0)?.pictureID })
    }
    #expect(ids == [100, 101, nil, nil, 103, 102, nil, nil, 104])
  }

  @Test func `a viewer goes over to another VP8 stream with numbers that go on`() throws {
    var filter = VP8TemporalFilter(firstPicture: 7, firstBaseLayer: 9)
    var ids: [UInt16?] = []
    var bases: [UInt8?] = []
    for start in [30000, 12] as [UInt16] {
      filter.stop()
      var source = VP8Source(picture: start, baseLayer: UInt8(truncatingIfNeeded: start))
      for number in 0..<3 {
        let payload = source.next(isKey: number == 1, isSync: false).payload
        let descriptor = VP8PayloadDescriptor(parsing: payload.span)
        let picture = descriptor.flatMap { filter.take($0, startsKeyFrame: number == 1) }
        ids.append(picture?.pictureID)
        bases.append(picture?.baseLayerIndex)
      }
    }
    #expect(ids == [nil, 7, 8, nil, 9, 10])
    #expect(bases == [nil, 9, 10, nil, 11, 12])
  }

  @Test func `VP8 without picture ids is forwarded whole`() {
    var filter = VP8TemporalFilter(firstPicture: 7, firstBaseLayer: 9)
    filter.limit = 0
    let plain: [UInt8] = [0x10, 0, 0, 0]
    let descriptor = VP8PayloadDescriptor(parsing: plain.span)
    let before = descriptor.flatMap { filter.take($0, startsKeyFrame: false) }
    let after = descriptor.flatMap { filter.take($0, startsKeyFrame: true) }
    #expect(before == nil)
    #expect(after != nil && after?.pictureID == nil)
  }
}
