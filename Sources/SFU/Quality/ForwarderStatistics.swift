/// How a forwarder stands at one moment: numbers only, and none about anybody in particular.
public struct ForwarderStatistics: Sendable, Equatable {
  /// Rooms with a peer in them.
  public internal(set) var roomCount = 0
  /// Peers whose path is still looked for, or has failed.
  public internal(set) var unconnectedPeerCount = 0
  /// Peers to whom media can flow.
  public internal(set) var connectedPeerCount = 0
  /// Picture slots that get what they should.
  public internal(set) var liveSlotCount = 0
  /// Picture slots that get a still picture now and then.
  public internal(set) var snapshotSlotCount = 0
  /// Picture slots that get nothing, for want of bandwidth.
  public internal(set) var pausedSlotCount = 0
  /// Layers of cameras and screens that senders were asked to switch off.
  public internal(set) var unwantedLayerCount = 0
  /// What was done since it began.
  public internal(set) var totals = ForwarderTotals()
  /// What peers' paths are thought to carry towards them, in bytes per second, of those that say what arrives.
  public internal(set) var targets = Distribution([
    8_000, 16_000, 32_000, 64_000, 125_000, 250_000, 500_000, 1_000_000, 2_000_000,
  ])
  /// Round trips of peers in seconds.
  public internal(set) var roundTrips = Distribution([
    0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6,
  ])
  /// Shares of packets lost from peers, before repair.
  public internal(set) var lossUp = Distribution(Self.lossBounds)
  /// Shares of packets lost towards peers, before repair.
  public internal(set) var lossDown = Distribution(Self.lossBounds)
  /// How unevenly peers' sound comes, in seconds.
  public internal(set) var jitter = Distribution([
    0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32,
  ])
  /// Scores of the ways from peers.
  public internal(set) var scoresUp = Distribution(Self.scoreBounds)
  /// Scores of the ways to peers.
  public internal(set) var scoresDown = Distribution(Self.scoreBounds)

  private static let lossBounds = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4]
  private static let scoreBounds: [Double] = [0, 1, 2, 3, 4, 5]

  /// Nobody there.
  public init() {}

  /// Adds those of another forwarder.
  public static func += (sum: inout ForwarderStatistics, other: ForwarderStatistics) {
    sum.roomCount += other.roomCount
    sum.unconnectedPeerCount += other.unconnectedPeerCount
    sum.connectedPeerCount += other.connectedPeerCount
    sum.liveSlotCount += other.liveSlotCount
    sum.snapshotSlotCount += other.snapshotSlotCount
    sum.pausedSlotCount += other.pausedSlotCount
    sum.unwantedLayerCount += other.unwantedLayerCount
    sum.totals += other.totals
    sum.targets += other.targets
    sum.roundTrips += other.roundTrips
    sum.lossUp += other.lossUp
    sum.lossDown += other.lossDown
    sum.jitter += other.jitter
    sum.scoresUp += other.scoresUp
    sum.scoresDown += other.scoresDown
  }
}

/// Figures about one direction of one peer's media, for the peer itself.
public struct LinkFigures: Sendable, Hashable {
  /// Share of packets lost before any repair.
  public var loss: Double
  /// The time there and back in milliseconds.
  public var roundTripMilliseconds: Int
  /// What flowed in the last second, in bit/s.
  public var bitrate: Int
  /// What the way is thought to carry, in bit/s; nil where that is not known.
  public var target: Int?
}
