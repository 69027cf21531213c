import Wire

/// The pictures that one of VP9 refers to: how many numbers back they lie (P_DIFF of RFC 9628 §4.2), three at most.
public struct PictureReferences: Hashable, Sendable {
  private var packed: UInt32 = 0
  /// How many there are.
  public private(set) var count = 0

  /// None.
  public init() {}

  /// How many numbers back the picture at `place` lies, 1–127.
  public subscript(place: Int) -> UInt8 {
    guard (0..<3).contains(place) else { return 0 }
    return UInt8(truncatingIfNeeded: packed >> UInt32(place * 8))
  }

  mutating func append(_ distance: UInt8) {
    guard count < 3 else { return }
    packed |= UInt32(distance) << UInt32(count * 8)
    count += 1
  }
}

/// Finds out what the pictures of one VP9 stream refer to: they say so themselves, or it follows from their place in the picture
/// group that the last scalability structure told of (RFC 9628 §4.2).
public struct VP9ReferenceReader: Sendable {
  private var group: [PictureReferences] = []
  private var firstPicture: UInt16 = 0

  /// A reader that knows of no group yet.
  public init() {}

  /// What a packet's picture refers to; nil where that is not known. `payload` is what the descriptor was read from.
  public mutating func references(
    of descriptor: VP9PayloadDescriptor, in payload: Span<UInt8>
  ) -> PictureReferences? {
    if let position = descriptor.structurePosition, let picture = descriptor.pictureID {
      readGroup(payload, from: position)
      firstPicture = picture.value
    }
    guard descriptor.isInterPicturePredicted else { return PictureReferences() }
    if descriptor.isFlexible { return descriptor.references }
    guard !group.isEmpty, let picture = descriptor.pictureID else { return nil }
    let circle: UInt16 = picture.isLong ? 0x7fff : 0x7f
    return group[Int((picture.value &- firstPicture) & circle) % group.count]
  }

  private mutating func readGroup(_ payload: Span<UInt8>, from position: Int) {
    group.removeAll(keepingCapacity: true)
    guard position < payload.count else { return }
    var reader = ByteReader(payload.extracting(droppingFirst: position))
    do throws(Truncated) {
      let first = try reader.readUInt8()
      if first & 0x10 != 0 { try reader.skip(4 * (Int(first >> 5) + 1)) }
      guard first & 0x08 != 0 else { return }
      for _ in 0..<(try reader.readUInt8()) {
        var references = PictureReferences()
        for _ in 0..<(try reader.readUInt8() >> 2 & 3) {
          references.append(try reader.readUInt8() & 0x7f)
        }
        group.append(references)
      }
    } catch {
      group.removeAll(keepingCapacity: true)
    }
  }
}
