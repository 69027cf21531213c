import Wire

/// Moves picture ids and TL0PICIDX of the streams that a viewer gets in turn so that each goes on where the one before ended.
///
/// Gaps stay. In VP9 they mean something: a picture says by numbers which it refers to, and a receiver knows by its number which
/// layer one belongs to that it did not get (RFC 9628 §4.2).
public struct PictureOffsets: Sendable {
  /// A number this far below the newest is of a sender who started over.
  private static let restartDistance: Int64 = 48

  private var newest: Int64
  private var newestInput: Int64?
  private var offset: Int64 = 0
  private var newestBaseLayer: UInt8
  private var baseLayerOffset: UInt8 = 0

  /// Gives these numbers to the first picture.
  public init(firstPicture: UInt16, firstBaseLayer: UInt8) {
    newest = Int64(firstPicture) - 1
    newestBaseLayer = firstBaseLayer &- 1
  }

  /// Takes another input, whose first picture has these numbers.
  public mutating func begin(picture: PictureID?, baseLayer: UInt8?) {
    baseLayerOffset = newestBaseLayer &+ 1 &- (baseLayer ?? 0)
    guard let picture else { return }
    newestInput = Int64(picture.value)
    offset = newest &+ 1 &- Int64(picture.value)
  }

  /// Whether a key frame with this number cannot be of the input that goes on.
  public func isRestart(_ picture: PictureID) -> Bool {
    guard let newestInput else { return false }
    return index(of: picture) < newestInput &- Self.restartDistance
  }

  /// The input's index of a picture, which does not wrap.
  public func index(of picture: PictureID) -> Int64 {
    guard let newestInput else { return Int64(picture.value) }
    let circle = 1 << Int64(picture.bitWidth) as Int64
    let ahead = (Int64(picture.value) &- newestInput) & (circle - 1)
    return newestInput &+ (ahead < circle / 2 ? ahead : ahead - circle)
  }

  /// The outgoing picture id.
  public mutating func pictureID(of picture: PictureID) -> UInt16 {
    let index = index(of: picture)
    newestInput = max(newestInput ?? index, index)
    newest = max(newest, index &+ offset)
    return UInt16(truncatingIfNeeded: (index &+ offset) & 0x7fff)
  }

  /// The outgoing TL0PICIDX.
  public mutating func baseLayer(_ input: UInt8) -> UInt8 {
    let output = input &+ baseLayerOffset
    if output.isNewer(than: newestBaseLayer) { newestBaseLayer = output }
    return output
  }
}
