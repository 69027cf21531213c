/// Forwards to one viewer some of the temporal layers of VP8, with picture ids that leave no gap and a TL0PICIDX that goes on
/// (RFC 7741 §4.2).
///
/// Pictures without number or layer are forwarded all.
public struct VP8TemporalFilter: Sendable {
  private var pictures: PictureRenumbering
  private var layers = TemporalLayerSwitch()
  private var isRunning = false

  /// Gives these numbers to the first picture.
  public init(firstPicture: UInt16, firstBaseLayer: UInt8) {
    pictures = PictureRenumbering(firstPicture: firstPicture, firstBaseLayer: firstBaseLayer)
  }

  /// The highest temporal layer that the viewer is to get.
  public var limit: UInt8 {
    get { layers.limit }
    set { layers.limit = newValue }
  }

  /// The highest temporal layer that is forwarded.
  public var temporalLayer: UInt8 { layers.current }

  /// Stops; the next key frame begins, whatever stream it is of.
  public mutating func stop() { isRunning = false }

  /// The numbers of a packet's picture as the viewer gets it; nil where it gets none. `startsKeyFrame` says that a key
  /// frame starts in the packet.
  public mutating func take(
    _ descriptor: VP8PayloadDescriptor, startsKeyFrame: Bool
  ) -> RewrittenPicture? {
    let isRestart =
      startsKeyFrame && descriptor.pictureID.map { pictures.isRestart($0) } ?? false
    if startsKeyFrame, !isRunning || isRestart {
      pictures.begin(picture: descriptor.pictureID, baseLayer: descriptor.baseLayerIndex?.value)
      isRunning = true
    }
    guard isRunning else { return nil }
    var number: UInt16?
    if let picture = descriptor.pictureID {
      let index = pictures.index(of: picture)
      decide(index, descriptor, startsKeyFrame)
      guard pictures.frames.state(of: index) == .forwarded else { return nil }
      number = pictures.pictureID(of: index)
    }
    return RewrittenPicture(
      pictureID: number,
      baseLayerIndex: descriptor.baseLayerIndex.map { pictures.baseLayer($0.value) },
      endsPicture: false)
  }

  private mutating func decide(
    _ index: Int64, _ descriptor: VP8PayloadDescriptor, _ isKeyFrame: Bool
  ) {
    let layer = descriptor.temporalLayer ?? 0
    if index > pictures.frames.newest ?? .min {
      let isForwarded = layers.admits(
        layer, isSwitchingPoint: descriptor.isLayerSync, isKeyFrame: isKeyFrame)
      pictures.note(index, isForwarded: isForwarded)
    } else {
      pictures.note(index, isForwarded: layer <= layers.current)
    }
  }
}
