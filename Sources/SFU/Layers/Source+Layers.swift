import Wire

extension Source {
  /// How long an answer of `layers(at:)` is given again.
  private static let layersHoldFor = Duration.milliseconds(50)

  /// Whether picture sizes come as streams of their own. A browser may have agreed to that and yet put all sizes into
  /// the first of them, as Chromium does with VP9.
  var isSimulcast: Bool {
    guard streams.count > 1 || streams.first?.layer ?? 0 > 0 else { return false }
    return !streams.contains { $0.meter.isSent(1, 0) }
  }

  /// Every layer that is being sent, the one with the least bit/s first. Empty until something has come.
  func layers(at now: Instant) -> [LayerOption] {
    if let knownLayers, now - knownLayers.at < Self.layersHoldFor { return knownLayers.options }
    var options: [LayerOption] = []
    if isSimulcast {
      for stream in activeStreams(at: now) { stream.appendTemporalLayers(to: &options, at: now) }
    } else {
      stream(for: .everything, at: now)?.appendAllLayers(to: &options, at: now)
    }
    options.sort {
      ($0.bitrate, $0.target.spatial, $0.target.temporal)
        < ($1.bitrate, $1.target.spatial, $1.target.temporal)
    }
    knownLayers = (options, now)
    return options
  }

  /// The stream that brings a layer: of those being sent the one that has it, else the next smaller, else the smallest.
  func stream(for target: LayerTarget, at now: Instant) -> IncomingStream? {
    guard isSimulcast else {
      return streams.first { $0.meter.isSent(1, 0) } ?? streams.first
    }
    var below: IncomingStream?
    var smallest: IncomingStream?
    for stream in activeStreams(at: now) {
      if stream.layer <= target.spatial, stream.layer >= below?.layer ?? 0 { below = stream }
      if stream.layer <= smallest?.layer ?? .max { smallest = stream }
    }
    return below ?? smallest
  }

  /// The streams that are being sent, without those that rest, of which the smallest is better than none. Where all is still, as
  /// on a screen on which nothing moves, those that were.
  private func activeStreams(at now: Instant) -> [IncomingStream] {
    guard streams.count > 1 else { return streams }
    let active = streams.filter { $0.isActive(at: now) }
    guard let smallest = active.min(by: { $0.layer < $1.layer }) else { return streams }
    return active.filter { $0 === smallest || !$0.rests(at: now) }
  }
}

extension IncomingStream {
  /// The temporal layers of a stream that is one of several of its source.
  fileprivate func appendTemporalLayers(to options: inout [LayerOption], at now: Instant) {
    let limit = UInt8(LayerMeter.layerLimit)
    for temporal in 0..<limit {
      guard (0..<limit).contains(where: { meter.isSent($0, temporal) }) else { continue }
      let top = (0..<limit).last { meter.isSent($0, 0) } ?? 0
      options.append(
        LayerOption(
          target: LayerTarget(spatial: UInt8(clamping: layer), temporal: temporal),
          bitrate: meter.bitrate(top, temporal, at: now), height: expectedHeight,
          frameRate: meter.frameRate(top, temporal, at: now)))
    }
  }

  /// The spatial and temporal layers of the one stream of a source.
  fileprivate func appendAllLayers(to options: inout [LayerOption], at now: Instant) {
    let limit = UInt8(LayerMeter.layerLimit)
    guard let top = (0..<limit).last(where: { meter.isSent($0, 0) }) else { return }
    for spatial in 0...top {
      for temporal in 0..<limit where meter.isSent(spatial, temporal) {
        options.append(
          LayerOption(
            target: LayerTarget(spatial: spatial, temporal: temporal),
            bitrate: meter.bitrate(spatial, temporal, at: now),
            height: layerHeights[Int(spatial)] ?? max(expectedHeight >> Int(top - spatial), 1),
            frameRate: meter.frameRate(spatial, temporal, at: now)))
      }
    }
  }
}
