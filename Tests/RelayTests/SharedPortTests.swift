import Testing

@testable import Relay

/// What a reader of a port hands on, by the first bytes.
struct SharedPortTests {
  private static func message(_ type: UInt16, _ attributes: [UInt8] = []) -> [UInt8] {
    [UInt8(type >> 8), UInt8(type & 0xff), 0, UInt8(attributes.count), 0x21, 0x12, 0xa4, 0x42]
      + [UInt8](repeating: 7, count: 12) + attributes
  }

  private static let username: [UInt8] = [0, 6, 0, 3, 0x61, 0x3a, 0x62, 0]
  private static let priority: [UInt8] = [0, 0x24, 0, 4, 0, 0, 0, 1]

  @Test(arguments: [
    message(0x0001), message(0x0001, priority), message(0x0003), message(0x0004), message(0x0008),
    message(0x0009), message(0x000a), message(0x000b), message(0x0016),
    [0x40, 0, 0, 0], [0x4f, 0xff, 0, 1, 9],
  ])
  func `TURN and questions for the own address are for the relay`(datagram: [UInt8]) {
    let isForRelay = RelayDoor.isForRelay(datagram.span)
    #expect(isForRelay)
  }

  @Test(arguments: [
    message(0x0001, username), message(0x0001, priority + username), message(0x0101),
    message(0x0111), message(0x0011), message(0x0103), message(0x0113), [], [0x00], [0x16, 0xfe],
    [0x80, 0x60], [0x3f, 0xff, 0, 0], [0x50, 0, 0, 0], [UInt8](message(0x0003).prefix(19)),
    [0, 3, 0, 0, 1, 2, 3, 4] + [UInt8](repeating: 0, count: 12),
  ])
  func `checks, responses, handshakes and media are not`(datagram: [UInt8]) {
    let isForRelay = RelayDoor.isForRelay(datagram.span)
    #expect(!isForRelay)
  }

  @Test func `attributes that run past the end are looked at as far as they go`() {
    let isForRelay = RelayDoor.isForRelay(Self.message(0x0001, [0, 0x24, 0xff, 0xff]).span)
    #expect(isForRelay)
  }
}
