/// Which decode target one viewer gets: the best that is wanted, made, and reachable without a frame it has not got
/// (AV1 RTP specification A.6, A.7).
struct DecodeTargetSelection: Sendable {
  /// The highest layers that are wanted.
  var spatialLimit: UInt8 = .max
  var temporalLimit: UInt8 = .max
  /// The place of the target among those of the structure.
  private(set) var current = 0
  /// Whether a better target than the current one is wanted, or a lesser one, and cannot be reached yet.
  private(set) var isWaiting = false
  private(set) var targets: [DecodeTarget] = []
  /// Places of targets, the best first.
  private var order: [Int] = []
  /// For each target those whose frames are all frames of it.
  private var parts: [UInt32] = []
  /// A bit for each chain of which the viewer got every frame.
  private var intactChains: UInt32 = 0
  private var lastSpatialLayer: UInt8?

  /// The frame that is looked at.
  struct Candidate {
    let frame: FrameDependencies
    let index: Int64
    /// Whether the viewer has all frames that it refers to.
    let isDecodable: Bool
  }

  /// The layers of the current target.
  var target: DecodeTarget? { targets.indices.contains(current) ? targets[current] : nil }

  /// The decode targets that can be decoded by whoever gets the current one.
  var decodable: UInt32 { parts.indices.contains(current) ? parts[current] : 0 }

  /// Whether the viewer misses a frame that all later ones need.
  var isBroken: Bool {
    guard let chain = target?.chain else { return false }
    return intactChains >> UInt32(chain) & 1 == 0
  }

  /// Starts a sequence: its first frame can be decoded, so any target may be chosen.
  mutating func start(_ structure: FrameDependencyStructure, active: UInt32, isSame: Bool) {
    if !isSame || parts.isEmpty { take(structure) }
    lastSpatialLayer = nil
    isWaiting = false
    let fitting = order.first { fits($0, active) }
    current = fitting ?? order.last { active >> UInt32($0) & 1 == 1 } ?? order.last ?? 0
  }

  private mutating func take(_ structure: FrameDependencyStructure) {
    targets = structure.decodeTargets
    order = targets.indices.sorted {
      (targets[$0].spatialLayer, targets[$0].temporalLayer, $1)
        > (targets[$1].spatialLayer, targets[$1].temporalLayer, $0)
    }
    let members = targets.indices.map { target in
      structure.templates.enumerated().reduce(0 as UInt64) {
        $1.element.indications[target].isPresent ? $0 | 1 << UInt64($1.offset) : $0
      }
    }
    parts = members.map { whole in
      members.enumerated().reduce(0 as UInt32) {
        $1.element & ~whole == 0 ? $0 | 1 << UInt32($1.offset) : $0
      }
    }
  }

  /// Chooses anew where a picture starts: the viewer has then got its last one whole.
  mutating func consider(_ candidate: Candidate, active: UInt32, frames: ForwardedFrames) {
    let layer = candidate.frame.spatialLayer
    defer { lastSpatialLayer = layer }
    if let lastSpatialLayer, layer > lastSpatialLayer { return }
    guard let wanted = order.first(where: { fits($0, active) }) else { return }
    let reached = order.first {
      fits($0, active) && ($0 == current || isReachable($0, candidate, frames))
    }
    if let reached {
      current = reached
    } else if let less = order.last(where: {
      targets[$0].spatialLayer == target?.spatialLayer && isReachable($0, candidate, frames)
    }) {
      // A lower resolution cannot be had before the next key frame, fewer pictures can.
      current = less
    }
    isWaiting = current != wanted
  }

  /// Follows the chains over a frame.
  mutating func note(_ candidate: Candidate, isForwarded: Bool, frames: ForwardedFrames) {
    for (chain, difference) in candidate.frame.chainDifferences.enumerated() {
      let bit = 1 << UInt32(chain) as UInt32
      if difference == 0 {
        if isForwarded { intactChains |= bit } else { intactChains &= ~bit }
      } else if !frames.isAvailable(candidate.index &- Int64(difference)) {
        intactChains &= ~bit
      }
    }
  }

  /// Whether all later frames of the current target rely on this one.
  func isEssential(_ frame: FrameDependencies) -> Bool {
    guard let chain = target?.chain else { return frame.indications[current].isNeededLater }
    return zip(targets, frame.indications).allSatisfy {
      $0.chain != chain || $1.isNeededLater
    }
  }

  private func fits(_ place: Int, _ active: UInt32) -> Bool {
    targets[place].spatialLayer <= spatialLimit && targets[place].temporalLayer <= temporalLimit
      && active >> UInt32(place) & 1 == 1
  }

  private func isReachable(
    _ place: Int, _ candidate: Candidate, _ frames: ForwardedFrames
  ) -> Bool {
    let indication = candidate.frame.indications[place]
    if indication == .switching, candidate.isDecodable { return true }
    guard let chain = targets[place].chain else {
      return targets[place].spatialLayer == target?.spatialLayer
        && targets[place].temporalLayer <= targets[current].temporalLayer
    }
    // Above the lowest temporal layer the upper part of the picture may rest on frames that were left out.
    if targets[place].spatialLayer > targets[current].spatialLayer,
      candidate.frame.temporalLayer > 0
    {
      return false
    }
    let difference = candidate.frame.chainDifferences[Int(chain)]
    if difference == 0 { return candidate.isDecodable && indication.isPresent }
    return intactChains >> UInt32(chain) & 1 == 1
      && frames.isAvailable(candidate.index &- Int64(difference))
  }
}
