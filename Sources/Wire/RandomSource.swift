/// Randomness handed to a machine: the system's in production, a seed's in tests.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private enum Source: Sendable {
    case system
    case seeded(state: UInt64)
  }

  private var source: Source

  /// The operating system's cryptographically secure generator.
  public static var system: RandomSource { RandomSource(source: .system) }

  /// The same numbers for the same seed (SplitMix64); for tests and simulations only.
  public static func seeded(_ seed: UInt64) -> RandomSource {
    RandomSource(source: .seeded(state: seed))
  }

  /// A source for another machine: the system's again, or one with a seed drawn from this one.
  public mutating func split() -> RandomSource {
    switch source {
    case .system: .system
    case .seeded: .seeded(next())
    }
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    switch source {
    case .system:
      var generator = SystemRandomNumberGenerator()
      return generator.next()
    case .seeded(let state):
      let advanced = state &+ 0x9e37_79b9_7f4a_7c15
      source = .seeded(state: advanced)
      var mixed = advanced
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  /// `count` random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
  }
}
