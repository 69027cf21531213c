/// Forwards to one viewer the frames of one decode target, as a stream of its own: frame numbers without gaps, and differences,
/// template ids and active decode targets that agree with them (AV1 RTP specification A.4, A.7).
///
/// Layers go up where a frame allows it and down with the next picture. What is forwarded may come from several streams in
/// turn; each begins with a key frame.
public struct DependencyDescriptorRewriter: Sendable {
  /// A packet that goes to the viewer.
  public struct Forwarded: Sendable, Equatable {
    /// Its descriptor.
    public let descriptor: DependencyDescriptor
    /// How many decode targets there are, which writing the descriptor takes.
    public let targetCount: Int
    /// Whether the viewer's picture ends here: the marker bit is to be set, as also where it was set before.
    public let endsPicture: Bool
  }

  /// What all packets of the newest frame have in common.
  private struct FrameChanges {
    var frameDifferences: [UInt16]?
    var chainDifferences: [UInt8]?
    var isAnnounced = false
  }

  private var selection = DecodeTargetSelection()
  private var frames: ForwardedFrames
  private var input: FrameDependencyStructure?
  private var output: FrameDependencyStructure?
  private var sequenceIndex = Int64.min
  private var isRunning = false
  private var changes = FrameChanges()
  private var changedIndex: Int64?
  private var announced: UInt32 = 0
  private var hasNarrowed = false
  /// Whether all frames of the sequence went on so far: then all differences stay.
  private var isWhole = false

  /// Gives `firstFrameNumber` to the first frame.
  public init(firstFrameNumber: UInt16) { frames = ForwardedFrames(firstNumber: firstFrameNumber) }

  /// Sets the highest layers that the viewer is to get; from the next picture on, as far as that can be.
  public mutating func limit(spatialLayer: UInt8, temporalLayer: UInt8) {
    selection.spatialLimit = spatialLayer
    selection.temporalLimit = temporalLayer
  }

  /// The target that is forwarded.
  public var target: DecodeTarget? { isRunning ? selection.target : nil }

  /// Whether a key frame would bring the viewer what it should have: it has nothing yet, misses a frame for good, or should
  /// get layers that it cannot go over to.
  public var needsKeyFrame: Bool {
    !isRunning || selection.isWaiting || selection.isBroken
  }

  /// Stops; the next key frame begins, whatever stream it is of.
  public mutating func stop() { isRunning = false }

  /// The packet as the viewer gets it; nil where it gets none.
  public mutating func rewrite(_ packet: DependencyDescriptorReader.Packet) -> Forwarded? {
    if packet.startsSequence { start(packet) }
    guard isRunning, packet.frameIndex >= sequenceIndex, packet.structure == input, let output,
      let template = packet.structure.templateIndex(of: packet.descriptor.templateID),
      isForwarded(packet)
    else { return nil }
    var descriptor = packet.descriptor
    descriptor.frameNumber = UInt16(
      truncatingIfNeeded: frames.number(of: packet.frameIndex))
    descriptor.templateID = output.templateID(at: template)
    if descriptor.structure != nil { descriptor.structure = output }
    let own =
      packet.frameIndex == changedIndex ? changes : differences(packet, output.templates[template])
    descriptor.frameDifferences = own.frameDifferences
    descriptor.chainDifferences = own.chainDifferences
    let active = packet.activeDecodeTargets & selection.decodable
    let isWhole = active == output.allDecodeTargets
    let isAnnounced =
      own.isAnnounced || descriptor.activeDecodeTargets != nil
      || descriptor.structure != nil && !isWhole
    descriptor.activeDecodeTargets = isAnnounced ? active : nil
    return Forwarded(
      descriptor: descriptor, targetCount: output.decodeTargets.count,
      endsPicture: descriptor.endsFrame
        && packet.frame.spatialLayer >= selection.target?.spatialLayer ?? 0)
  }

