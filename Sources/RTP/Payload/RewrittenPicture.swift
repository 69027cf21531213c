import Wire

/// The numbers of a picture in the stream that a viewer gets.
public struct RewrittenPicture: Hashable, Sendable {
  /// The picture's number, to be written in as many bits as it came in; nil where it came with none.
  public let pictureID: UInt16?
  /// TL0PICIDX; nil where it came with none.
  public let baseLayerIndex: UInt8?
  /// Whether the viewer's picture ends in this packet: the marker bit is to be set, as also where it was set before.
  public let endsPicture: Bool
}

/// Renumbers the pictures of VP8 that are forwarded (RFC 7741 §4.2).
struct PictureRenumbering: Sendable {
  /// A key frame this far from the picture before is of a sender who started over.
  private static let restartDistance: Int64 = 1024

  private(set) var frames: ForwardedFrames
  private var newestInput: Int64?
  private var newestBaseLayer: UInt8
  private var baseLayerOffset: UInt8 = 0

  init(firstPicture: UInt16, firstBaseLayer: UInt8) {
    frames = ForwardedFrames(firstNumber: firstPicture)
    newestBaseLayer = firstBaseLayer &- 1
  }

  /// Takes another input, whose first picture has these numbers.
  mutating func begin(picture: PictureID?, baseLayer: UInt8?) {
    baseLayerOffset = newestBaseLayer &+ 1 &- (baseLayer ?? 0)
    guard let picture else { return }
    newestInput = Int64(picture.value)
    frames.begin(at: Int64(picture.value))
  }

  /// Whether a key frame with this number cannot be of the input that goes on.
  func isRestart(_ picture: PictureID) -> Bool {
    guard let newestInput else { return false }
    return abs(index(of: picture) &- newestInput) > Self.restartDistance
  }

  /// The index of a picture, which does not wrap.
  func index(of picture: PictureID) -> Int64 {
    guard let newestInput else { return Int64(picture.value) }
    let circle = 1 << Int64(picture.bitWidth) as Int64
    let ahead = (Int64(picture.value) &- newestInput) & (circle - 1)
    return newestInput &+ (ahead < circle / 2 ? ahead : ahead - circle)
  }

  /// Notes a new picture, or one that comes late.
  mutating func note(_ index: Int64, isForwarded: Bool) {
    if index > frames.newest ?? .min {
      frames.append(index, isForwarded: isForwarded)
      newestInput = index
    } else {
      frames.settle(index, isForwarded: isForwarded)
    }
  }

  /// The number of a picture that is forwarded.
  func pictureID(of index: Int64) -> UInt16 {
    UInt16(truncatingIfNeeded: frames.number(of: index) & 0x7fff)
  }

  /// The outgoing TL0PICIDX.
  mutating func baseLayer(_ input: UInt8) -> UInt8 {
    let output = input &+ baseLayerOffset
    if output.isNewer(than: newestBaseLayer) { newestBaseLayer = output }
    return output
  }
}
