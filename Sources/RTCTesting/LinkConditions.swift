public import Wire

/// How one direction of a host's link to the rest of the network treats datagrams.
///
/// A datagram crosses two of them: the sender's outgoing and the receiver's incoming one.
public struct LinkConditions: Sendable, Equatable {
  /// Which datagrams are lost.
  public enum Loss: Sendable, Equatable {
    /// None.
    case none
    /// Each by itself with this probability.
    case bernoulli(Double)
    /// In bursts (Gilbert-Elliott): a good and a bad state with a loss probability each, and the
    /// probabilities of leaving them, per datagram.
    case gilbertElliott(toBad: Double, toGood: Double, lossInGood: Double, lossInBad: Double)

    /// Bursts of `meanLength` datagrams on average, which make up `rate` of all; nothing is lost
    /// outside them.
    public static func bursts(rate: Double, meanLength: Double) -> Self {
      let toGood = 1 / max(meanLength, 1)
      let toBad = toGood * rate / max(1 - rate, 0.001)
      return .gilbertElliott(
        toBad: min(toBad, 1), toGood: toGood, lossInGood: 0, lossInBad: 1)
    }
  }

  /// The time every datagram takes.
  public var delay: Duration
  /// Up to this much is added at random. Order is kept; only `reordering` breaks it.
  public var jitter: Duration
  /// Which datagrams are lost.
  public var loss: Loss
  /// The probability that a datagram takes `reorderingDelay` longer and is overtaken.
  public var reordering: Double
  /// How much longer a reordered datagram takes.
  public var reorderingDelay: Duration
  /// The probability that a datagram arrives twice.
  public var duplication: Double
  /// The probability that some bits of a datagram are flipped.
  public var corruption: Double
  /// Capacity; nil is without limit.
  public var bitsPerSecond: Int64?
  /// Bytes that may wait for capacity; what comes beyond is lost.
  public var queueByteLimit: Int
  /// The largest packet in bytes, IP and UDP headers included; larger ones vanish.
  public var mtu: Int
  /// Nothing passes.
  public var isDown: Bool

  /// A link; without arguments a perfect one.
  public init(
    delay: Duration = .zero, jitter: Duration = .zero, loss: Loss = .none,
    reordering: Double = 0, reorderingDelay: Duration = .milliseconds(20),
    duplication: Double = 0, corruption: Double = 0, bitsPerSecond: Int64? = nil,
    queueByteLimit: Int = 64_000, mtu: Int = 1500, isDown: Bool = false
  ) {
    self.delay = delay
    self.jitter = jitter
    self.loss = loss
    self.reordering = reordering
    self.reorderingDelay = reorderingDelay
    self.duplication = duplication
    self.corruption = corruption
    self.bitsPerSecond = bitsPerSecond
    self.queueByteLimit = queueByteLimit
    self.mtu = mtu
    self.isDown = isDown
  }

  /// Nothing is lost and nothing takes time.
  public static var perfect: Self { Self() }
}
