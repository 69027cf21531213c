import Wire

/// How much one viewer's losses are worth, in steps: up at once, down only when the loss has been gone for a while.
struct ProtectionLevel {
  /// From this share of lost packets on a step is worth it, and below this one it is not.
  struct Step {
    var up: Double
    var down: Double
  }

  /// How long the loss must have been gone.
  static let patience = Duration.seconds(5)

  private let steps: [Step]
  /// How many steps are taken.
  private(set) var level = 0
  private var calmSince: Instant?

  /// The higher the step, the higher its shares.
  init(_ steps: [Step]) { self.steps = steps }

  /// Takes the share of packets lost lately, 0–1.
  mutating func note(_ lossRate: Double, at now: Instant) {
    let wanted = steps.count { lossRate >= $0.up }
    if wanted > level { level = wanted }
    guard level > 0, lossRate < steps[level - 1].down else {
      calmSince = nil
      return
    }
    let since = calmSince ?? now
    calmSince = since
    guard now - since >= Self.patience else { return }
    level -= 1
    calmSince = level > 0 ? now : nil
  }
}
