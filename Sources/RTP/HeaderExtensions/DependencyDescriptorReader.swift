import Wire

/// Reads the descriptors of one stream: keeps the structure of the last key frame, and gives frames an index that never wraps.
public struct DependencyDescriptorReader: Sendable {
  /// What a packet's descriptor means.
  public struct Packet: Sendable, Equatable {
    /// The descriptor as it was read.
    public let descriptor: DependencyDescriptor
    /// The frame's number without wrapping. It also goes on where a sender starts over.
    public let frameIndex: Int64
    /// The structure that holds for it.
    public let structure: FrameDependencyStructure
    /// What the frame needs.
    public let frame: FrameDependencies
    /// The decode targets that the sender makes, one bit for each.
    public let activeDecodeTargets: UInt32

    /// Whether this starts a coded video sequence: the frame needs no other and brings the structure.
    public var startsSequence: Bool {
      descriptor.structure != nil && frame.frameDifferences.isEmpty
    }
  }

  /// A structure this many frames before the newest is no late packet, but of a sender who started over.
  private static let restartDistance: Int64 = 1024

  private var structure: FrameDependencyStructure?
  private var structureIndex = Int64.min
  private var activeDecodeTargets: UInt32 = 0
  private var activeSince = Int64.min
  private var unwrapper = SequenceUnwrapper()
  private var shift: Int64 = 0

  /// A reader that has seen no structure yet.
  public init() {}

  /// Whether packets cannot be understood until a key frame comes.
  public var needsKeyFrame: Bool { structure == nil }

  /// Reads a packet's value.
  ///
  /// - Throws: `.malformed` also for a packet whose structure is not there: lost, not yet come, or replaced since.
  public mutating func read(_ value: Span<UInt8>) throws(RTPError) -> Packet {
    let descriptor = try DependencyDescriptor(parsing: value, structure: structure)
    guard let current = descriptor.structure ?? structure,
      let frame = descriptor.dependencies(in: current),
      frame.indications.count == current.decodeTargets.count,
      frame.chainDifferences.count == current.chainCount
    else { throw .malformed }
    let index = place(descriptor)
    guard descriptor.structure != nil || index >= structureIndex else { throw .malformed }
    if let own = descriptor.structure, index >= structureIndex {
      structure = own
      structureIndex = index
    }
    var active = descriptor.activeDecodeTargets
    if active == nil, descriptor.structure != nil { active = current.allDecodeTargets }
    if let active, index >= activeSince {
      activeDecodeTargets = active
      activeSince = index
    }
    return Packet(
      descriptor: descriptor, frameIndex: index, structure: current, frame: frame,
      activeDecodeTargets: active ?? activeDecodeTargets)
  }

  private mutating func place(_ descriptor: DependencyDescriptor) -> Int64 {
    if descriptor.structure != nil, let newest = unwrapper.newest,
      unwrapper.index(of: descriptor.frameNumber) < newest &- Self.restartDistance
    {
      shift = shift &+ newest &+ 1 &- Int64(descriptor.frameNumber)
      unwrapper = SequenceUnwrapper()
    }
    return unwrapper.unwrap(descriptor.frameNumber) &+ shift
  }
}
