/// What makes a path less than excellent.
public enum QualityReason: String, Codable, Sendable, CaseIterable {
  /// Packets are lost.
  case loss
  /// Packets are long on their way, or unevenly.
  case delay
  /// There is too little bandwidth for what is sent or wanted.
  case bandwidth
  /// The picture stood still.
  case freeze
  /// Nothing comes at all.
  case lost
}

/// How well one direction of a participant's media does.
public struct LinkQuality: Codable, Sendable, Equatable {
  /// Figures behind a score; those not known are missing.
  public struct Details: Codable, Sendable, Equatable {
    /// Share of packets lost before any repair, 0–1.
    public var loss: Double?
    /// Time there and back, in milliseconds.
    public var roundTrip: Int?
    /// What is sent this way, in bit/s.
    public var bitrate: Int?
    /// What the path is thought to carry, in bit/s.
    public var target: Int?
    /// What is received of the pictures that move.
    public var layers: [ReceivedLayer]?

    /// What is known.
    public init(
      loss: Double? = nil, roundTrip: Int? = nil, bitrate: Int? = nil, target: Int? = nil,
      layers: [ReceivedLayer]? = nil
    ) {
      self.loss = loss
      self.roundTrip = roundTrip
      self.bitrate = bitrate
      self.target = target
      self.layers = layers
    }
  }

  /// 0 (gone) to 5 (excellent).
  public var score: Int
  /// What stands in the way most; nothing where nothing does.
  public var reason: QualityReason?
  /// Only to who asked for statistics, of itself.
  public var details: Details?

  /// A score and why it is no better.
  public init(score: Int, reason: QualityReason? = nil, details: Details? = nil) {
    self.score = score
    self.reason = reason
    self.details = details
  }
}

/// What of a picture goes to somebody at the moment.
public struct ReceivedLayer: Codable, Sendable, Equatable {
  /// The m-section in which it is received.
  public var mid: String
  /// The simulcast layer; nothing without simulcast.
  public var rid: String?
  /// The place of its size among `sizes`, counted from 1.
  public var size: Int
  /// How many sizes are sent in the same stream.
  public var sizes: Int
  /// The place of its frame rate among `rates`, counted from 1.
  public var rate: Int
  /// How many frame rates are sent.
  public var rates: Int

  /// This much of the picture in `mid`.
  public init(mid: String, rid: String? = nil, size: Int, sizes: Int, rate: Int, rates: Int) {
    self.mid = mid
    self.rid = rid
    self.size = size
    self.sizes = sizes
    self.rate = rate
    self.rates = rates
  }
}

/// How well a participant sends and receives.
public struct ParticipantQuality: Codable, Sendable, Equatable {
  /// Who.
  public var userId: String
  /// From the participant to the server.
  public var up: LinkQuality
  /// From the server to the participant.
  public var down: LinkQuality

  /// The quality of `userId`'s paths.
  public init(userId: String, up: LinkQuality, down: LinkQuality) {
    self.userId = userId
    self.up = up
    self.down = down
  }
}
