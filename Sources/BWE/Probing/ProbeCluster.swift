/// Packets to be sent together at a bitrate above the current one, to learn whether the path carries it.
public struct ProbeCluster: Sendable, Hashable {
  /// The fewest packets that tell anything.
  public static let leastPacketCount = 5
  /// How long a probe lasts at least, in milliseconds.
  static let leastTime = 15.0

  /// Names the cluster; its packets are reported as sent with it.
  public let id: Int
  /// Bits per second, headers of IP and UDP included.
  public let bitrate: Int
  /// The fewest bytes to send.
  public let byteCount: Int

  init(id: Int, bitrate: Double) {
    self.id = id
    self.bitrate = Int(bitrate: bitrate)
    byteCount = Int(bitrate: bitrate * Self.leastTime / 8000)
  }
}
