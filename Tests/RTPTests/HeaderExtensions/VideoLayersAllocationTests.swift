import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct VideoLayersAllocationTests {
  private func value(_ allocation: VideoLayersAllocation) -> [UInt8] {
    written { allocation.write(into: &$0) }
  }

  @Test func `a browser's allocation of one layer`() {
    let captured = bytes("01009702013f00ef0f")
    let allocation = VideoLayersAllocation(parsing: captured.span)
    #expect(
      allocation
        == VideoLayersAllocation(
          streamIndex: 0,
          streams: [
            [
              .init(
                index: 0, bitrates: [279], format: .init(width: 320, height: 240, frameRate: 15))
            ]
          ]))
    #expect(allocation.map(value) == captured)
  }

  @Test func `streams with other layers have masks of their own`() throws {
    let allocation = try #require(
      VideoLayersAllocation(
        streamIndex: 2,
        streams: [
          [.init(index: 0, bitrates: [100, 150, 200])],
          [.init(index: 1, bitrates: [0x3fff]), .init(index: 3, bitrates: [.max, 1])],
          [],
        ]))
    #expect(
      value(allocation) == bytes("a0 1a00 84" + "64 9601 c801" + "ff7f" + "ffffffff0f 01"))
    #expect(VideoLayersAllocation(parsing: value(allocation).span) == allocation)
  }

  @Test func `one zero byte is an allocation of nothing`() {
    #expect(VideoLayersAllocation(parsing: [0].span) == .nothing)
    #expect(value(.nothing) == [0])
    #expect(VideoLayersAllocation(parsing: [UInt8]().span) == nil)
    #expect(VideoLayersAllocation(parsing: bytes("0000").span)?.streams == [[]])
  }

  @Test func `what cannot be written cannot be made`() {
    typealias Layer = VideoLayersAllocation.SpatialLayer
    let plain = Layer(index: 0, bitrates: [1])
    let sized = Layer(
      index: 1, bitrates: [1], format: .init(width: 1, height: 1, frameRate: 1))
    #expect(VideoLayersAllocation(streamIndex: 4, streams: [[plain]]) == nil)
    #expect(VideoLayersAllocation(streamIndex: 0, streams: []) == nil)
    #expect(VideoLayersAllocation(streamIndex: 0, streams: .init(repeating: [], count: 5)) == nil)
    #expect(VideoLayersAllocation(streamIndex: 0, streams: [[plain, plain]]) == nil)
    #expect(VideoLayersAllocation(streamIndex: 0, streams: [[plain, sized]]) == nil)
    #expect(
      VideoLayersAllocation(streamIndex: 0, streams: [[.init(index: 0, bitrates: [])]]) == nil)
    #expect(
      VideoLayersAllocation(streamIndex: 0, streams: [[.init(index: 4, bitrates: [1])]]) == nil)
  }

  @Test func `whatever is written is read again, and nothing that is cut`() throws {
    var random = RandomSource.seeded(3)
    for _ in 0..<500 {
      let allocation = try #require(randomAllocation(&random))
      let bytes = value(allocation)
      #expect(bytes.count == allocation.byteCount)
      #expect(VideoLayersAllocation(parsing: bytes.span) == allocation)
      let formats = 5 * allocation.streams.joined().filter { $0.format != nil }.count
      // Without formats the value is whole too; and its first byte alone may be that of nothing.
      for count in 1..<bytes.count where count != bytes.count - formats && bytes[0] != 0 {
        #expect(VideoLayersAllocation(parsing: Array(bytes[..<count]).span) == nil)
      }
    }
  }

  private func randomAllocation(_ random: inout RandomSource) -> VideoLayersAllocation? {
    let hasFormats = Bool.random(using: &random)
    let streams = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      let mask = Int.random(in: 0...15, using: &random)
      return (0..<4 as Range<UInt8>).filter { mask & 1 << Int($0) != 0 }.map { index in
        VideoLayersAllocation.SpatialLayer(
          index: index,
          bitrates: (0..<Int.random(in: 1...4, using: &random)).map { _ in
            UInt32.random(in: 0 ... .max, using: &random)
              >> UInt32.random(in: 0..<32, using: &random)
          },
          format: hasFormats
            ? .init(
              width: .random(in: 1...65536, using: &random),
              height: .random(in: 1...65536, using: &random),
              frameRate: .random(in: 0...255, using: &random)) : nil)
      }
    }
    return VideoLayersAllocation(
      streamIndex: .random(in: 0...3, using: &random), streams: streams)
  }
}
