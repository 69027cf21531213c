import Foundation

/// One line of standard input: what to do, and with what.
struct Command: Decodable {
  struct Server: Decodable {
    var urls: [String]
    var username: String?
    var credential: String?
  }

  var id: Int
  var action: String
  var servers: [Server]?
  var relayOnly: Bool?
  var usesTCP: Bool?
  var listensOnTCP: Bool?
  var authority: String?
  var interfaces: [String]?
  var videoCodecs: [String]?
  var restart: Bool?
  var type: String?
  var sdp: String?
  var candidate: String?
  var sdpMid: String?
  var sdpMLineIndex: Int?
  var usernameFragment: String?
  var label: String?
  var protocolName: String?
  var ordered: Bool?
  var maxRetransmits: UInt16?
  var maxPacketLifeTime: Int64?
  var negotiated: UInt16?
  var channel: Int?
  var text: String?
  var byteCount: Int?
  var seed: UInt8?
  var echoes: Bool?
  var kind: String?
  var file: String?
  var transceiver: Int?
  var direction: String?
  var path: String?
}

/// A line of standard output.
enum Line {
  static func write(_ object: [String: Any]) {
    guard var data = try? JSONSerialization.data(withJSONObject: object) else { return }
    data.append(0x0a)
    FileHandle.standardOutput.write(data)
  }
}
