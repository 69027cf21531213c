import Wire

extension Slot {
  /// What a still picture now and then counts.
  private static let snapshotShare = 0.1

  /// How high the picture should be that is shown here, and how much of that comes; nil where nothing can be said.
  func pictureShare(at now: Instant) -> (height: Double, share: Double)? {
    guard kind == .video, let source, source.isLive, height > 0 else { return nil }
    // What the sender cannot send is no fault of the way to the viewer.
    let options = source.lacksLayers ? source.layers(at: now) : source.offers(at: now)
    let enough = options.filter { $0.height * 5 >= height * 4 }
    guard let picture = enough.map(\.height).min() ?? options.map(\.height).max() else {
      return nil
    }
    guard picture > 0 else { return nil }
    let ideal = Double(min(picture, height))
    guard let wanted else { return (ideal, 0) }
    guard let forwarding else { return nil }
    if wanted.keyFramesOnly || forwarding.keyFramesOnly { return (ideal, Self.snapshotShare) }
    let same = options.filter { $0.target.spatial == forwarding.spatial }
    guard let best = same.max(by: { $0.frameRate < $1.frameRate }) else { return nil }
    let got = same.last { $0.target.temporal <= forwarding.temporal } ?? best
    let smoothness = best.frameRate > 0 ? min(got.frameRate / best.frameRate, 1) : 1
    let sharpness = min(Double(best.height) / ideal, 1)
    // Half the frames are less than half the loss.
    return (ideal, sharpness * (0.5 + smoothness / 2))
  }
}

extension Source {
  /// Looks whether all comes that is wanted and that its sender has sent before. A layer that has just been asked for
  /// counts from the second look on.
  func lookForLayers(at now: Instant) {
    let wanted = demand.wanted
    let asked = streams.filter { wanted.indices.contains($0.layer) && wanted[$0.layer] }
    let lackedLayers = lacksLayers
    lacksLayers = false
    sentShare = 1
    guard isLive, isSimulcast, let top = asked.max(by: { $0.layer < $1.layer }),
      let sent = streams.filter({ $0.isActive(at: now) }).max(by: { $0.layer < $1.layer }),
      sent.layer < top.layer
    else { return }
    lacksLayers = true
    guard lackedLayers else { return }
    sentShare = min(Double(sent.expectedHeight) / Double(max(top.expectedHeight, 1)), 1)
  }
}

extension Member {
  /// Before a viewer was sent to for so long nobody knows what fits.
  private static let timeToRamp = Duration.seconds(5)

  /// How much of all pictures comes that its screen has room for; large ones count for more.
  func pictureShare(at now: Instant) -> Double {
    guard let since = quality.connectedAt, now - since >= Self.timeToRamp else { return 1 }
    var wanted = 0.0
    var got = 0.0
    for slot in slots {
      guard let (height, share) = slot.pictureShare(at: now) else { continue }
      wanted += height
      got += height * share
    }
    return wanted > 0 ? got / wanted : 1
  }
}
