import Wire

/// What all viewers of a source want of it together, and what is known of those of its layers that are switched off.
///
/// A layer is what its sender can switch: a simulcast stream, or the one stream of a source without.
struct LayerDemand {
  /// How long a layer goes on unwatched: who only looks away for a moment finds it still there.
  static let linger = Duration.seconds(2)
  /// After so long without a packet a layer that is wanted is one its sender cannot send.
  static let patience = Duration.seconds(3)
  /// Over how long bitrates are averaged: longer than from one key frame to the effects of the next.
  private static let memory = Duration.seconds(2)

  private struct Layer {
    var isWanted = true
    var wantedAt: Instant?
    var neededAt: Instant?
    var activeAt: Instant?
    var options: [LayerOption] = []
  }

  private var layers: [Layer]

  /// Everything is wanted until it turns out that nobody does.
  init(count: Int) { layers = Array(repeating: Layer(), count: max(count, 1)) }

  /// Which layers should be sent, the smallest first.
  var wanted: [Bool] { layers.map(\.isWanted) }

  /// Whether all layers should be sent.
  var isComplete: Bool { layers.allSatisfy(\.isWanted) }

  /// Somebody wants a layer now, or is getting it. The smallest one is kept beside it, so that nobody has to wait for
  /// less; and until one that was asked for anew has come, all beneath it: a sender that has sent little for a while may think
  /// that the largest does not fit. True where the sender must be told.
  mutating func need(_ place: Int, at now: Instant) -> Bool {
    let place = min(max(place, 0), layers.count - 1)
    var isNews = note(place, at: now)
    for beneath in layers.indices.prefix(place) where beneath == 0 || isAwaited(place) {
      isNews = note(beneath, at: now) || isNews
    }
    return isNews
  }

  /// Whether a layer was asked for anew and has not come since.
  private func isAwaited(_ place: Int) -> Bool {
    guard let wantedAt = layers[place].wantedAt else { return false }
    return layers[place].activeAt.map { $0 < wantedAt } ?? true
  }

  private mutating func note(_ place: Int, at now: Instant) -> Bool {
    layers[place].neededAt = now
    guard !layers[place].isWanted else { return false }
    layers[place].isWanted = true
    layers[place].wantedAt = now
    return true
  }

  /// Somebody has a use for layers up to this one. Where one of these was asked for and does not come it stays asked for: it
  /// comes once its sender can send it, and is not switched off and on meanwhile.
  mutating func hope(upTo place: Int, at now: Instant) {
    for place in layers.indices.prefix(place + 1) where isVain(place, at: now) {
      layers[place].neededAt = now
    }
  }

  /// Whether a layer was asked for and does not come.
  func isVain(_ place: Int, at now: Instant) -> Bool {
    guard layers.indices.contains(place) else { return false }
    let layer = layers[place]
    guard layer.isWanted, let wantedAt = layer.wantedAt, now - wantedAt >= Self.patience
    else { return false }
    return layer.activeAt.map { now - $0 >= Self.patience } ?? true
  }

  /// Gives up layers that nobody has wanted for a while. True where the sender must be told.
  mutating func expire(at now: Instant) -> Bool {
    var isNews = false
    for place in layers.indices {
      let neededAt = layers[place].neededAt ?? now
      layers[place].neededAt = neededAt
      guard layers[place].isWanted, now - neededAt >= Self.linger else { continue }
      layers[place].isWanted = false
      isNews = true
    }
    return isNews
  }

  /// Nothing can be said: the source is muted.
  mutating func rest(at now: Instant) {
    for place in layers.indices {
      layers[place].neededAt = now
      layers[place].wantedAt = now
    }
  }

  /// Takes what was measured of a layer that is being sent.
  mutating func learn(_ measured: [LayerOption], _ place: Int, guess: LayerOption, at now: Instant)
  {
    guard layers.indices.contains(place), !measured.isEmpty else { return }
    let known = layers[place].options
    let elapsed = min(now - (layers[place].activeAt ?? now), Self.memory)
    layers[place].activeAt = now
    layers[place].options = measured.map { option in
      var option = option
      guard let before = known.first(where: { $0.target == option.target }) else {
        // A stream begins with a key frame, which says nothing of what follows.
        option.bitrate = min(option.bitrate, guess.bitrate)
        return option
      }
      let change = Int64(clamping: option.bitrate) - Int64(clamping: before.bitrate)
      let part = change * elapsed.milliseconds / Self.memory.milliseconds
      option.bitrate = Int(clamping: Int64(clamping: before.bitrate) + part)
      return option
    }
  }

  /// Whether it was ever sent.
  func isKnown(_ place: Int) -> Bool {
    layers.indices.contains(place) && !layers[place].options.isEmpty
  }

  /// What could be had of a layer: what it was when it was sent last, else `guess`. Empty where its sender was asked for it and
  /// does not send it.
  mutating func options(_ place: Int, guess: LayerOption, at now: Instant) -> [LayerOption] {
    guard layers.indices.contains(place) else { return [] }
    layers[place].wantedAt = layers[place].wantedAt ?? now
    guard place == 0 || !isVain(place, at: now) else { return [] }
    return layers[place].options.isEmpty ? [guess] : layers[place].options
  }
}
