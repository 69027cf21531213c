import Foundation
import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

private func configuration(_ json5: String) throws -> ServerConfiguration {
  try ServerConfiguration(layers: [try SettingLayer(json5: Data(json5.utf8), path: "jumpa.json5")])
}

private func complaint(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing"
  } catch {
    return "\(error)"
  }
}

@Test func `a file sets everything`() throws {
  let read = try configuration(
    """
    {
      // The office server.
      host: "::1", port: 443, udpHost: '10.0.0.1', udpPort: 0x2710, workers: 2, data: "/var/lib/jumpa",
      advertise: ["203.0.113.7", "[2001:db8::7]:9000"], web: "/srv/web", maxParticipants: 12,
      allowOrigin: "https://Meet.example", tlsCert: "c.pem", tlsKey: "k.pem",
      videoCodecs: "av1,VP8",
    }
    """)
  var expected = ServerConfiguration()
  expected.host = try #require(IPAddress("::1"))
  expected.port = 443
  expected.udpHost = IPAddress(10, 0, 0, 1)
  expected.udpPort = 10_000
  expected.workers = 2
  expected.dataDirectory = "/var/lib/jumpa"
  expected.advertised = [
    TransportAddress(ip: IPAddress(203, 0, 113, 7), port: 0),
    try #require(TransportAddress("[2001:db8::7]:9000")),
  ]
  expected.webDirectory = "/srv/web"
  expected.maxParticipants = 12
  expected.videoCodecs = [.av1, .vp8]
  expected.allowedOrigins = ["https://meet.example"]
  expected.tls = .init(certificate: "c.pem", key: "k.pem")
  #expect(read == expected)
  #expect(try configuration("{}") == ServerConfiguration())
}

@Test func `a flag goes before the environment, the environment before the file`() throws {
  var flags = SettingLayer()
  flags.add("1", for: .port, origin: "--port")
  let environment = SettingLayer(environment: [
    "JUMPA_PORT": "2", "JUMPA_UDP_PORT": "2", "JUMPA_ADVERTISE": "10.0.0.1,10.0.0.2:5",
    "JUMPA_HOST": "", "PORT": "9",
  ])
  let file = try SettingLayer(
    json5: Data("{port: 3, udpPort: 3, workers: 3, advertise: '10.0.0.3'}".utf8), path: "f")
  let read = try ServerConfiguration(layers: [flags, environment, file])
  #expect([read.port, read.udpPort] == [1, 2])
  #expect(read.workers == 3)
  #expect(read.advertised.map(\.description) == ["10.0.0.1:0", "10.0.0.2:5"])
  #expect(read.host == IPAddress(0, 0, 0, 0))
}