  private mutating func start(_ packet: DependencyDescriptorReader.Packet) {
    if isRunning {
      guard packet.frameIndex > sequenceIndex else { return }
    } else {
      frames.begin(at: packet.frameIndex)
    }
    let isSame = input == packet.structure
    if !isSame {
      var next = packet.structure
      // Ids of the structure before must not name templates of this one (A.8.3).
      if let output {
        next.templateOffset =
          (output.templateOffset &+ UInt8(truncatingIfNeeded: output.templates.count)) & 63
      }
      output = next
      input = packet.structure
    }
    selection.start(packet.structure, active: packet.activeDecodeTargets, isSame: isSame)
    sequenceIndex = packet.frameIndex
    changedIndex = nil
    announced = packet.structure.allDecodeTargets
    hasNarrowed = false
    isWhole = true
    isRunning = true
  }

  private mutating func isForwarded(_ packet: DependencyDescriptorReader.Packet) -> Bool {
    let index = packet.frameIndex
    let isNew = index > frames.newest ?? .min
    guard isNew || frames.state(of: index) == .expected else {
      return frames.state(of: index) == .forwarded
    }
    let candidate = DecodeTargetSelection.Candidate(
      frame: packet.frame, index: index,
      isDecodable: packet.frame.frameDifferences.allSatisfy {
        frames.isAvailable(index &- Int64($0))
      })
    guard isNew else {
      let isForwarded = isWanted(candidate)
      if !isForwarded { isWhole = false }
      frames.settle(index, isForwarded: isForwarded)
      return frames.state(of: index) == .forwarded
    }
    selection.consider(candidate, active: packet.activeDecodeTargets, frames: frames)
    let isForwarded = isWanted(candidate)
    if !isForwarded { isWhole = false }
    frames.append(index, isForwarded: isForwarded)
    selection.note(candidate, isForwarded: isForwarded, frames: frames)
    if isForwarded { prepare(packet) }
    return isForwarded
  }

  private func isWanted(_ candidate: DecodeTargetSelection.Candidate) -> Bool {
    candidate.isDecodable && candidate.frame.indications[selection.current].isPresent
  }

  /// Works out what the packets of a new frame have in common.
  private mutating func prepare(_ packet: DependencyDescriptorReader.Packet) {
    guard let output, let place = packet.structure.templateIndex(of: packet.descriptor.templateID)
    else { return }
    changes = differences(packet, output.templates[place])
    changedIndex = packet.frameIndex
    let active = packet.activeDecodeTargets & selection.decodable
    if active != output.allDecodeTargets { hasNarrowed = true }
    // Whoever loses the change loses a frame that is missed, or hears of it with the next that matters (A.4).
    changes.isAnnounced =
      active != announced || hasNarrowed && selection.isEssential(packet.frame)
    announced = active
  }

  /// The differences in the viewer's numbers, where they are not those of the template.
  private func differences(
    _ packet: DependencyDescriptorReader.Packet, _ template: FrameDependencies
  ) -> FrameChanges {
    let index = packet.frameIndex
    var changes = FrameChanges()
    if isWhole {
      changes.frameDifferences = packet.descriptor.frameDifferences
      changes.chainDifferences = packet.descriptor.chainDifferences
      return changes
    }
    // A late packet may contradict the others of its frame; no frame refers to itself.
    let references = packet.frame.frameDifferences.map {
      UInt16(truncatingIfNeeded: max(1, frames.distance(from: index &- Int64($0), to: index)))
    }
    if references != template.frameDifferences { changes.frameDifferences = references }
    let active = packet.activeDecodeTargets & selection.decodable
    var used: UInt32 = 0
    for (place, target) in selection.targets.enumerated() where active >> UInt32(place) & 1 == 1 {
      if let chain = target.chain { used |= 1 << UInt32(chain) }
    }
    var chains = template.chainDifferences
    for chain in chains.indices where used >> UInt32(chain) & 1 == 1 {
      let difference = Int64(packet.frame.chainDifferences[chain])
      chains[chain] = UInt8(
        truncatingIfNeeded: frames.distance(from: index &- difference, to: index))
    }
    if chains != template.chainDifferences { changes.chainDifferences = chains }
    return changes
  }
}
