/// A track that is sent (RTCMediaSourceStats), as far as can be known without its source.
public struct MediaSourceStatistics: Sendable, Hashable {
  /// The track.
  public var trackIdentifier: String
  /// `audio` or `video`.
  public var kind: String
  /// Pictures that were given to be sent; of pictures only.
  public var frames: UInt64?
  /// Pictures in the last second; of pictures only.
  public var framesPerSecond: Double?
  /// Width of the last key frame; of pictures only.
  public var width: UInt64?
  /// Height of the last key frame; of pictures only.
  public var height: UInt64?

  init(trackIdentifier: String, kind: String) {
    self.trackIdentifier = trackIdentifier
    self.kind = kind
  }

  func write(into members: inout StatisticsMembers) {
    members.set("trackIdentifier", trackIdentifier)
    members.set("kind", kind)
    members.set("frames", frames)
    members.set("framesPerSecond", framesPerSecond)
    members.set("width", width)
    members.set("height", height)
  }
}
