/// What of a picture goes to a viewer at the moment.
public struct ForwardedLayer: Sendable, Hashable {
  /// The slot's mid.
  public var mid: String
  /// The simulcast layer; nil without simulcast.
  public var rid: String?
  /// The highest size that goes on, counted from 0, and how many are sent in the same stream.
  public var spatial: Int
  /// See `spatial`.
  public var spatialCount: Int
  /// The highest frame rate that goes on, counted from 0, and how many are sent.
  public var temporal: Int
  /// See `temporal`.
  public var temporalCount: Int
}

extension SelectiveForwarder {
  /// What goes to a peer in each of its picture slots in which something moves.
  public func forwardedLayers(to id: PeerID) -> [ForwardedLayer] {
    members[id]?.slots.compactMap(\.forwardedLayer) ?? []
  }
}

extension Slot {
  fileprivate var forwardedLayer: ForwardedLayer? {
    guard plan.kind == .video, let source, let current, let forwarding,
      !forwarding.keyFramesOnly
    else { return nil }
    let limit = UInt8(LayerMeter.layerLimit)
    let isSimulcast = source.isSimulcast
    let spatialCount = (0..<limit).last { current.meter.isSent($0, 0) }.map { Int($0) + 1 } ?? 1
    let spatial = isSimulcast ? spatialCount - 1 : min(Int(forwarding.spatial), spatialCount - 1)
    let temporalCount =
      (0..<limit).last { current.meter.isSent(UInt8(clamping: spatial), $0) }
      .map { Int($0) + 1 } ?? 1
    let rids = source.track.rids
    return ForwardedLayer(
      mid: plan.mid,
      rid: isSimulcast && rids.indices.contains(current.layer) ? rids[current.layer] : nil,
      spatial: spatial, spatialCount: spatialCount,
      temporal: min(Int(forwarding.temporal), temporalCount - 1), temporalCount: temporalCount)
  }
}
