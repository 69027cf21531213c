/// Finds out where the key pictures of one H.264 stream begin that has no dependency descriptors.
///
/// A picture begins once, however many IDR slices and parameter sets it has. One whose parameter sets were lost begins nowhere:
/// a decoder could do nothing with the rest.
public struct H264KeyPictures: Sendable {
  private var newest: (index: Int64, timestamp: UInt32)?
  /// Whether all of the newest picture has come so far, in order.
  private var isWhole = false
  private var bringsParameters = false
  /// The picture that began last.
  private var begun: UInt32?

  /// Nothing has come yet.
  public init() {}

  /// What a packet tells of a key picture that begins in it. `index` is its sequence number without wrapping.
  public mutating func start(
    in payload: Span<UInt8>, index: Int64, timestamp: UInt32
  ) -> KeyFrameStart? {
    follow(index, timestamp)
    guard let start = H264Payload.keyFrameStart(in: payload), timestamp != begun else {
      return nil
    }
    if H264Payload.hasSequenceParameters(payload) {
      bringsParameters = true
    } else {
      // Who never told them in the stream told them in its description, and some tell them once only.
      let isFirst = isWhole && index == newest?.index
      guard isFirst || !bringsParameters else { return nil }
    }
    begun = timestamp
    return start
  }

  private mutating func follow(_ index: Int64, _ timestamp: UInt32) {
    defer { newest = index > newest?.index ?? .min ? (index, timestamp) : newest }
    guard let newest, index > newest.index else { return }
    if index != newest.index &+ 1 {
      isWhole = false
    } else if timestamp != newest.timestamp {
      isWhole = true
    }
  }
}
