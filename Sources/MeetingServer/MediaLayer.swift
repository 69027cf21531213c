/// What of a picture goes to a peer at the moment.
public struct MediaLayer: Hashable, Sendable {
  /// The m-section in which the peer receives it.
  public var mid: String
  /// The simulcast layer; nil without simulcast.
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