@Test(arguments: [
  ("{prot: 1}", #"unknown key "prot" in jumpa.json5; did you mean "port"?"#),
  ("{udp_port: 1}", #"unknown key "udp_port" in jumpa.json5; did you mean "udpPort"?"#),
  ("{port: 'x'}", #""port" in jumpa.json5 is "x": not a number from 0 to 65535"#),
  ("{port: 65536}", #""port" in jumpa.json5 is "65536": not a number from 0 to 65535"#),
  ("{port: 1.5}", #""port" in jumpa.json5 is not a whole number"#),
  ("{port: Infinity}", #""port" in jumpa.json5 is not a whole number"#),
  ("{port: true}", #""port" in jumpa.json5 is not a whole number"#),
  ("{port: [1]}", #""port" in jumpa.json5 is not a whole number"#),
  ("{host: {}}", #""host" in jumpa.json5 is not a string"#),
  ("{advertise: [1]}", #""advertise" in jumpa.json5 is not a string or an array of strings"#),
  (
    "{host: 'meet.example'}",
    #""host" in jumpa.json5 is "meet.example": not an IP address; write one such as 127.0.0.1, 0.0.0.0 or ::"#
  ),
  (
    "{advertise: '0.0.0.0'}",
    #""advertise" in jumpa.json5 is "0.0.0.0": not an address that clients can send to; write 203.0.113.7, or with a port 203.0.113.7:7880 or [2001:db8::7]:7880"#
  ),
  (
    "{allowOrigin: 'meet.example'}",
    #""allowOrigin" in jumpa.json5 is "meet.example": not an origin; write scheme, host and port, as https://meet.example"#
  ),
  ("{workers: 0}", #""workers" in jumpa.json5 is "0": not a number from 1 to 256"#),
  (
    "{tlsCert: 'c'}",
    #""tlsCert" in jumpa.json5 is given without --tls-key; HTTPS needs both a certificate and its key"#
  ),
  ("[]", "jumpa.json5 is not a JSON5 object; it looks like { port: 8080, udpPort: 7880 }"),
  ("", "jumpa.json5 is not a JSON5 object; it looks like { port: 8080, udpPort: 7880 }"),
  ("{port: }", "jumpa.json5 is not a JSON5 object; it looks like { port: 8080, udpPort: 7880 }"),
])
func `a bad file says what, why and what to do`(json5: String, expected: String) {
  #expect(complaint { _ = try configuration(json5) } == expected)
}

@Test func `a key like no other brings the list`() {
  let text = complaint { _ = try configuration("{frobnicate: 1}") }
  #expect(text.hasPrefix(#"unknown key "frobnicate" in jumpa.json5; known are host, port, "#))
}

@Test func `a file that cannot be read says why`() {
  let text = complaint { _ = try SettingLayer(file: "/nowhere/jumpa.json5") }
  #expect(text.hasPrefix("cannot read /nowhere/jumpa.json5: "))
  #expect(text.hasSuffix("; check the path and its rights"))
  #expect(complaint { _ = try SettingLayer(file: "/") } != "nothing")
}

@Test func `hostile files never trap`() {
  for text in [
    String(repeating: "[", count: 100_000), "{port: 1e999}", "{port: -9223372036854775808}",
    "{workers: 99999999999999999999}", "{\"\\ud800\": 1}", "{port: '\\u0000'}", "{data: '\\u0000'}",
    "{advertise: ['']}", "{allowOrigin: 'https://'}", "{web: ''}",
    String(repeating: " ", count: 2_000_000),
  ] {
    #expect(complaint { _ = try configuration(text) } != "nothing")
  }
}

@Test func `a misspelt variable is noticed, a foreign one is not`() {
  let strangers = SettingLayer.strangers(in: [
    "JUMPA_PROT": "1", "JUMPA_CONFIG": "f", "JUMPA_PORT": "1", "HOME": "/",
    "JUMPA_SOMETHING_ELSE": "1",
  ])
  #expect(strangers == ["JUMPA_PROT is not known; did you mean JUMPA_PORT?"])
}

@Test(arguments: [
  ("port", "port", 0), ("prot", "port", 1), ("pot", "port", 1), ("portt", "port", 1),
  ("", "abc", 3),
  ("abc", "", 3), ("kitten", "sitting", 3), ("ca", "abc", 3),
])
func `edit distance counts letters`(left: String, right: String, distance: Int) {
  #expect(editDistance(left, right) == distance)
  #expect(editDistance(right, left) == distance)
}

@Test func `names follow one from the other`() {
  #expect(Setting.udpPort.flag == "--udp-port")
  #expect(Setting.udpPort.key == "udpPort")
  #expect(Setting.udpPort.variable == "JUMPA_UDP_PORT")
  #expect(Set(Setting.allCases.map(\.key)).count == Setting.allCases.count)
}

@Test func `the operator's page has the table as it is`() throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let page = try String(contentsOf: root.appending(path: "docs/operating.md"), encoding: .utf8)
  #expect(
    page.contains(Setting.markdownTable),
    "put this into docs/operating.md:\n\(Setting.markdownTable)")
}

@Test func `a room is not larger than the server, and what it says fits a send queue`() throws {
  #expect(
    complaint { _ = try configuration("{maxParticipants: 5001}") }
      == #""maxParticipants" in jumpa.json5 is "5001": not a number from 1 to 5000"#)
  let large = try configuration("{maxParticipants: 5000}")
  // 5000 participants with the longest names, and as much again of SDP and chat as there may be.
  #expect(Configuration(large, SignalingLimits()).limits.sendQueueBytes >= 5_000 * 400 + 655_360)
  #expect(
    Configuration(ServerConfiguration(), SignalingLimits()).limits.sendQueueBytes
      == Limits().sendQueueBytes)
}
