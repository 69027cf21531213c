import Foundation
import Media
import RTP
import Wire

/// A file under `Samples`.
func sample(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Samples/\(name)")))
}

func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

/// One packet on its way.
struct SentPacket: Equatable {
  var header: RTPHeader
  var payload: [UInt8]
}

/// Numbers packets as a sender does.
struct TestSender {
  var packetizer: Packetizer
  var sequenceNumber: UInt16

  init(_ codec: MediaCodec, from sequenceNumber: UInt16 = 65_500, maximumPayloadSize: Int = 1200) {
    packetizer = Packetizer(
      codec: codec, maximumPayloadSize: maximumPayloadSize, firstPictureID: 0x7ffe)
    self.sequenceNumber = sequenceNumber
  }

  mutating func send(_ frame: EncodedFrame) -> [SentPacket] {
    packetizer.packetize(frame).map { payload in
      defer { sequenceNumber &+= 1 }
      return SentPacket(
        header: RTPHeader(
          payloadType: 96, sequenceNumber: sequenceNumber, timestamp: frame.timestamp, ssrc: 1,
          marker: payload.marker),
        payload: payload.bytes)
    }
  }

  mutating func sendPadding(timestamp: UInt32) -> SentPacket {
    defer { sequenceNumber &+= 1 }
    return SentPacket(
      header: RTPHeader(
        payloadType: 96, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: 1),
      payload: [])
  }
}

extension FrameAssembler {
  @discardableResult
  mutating func insert(_ packet: SentPacket, at now: Instant = .zero) -> Insertion {
    insert(packet.header, payload: packet.payload.span, at: now)
  }

  mutating func all() -> [ReceivedFrame] {
    var frames: [ReceivedFrame] = []
    while let frame = next() { frames.append(frame) }
    return frames
  }
}

/// Frames that look like the codec's: the bytes are random, the structure is not.
struct FrameMaker {
  var random: RandomSource
  let codec: MediaCodec

  init(_ codec: MediaCodec, seed: UInt64) {
    self.codec = codec
    random = .seeded(seed)
  }

  /// A frame with about `count` bytes.
  mutating func frame(_ count: Int, timestamp: UInt32, isKeyFrame: Bool) -> EncodedFrame {
    let data: [UInt8]
    switch codec {
    case .opus: data = [0x78] + random.bytes(count)
    case .pcmu, .pcma: data = random.bytes(max(count, 1))
    case .vp8: data = [isKeyFrame ? 0x10 : 0x11] + random.bytes(count)
    case .vp9: data = [isKeyFrame ? 0x82 : 0x86] + random.bytes(count)
    case .h264: data = annexB(isKeyFrame ? [[0x67], [0x68], [0x65]] : [[0x41]], count)
    case .h265:
      data = annexB(
        isKeyFrame ? [[0x40, 1], [0x42, 1], [0x44, 1], [0x28, 1]] : [[0x02, 1]], count)
    case .av1: data = temporalUnit(count, isKeyFrame: isKeyFrame)
    }
    return EncodedFrame(bytes: data, timestamp: timestamp, isKeyFrame: codec.isAudio || isKeyFrame)
  }

  /// Units of random data without zeros; the last ones are slices, `count` bytes together.
  private mutating func annexB(_ headers: [[UInt8]], _ count: Int) -> [UInt8] {
    var data: [UInt8] = []
    var left = count
    for (index, header) in headers.enumerated() {
      let isLast = index + 1 == headers.count
      data += isLast && index > 0 ? [0, 0, 1] : [0, 0, 0, 1]
      data += header + random.bytes(isLast ? left / 2 : 8).map { $0 | 1 }
    }
    left -= left / 2
    if left > 0 { data += [0, 0, 1] + (headers.last ?? []) + random.bytes(left).map { $0 | 1 } }
    return data
  }

  private mutating func temporalUnit(_ count: Int, isKeyFrame: Bool) -> [UInt8] {
    var data: [UInt8] = [0x12, 0]
    if isKeyFrame { data += [0x0a, 0x04] + random.bytes(4) }
    let pieces = Int(random.next() % 6) + 1
    for _ in 0..<pieces {
      data += [0x32] + leb128(count / pieces) + random.bytes(count / pieces)
    }
    return data
  }

  private func leb128(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f) | 0x80] + leb128(value >> 7)
  }
}
