/// A video codec by its name on the wire.
public enum VideoCodecName: String, Codable, Sendable, CaseIterable {
  /// RFC 7741.
  case vp8
  /// RFC 6184.
  case h264
  /// RFC 9628.
  case vp9
  /// The AV1 RTP payload format.
  case av1

  /// Reads a name of the wire.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard name.utf8.count <= midBytes, let codec = VideoCodecName(rawValue: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a codec")
    }
    self = codec
  }
}

/// What a client knows of its bandwidth before anything was measured: from its last meeting, or from its
/// system. It is a place to start from, nothing more.
public struct BandwidthHint: Codable, Sendable, Equatable {
  /// What a hint is taken to say at least and at most, in bit/s.
  public static let range = 300_000...10_000_000

  /// From the client to the server, in bit/s.
  public let up: Int?
  /// From the server to the client, in bit/s.
  public let down: Int?

  /// A hint; what lies outside `range` counts as its nearer end.
  public init(up: Int? = nil, down: Int? = nil) {
    self.up = up.map { min(max($0, Self.range.lowerBound), Self.range.upperBound) }
    self.down = down.map { min(max($0, Self.range.lowerBound), Self.range.upperBound) }
  }

  /// Reads a hint, whatever numbers it has: browsers compute theirs, fractions and all.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func bitrate(_ key: CodingKeys) throws -> Int? {
      try fields.decodeIfPresent(Double.self, forKey: key).map {
        Int(min(max($0, Double(Self.range.lowerBound)), Double(Self.range.upperBound)))
      }
    }
    self.init(up: try bitrate(.up), down: try bitrate(.down))
  }
}
