import RTP
import Wire

/// Any bytes as the payloads of a stream of VP8 and of one of VP9, each after a byte of its length, and as changes of a viewer's
/// mind between them. Numbers keep their distances, and nothing goes on that is above what is wanted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLayerFilters(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var viewer = Viewer()
  var reader = ByteReader(bytes.span)
  while let first = try? reader.readUInt8() {
    if first >= 0xe0 {
      viewer.change(first)
    } else {
      guard let payload = try? reader.take(min(Int(first), reader.remainingCount)) else { break }
      viewer.receiveVP8(payload)
      viewer.receiveVP9(payload)
    }
  }
  return 0
}

/// A viewer of both.
private struct Viewer {
  private var vp8 = VP8TemporalFilter(firstPicture: 0x7ff0, firstBaseLayer: 250)
  private var vp9 = VP9LayerFilter(firstPicture: 0x7ff0, firstBaseLayer: 250)
  private var references = VP9ReferenceReader()
  /// Frames of which something went on: picture and spatial layer.
  private var begun: Set<UInt32> = []

  mutating func change(_ byte: UInt8) {
    if byte == 0xff {
      vp8.stop()
      vp9.stop()
    }
    vp8.limit = byte & 3
    vp9.temporalLimit = byte & 3
    vp9.spatialLimit = byte >> 2 & 3
  }

  mutating func receiveVP8(_ payload: Span<UInt8>) {
    guard let descriptor = VP8PayloadDescriptor(parsing: payload) else { return }
    let startsKeyFrame = descriptor.keyFrameStart(in: payload) != nil
    let picture = vp8.take(descriptor, startsKeyFrame: startsKeyFrame)
    precondition((picture?.pictureID ?? 0) <= 0x7fff)
    guard !startsKeyFrame else { return }
    // Every packet of a picture meets with the same.
    precondition(vp8.take(descriptor, startsKeyFrame: false) == picture)
  }

  mutating func receiveVP9(_ payload: Span<UInt8>) {
    guard let descriptor = VP9PayloadDescriptor(parsing: payload) else { return }
    let known = references.references(of: descriptor, in: payload)
    precondition((known?.count ?? 0) <= 3)
    let picture = vp9.take(descriptor, references: known)
    precondition(vp9.take(descriptor, references: known) == picture)
    guard picture != nil, let number = descriptor.pictureID else { return }
    // A frame that has begun to go on is sent whole, even when its rest comes after smaller ones.
    let layer = descriptor.spatialLayer ?? 0
    guard begun.insert(UInt32(number.value) << 8 | UInt32(layer)).inserted else { return }
    precondition(layer <= vp9.spatialLayer)
  }
}
