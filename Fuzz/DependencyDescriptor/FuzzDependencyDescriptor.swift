import RTP
import Wire

/// Any bytes as the descriptors of one stream, each after a byte of its length, and of the changes of a viewer's mind between
/// them; and as a video layers allocation. What is read is written and read again, and so is what the viewer gets.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDependencyDescriptor(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  checkAllocation(bytes)
  var stream = Stream()
  var reader = ByteReader(bytes.span)
  while let first = try? reader.readUInt8() {
    if first >= 0xf0 {
      stream.change(first)
    } else {
      guard let value = try? reader.take(min(Int(first), reader.remainingCount)) else { break }
      stream.receive(value)
    }
  }
  return 0
}

private func checkAllocation(_ bytes: [UInt8]) {
  guard let allocation = VideoLayersAllocation(parsing: bytes.span) else { return }
  let again = [UInt8](capacity: allocation.byteCount) { allocation.write(into: &$0) }
  precondition(again.count == allocation.byteCount)
  precondition(VideoLayersAllocation(parsing: again.span) == allocation)
}

/// A sender's stream, and a viewer of it.
private struct Stream {
  private var reader = DependencyDescriptorReader()
  private var rewriter = DependencyDescriptorRewriter(firstFrameNumber: 65_000)
  /// By the sender's frame, what the viewer knows it as.
  private var numbers: [Int64: UInt16] = [:]

  mutating func change(_ byte: UInt8) {
    if byte == 0xff { rewriter.stop() }
    rewriter.limit(spatialLayer: byte & 3, temporalLayer: byte >> 2 & 3)
    numbers.removeAll()
  }

  mutating func receive(_ value: Span<UInt8>) {
    guard let packet = try? reader.read(value) else { return }
    let own = packet.structure
    check(packet.descriptor, own)
    precondition((1...64).contains(own.templates.count))
    precondition((1...32).contains(own.decodeTargets.count))
    precondition(packet.frame.indications.count == own.decodeTargets.count)
    if packet.descriptor.structure != nil { numbers.removeAll() }
    guard let forwarded = rewriter.rewrite(packet) else { return }
    precondition(forwarded.targetCount == own.decodeTargets.count)
    precondition(
      numbers[packet.frameIndex] ?? forwarded.descriptor.frameNumber
        == forwarded.descriptor.frameNumber)
    numbers[packet.frameIndex] = forwarded.descriptor.frameNumber
    check(forwarded.descriptor, own)
    for difference in forwarded.descriptor.frameDifferences ?? [] {
      precondition((1...4096).contains(difference))
    }
  }

  private func check(_ descriptor: DependencyDescriptor, _ structure: FrameDependencyStructure) {
    let count = descriptor.byteCount(targetCount: structure.decodeTargets.count)
    let written = [UInt8](capacity: count) {
      descriptor.write(targetCount: structure.decodeTargets.count, into: &$0)
    }
    precondition(written.count == count)
    let again = try? DependencyDescriptor(parsing: written.span, structure: structure)
    precondition(again == descriptor)
  }
}
