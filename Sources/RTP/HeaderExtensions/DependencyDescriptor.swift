/// What a packet tells of its frame: where it starts and ends, its number, its layer and what it needs
/// (AV1 RTP specification, appendix A).
///
/// Most packets name a template of the structure that came with the last key frame, and take three bytes.
public struct DependencyDescriptor: Hashable, Sendable {
  /// The extension's name in SDP.
  public static let uri =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"

  /// Whether a frame starts in this packet.
  public var startsFrame: Bool
  /// Whether a frame ends in this packet.
  public var endsFrame: Bool
  /// The template's id, 0–63.
  public var templateID: UInt8
  /// The frame's number.
  public var frameNumber: UInt16
  /// The structure that holds from here on, in the first packet of a coded video sequence.
  public var structure: FrameDependencyStructure?
  /// The decode targets that can be decoded from here on, one bit for each, where that changes.
  public var activeDecodeTargets: UInt32?
  /// What the frame is to each decode target, where the template does not fit.
  public var indications: [DecodeTargetIndication]?
  /// How many frames back those lie that it refers to (1–4,096), where the template does not fit.
  public var frameDifferences: [UInt16]?
  /// How many frames back the last one of each chain lies, where the template does not fit.
  public var chainDifferences: [UInt8]?

  /// A descriptor that says what the template says.
  public init(startsFrame: Bool, endsFrame: Bool, templateID: UInt8, frameNumber: UInt16) {
    self.startsFrame = startsFrame
    self.endsFrame = endsFrame
    self.templateID = templateID & 63
    self.frameNumber = frameNumber
  }

  /// Reads a value. `known` is the structure that holds; the value's own goes before it.
  ///
  /// - Throws: `.malformed` also where a structure is needed and there is none.
  public init(
    parsing value: Span<UInt8>, structure known: FrameDependencyStructure?
  ) throws(RTPError) {
    var reader = BitReader(value, skipsEmulationPrevention: false)
    startsFrame = try reader.read(1) == 1
    endsFrame = try reader.read(1) == 1
    templateID = UInt8(truncatingIfNeeded: try reader.read(6))
    frameNumber = UInt16(truncatingIfNeeded: try reader.read(16))
    guard value.count > 3 else { return }
    let flags = try reader.read(5)
    if flags & 0x10 != 0 { structure = try FrameDependencyStructure(reading: &reader) }
    guard flags & 0x0f != 0 else { return }
    guard let current = structure ?? known else { throw .malformed }
    if flags & 0x08 != 0 { activeDecodeTargets = try reader.read(current.decodeTargets.count) }
    if flags & 0x04 != 0 {
      indications = try FrameDependencies.readIndications(current.decodeTargets.count, &reader)
    }
    if flags & 0x02 != 0 { frameDifferences = try FrameDependencies.readDifferences(&reader) }
    if flags & 0x01 != 0 {
      var differences: [UInt8] = []
      for _ in 0..<current.chainCount {
        differences.append(UInt8(truncatingIfNeeded: try reader.read(8)))
      }
      chainDifferences = differences
    }
  }

  /// What holds for the frame: the template, and what this descriptor says differently; nil where the structure has no such
  /// template.
  public func dependencies(in known: FrameDependencyStructure) -> FrameDependencies? {
    let current = structure ?? known
    guard let index = current.templateIndex(of: templateID) else { return nil }
    var result = current.templates[index]
    if let indications { result.indications = indications }
    if let frameDifferences { result.frameDifferences = frameDifferences }
    if let chainDifferences { result.chainDifferences = chainDifferences }
    return result
  }

  private var isExtended: Bool { flags != 0 }

  private var flags: UInt32 {
    (structure != nil ? 0x10 : 0) | (activeDecodeTargets != nil ? 0x08 : 0)
      | (indications != nil ? 0x04 : 0) | (frameDifferences != nil ? 0x02 : 0)
      | (chainDifferences != nil ? 0x01 : 0)
  }

  /// Bytes that the value takes, where `targetCount` is the number of decode targets.
  public func byteCount(targetCount: Int) -> Int {
    guard isExtended else { return 3 }
    var count = 24 + 5 + (structure?.bitCount ?? 0)
    if activeDecodeTargets != nil { count += targetCount }
    if let indications { count += 2 * indications.count }
    if let frameDifferences {
      count += 2
      for difference in frameDifferences {
        count += 2 + 4 * FrameDependencies.size(of: difference)
      }
    }
    if let chainDifferences { count += 8 * chainDifferences.count }
    return (count + 7) / 8
  }

  /// Appends the value: `byteCount(targetCount:)` bytes, for which the caller has reserved the room.
  @_lifetime(output: copy output)
  public func write(targetCount: Int, into output: inout OutputSpan<UInt8>) {
    var writer = BitWriter()
    writer.write(startsFrame ? 1 : 0, 1, into: &output)
    writer.write(endsFrame ? 1 : 0, 1, into: &output)
    writer.write(UInt32(templateID), 6, into: &output)
    writer.write(UInt32(frameNumber), 16, into: &output)
    guard isExtended else { return }
    writer.write(flags, 5, into: &output)
    structure?.write(with: &writer, into: &output)
    if let activeDecodeTargets { writer.write(activeDecodeTargets, targetCount, into: &output) }
    if let indications {
      FrameDependencies.write(indications, with: &writer, into: &output)
    }
    if let frameDifferences {
      FrameDependencies.write(frameDifferences, with: &writer, into: &output)
    }
    for difference in chainDifferences ?? [] { writer.write(UInt32(difference), 8, into: &output) }
    writer.finish(into: &output)
  }
}
