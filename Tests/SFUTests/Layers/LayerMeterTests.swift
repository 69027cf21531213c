import RTP
import Testing
import Wire

@testable import SFU

@Suite struct LayerMeterTests {
  /// A stream of 20 pictures a second, each of one packet for each spatial layer, in temporal layers 0 1 by turns.
  private func feed(
    _ stream: IncomingStream, from start: Instant, pictures: Int, spatialLayers: UInt8 = 1,
    byteCount: Int = 1000
  ) -> Instant {
    var now = start
    for picture in 0..<pictures {
      let temporal = UInt8(picture % 2)
      for spatial in 0..<spatialLayers {
        let targets = (spatial...3).reduce(0 as UInt16) { $0 | LayerMeter.upward($1, temporal) }
        stream.meter.note(
          spatial: spatial, temporal: temporal, targets: targets,
          timestamp: UInt32(picture) * 4500, byteCount: byteCount - LayerMeter.overhead, at: now)
      }
      stream.lastPacketAt = now
      now = now + .milliseconds(50)
    }
    return now
  }

  private func source(rids: [String], streams: Int) -> Source {
    var track = PublishedTrack(
      mid: "0", role: .camera, codecs: [96: .init(.vp8)], clockRate: 90_000)
    track.rids = rids
    let source = Source(
      id: SourceID(peer: PeerID(rawValue: 1), role: .camera), track: track)
    source.streams = (0..<streams).map {
      IncomingStream(ssrc: UInt32($0), layer: $0, source: source)
    }
    return source
  }

  @Test func `sizes that are streams of their own are told with what each takes, least first`() {
    let source = source(rids: ["q", "h"], streams: 2)
    let end = feed(source.streams[0], from: .zero, pictures: 60)
    _ = feed(source.streams[1], from: .zero, pictures: 60, byteCount: 4000)
    for stream in source.streams { stream.height = stream.layer == 0 ? 180 : 360 }
    let layers = source.layers(at: end)
    #expect(layers.map(\.target.spatial) == [0, 0, 1, 1])
    #expect(layers.map(\.target.temporal) == [0, 1, 0, 1])
    #expect(layers.map(\.height) == [180, 180, 360, 360])
    for (layer, expected) in zip(layers, [80_000, 160_000, 320_000, 640_000]) {
      #expect(abs(layer.bitrate - expected) <= expected / 10)
    }
    #expect(layers.map { Int($0.frameRate.rounded()) } == [10, 20, 10, 20])
    // One of them is switched off.
    let later = feed(source.streams[0], from: end, pictures: 60)
    #expect(source.layers(at: later).map(\.target.spatial) == [0, 0])
    let wanted = LayerTarget(spatial: 1, temporal: 7)
    #expect(source.stream(for: wanted, at: end) === source.streams[1])
    #expect(source.stream(for: wanted, at: later) === source.streams[0])
  }

  @Test func `sizes inside one stream are told where several streams were agreed on`() {
    let source = source(rids: ["q", "h", "f"], streams: 2)
    // What came before the browser knew how to send it.
    _ = feed(source.streams[1], from: .zero, pictures: 2)
    let end = feed(source.streams[0], from: .zero, pictures: 60, spatialLayers: 3)
    source.streams[0].height = 720
    let layers = source.layers(at: end)
    #expect(layers.map(\.target.spatial).sorted() == [0, 0, 1, 1, 2, 2])
    #expect(Set(layers.map(\.height)) == [180, 360, 720])
    #expect(layers.allSatisfy { $0.frameRate > 8 })
    #expect(layers.last?.target == LayerTarget(spatial: 2, temporal: 1))
    #expect(!source.isSimulcast)
  }

  @Test func `a screen on which nothing moves is still there`() {
    let source = source(rids: [], streams: 1)
    let end = feed(source.streams[0], from: .zero, pictures: 10)
    let later = end + .seconds(60)
    #expect(source.layers(at: later).map(\.target.temporal) == [0, 1])
  }
}

@Suite struct SentDescriptorsTests {
  @Test func `what stood beside a packet is said again, until it is forgotten`() {
    var sent = SentDescriptors()
    var read: [UInt8] = [9]
    let isThere = sent.read(7, into: &read)
    #expect(!isThere && read == [9])
    for number in 0..<2000 {
      sent.note(
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 100 == 0 ? 90 : 3),
        sequenceNumber: UInt16(number))
    }
    for number in 1990..<2000 {
      let isThere = sent.read(UInt16(number), into: &read)
      #expect(isThere && read == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 3))
    }
    for number in [0, 1400, 2000, 2511] as [UInt16] {
      let isThere = sent.read(number, into: &read)
      #expect(!isThere)
    }
    // Longer ones push out more.
    for number in 2000..<2100 {
      sent.note([UInt8](repeating: 1, count: 255), sequenceNumber: UInt16(number))
    }
    let isOldThere = sent.read(1999, into: &read)
    let isNewThere = sent.read(2090, into: &read)
    #expect(!isOldThere && isNewThere && read.count == 255)
  }
}
