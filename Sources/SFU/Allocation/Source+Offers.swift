import RTP
import Wire

extension Source {
  /// How long an answer of `offers(at:)` is given again.
  private static let offersHoldFor = Duration.milliseconds(200)
  /// What is measured of a layer that pauses for longer tells nothing of what it takes.
  private static let pause = Duration.milliseconds(250)

  /// What is measured of a layer in the first moments after a pause tells nothing: a key frame, and hardly a frame a second.
  private static let beginning = Duration.milliseconds(500)

  /// Everything that is being sent or would be if it were asked for, the one with the least bit/s first.
  func offers(at now: Instant) -> [LayerOption] {
    if let knownOffers, now - knownOffers.at < Self.offersHoldFor { return knownOffers.options }
    let measured = layers(at: now)
    var options: [LayerOption] = []
    for place in 0..<layerCount {
      let guess = guess(place)
      if isFlowing(place, at: now), !(demand.isKnown(place) && isBeginning(place, at: now)) {
        let own = measured.filter { self.place($0.target) == place }
        demand.learn(own, place, guess: guess, at: now)
      }
      options += demand.options(place, guess: guess, at: now)
    }
    options.sort {
      ($0.bitrate, $0.target.spatial, $0.target.temporal)
        < ($1.bitrate, $1.target.spatial, $1.target.temporal)
    }
    knownOffers = (options, now)
    return options
  }

  private func isBeginning(_ place: Int, at now: Instant) -> Bool {
    streams.contains { stream in
      self.place(stream) == place && stream.begunAt.map { now - $0 < Self.beginning } ?? false
    }
  }

  /// Whether the stream flows that brings a layer: its own, or the one that brings all.
  private func isFlowing(_ place: Int, at now: Instant) -> Bool {
    if layerCount > 1, !isSimulcast {
      return streams.contains { $0.brings(size: place, since: now - Self.pause) }
    }
    return streams.contains { stream in
      self.place(stream) == place && stream.lastPacketAt.map { now - $0 < Self.pause } ?? false
    }
  }

  /// Which of the layers that its sender can switch brings `target`.
  func place(_ target: LayerTarget) -> Int {
    layerCount > 1 ? min(Int(target.spatial), layerCount - 1) : 0
  }

  private func place(_ stream: IncomingStream) -> Int { min(stream.layer, layerCount - 1) }

  /// A layer of which nothing was seen yet, as browsers send it commonly.
  private func guess(_ place: Int) -> LayerOption {
    let height = expectedHeight(place)
    let side = min(max(height, 90), 1080)
    return LayerOption(
      target: LayerTarget(spatial: layerCount > 1 ? UInt8(clamping: place) : 7, temporal: 7),
      bitrate: min(side * side * 4, 2_500_000), height: height, frameRate: 30)
  }

  /// Picture height of one of the layers that its sender can switch, guessed where nothing told it.
  private func expectedHeight(_ place: Int) -> Int {
    let full = id.role == .screen ? 1080 : 720
    let guess = full >> min(max(layerCount - 1 - place, 0), 4)
    if let stream = streams.first, streams.count == 1, stream.layerHeights[1] != nil {
      return place < LayerMeter.layerLimit ? stream.layerHeights[place] ?? guess : guess
    }
    return streams.first { self.place($0) == place }?.height ?? guess
  }

  /// The largest layer that a picture shown at `height` has a use for: where one that is large enough does not come, the
  /// next one is.
  private func place(forHeight height: Int, at now: Instant) -> Int {
    let enough = (0..<layerCount).first {
      expectedHeight($0) * 5 >= height * 4 && !demand.isVain($0, at: now)
    }
    return enough ?? layerCount - 1
  }

  /// Notes what is wanted and watched at the moment. True where the sender must be told.
  func survey(at now: Instant) -> Bool {
    guard isLive else {
      demand.rest(at: now)
      return false
    }
    var isNews = false
    for slot in slots where !slot.viewer.isAbsent(at: now) {
      if slot.wanted != nil, slot.height > 0 {
        demand.hope(upTo: place(forHeight: slot.height, at: now), at: now)
      }
      if let wanted = slot.wanted, demand.need(place(wanted), at: now) { isNews = true }
      if let current = slot.current, demand.need(place(current), at: now) { isNews = true }
    }
    if demand.expire(at: now) { isNews = true }
    guard isNews else { return false }
    // Nobody answers for a layer that is off.
    for (place, isWanted) in demand.wanted.enumerated() where !isWanted {
      for stream in streams where self.place(stream) == place { stream.satisfyKeyFrames() }
    }
    return true
  }

  /// It was muted or unmuted: what its viewers get is to be divided anew.
  func concernsViewers() {
    for slot in slots { slot.viewer.allocation.isDue = true }
  }

  /// A picture of the smallest size has come: all sizes of a camera's picture are sent at once. True where a larger one turns out
  /// not to be sent any more.
  func noteTurn(at now: Instant) -> Bool {
    guard id.role == .camera, streams.count > 1 else { return false }
    var isNews = false
    for stream in streams where stream.layer > 0 && stream.missTurn(at: now) { isNews = true }
    if isNews { layersChanged(at: now) }
    return isNews
  }

  /// A layer is being sent that was not, or cannot be had that could: whoever is concerned goes over with the next key frame.
  func layersChanged(at now: Instant) {
    knownOffers = nil
    knownLayers = nil
    for slot in slots where slot.kind == .video && slot.wanted != nil {
      slot.want(slot.wanted, at: now)
      slot.viewer.allocation.isDue = true
    }
  }
}

extension IncomingStream {
  /// Whether the stream has brought pictures of a size since `start`, and goes on to. After a key frame with fewer sizes what
  /// was measured of the others is not theirs any more.
  fileprivate func brings(size place: Int, since start: Instant) -> Bool {
    guard place < LayerMeter.layerLimit, layerHeights[0] == nil || layerHeights[place] != nil
    else { return false }
    return meter.isSent(UInt8(clamping: place), since: start)
  }
}
