import ICE
import Testing
import Wire

/// What the tests of multicast DNS share.
enum MDNSFixture {
  static let socket = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: MDNSResolver.port)
  static let sender = TransportAddress(ip: IPAddress(192, 168, 1, 9), port: MDNSResolver.port)
  /// From our socket to the group.
  static var groupPath: Path { Path(local: socket, remote: MDNSResolver.groups[0]) }
  /// By which another machine's datagrams arrive.
  static var answerPath: Path { Path(local: socket, remote: sender) }

  static func name(_ text: String = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local") throws
    -> MDNSName
  {
    try #require(MDNSName(text))
  }

  static func encoded(_ message: MDNSMessage) -> [UInt8] {
    [UInt8](capacity: message.byteCapacity) { message.write(into: &$0) }
  }

  /// What was sent since the last time.
  static func sent(_ outbox: Outbox) -> [(path: Path, bytes: [UInt8])] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { ($0.path, outbox.bytes(of: $0)) }
  }
}
