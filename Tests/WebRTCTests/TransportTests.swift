import Cryptography
import Session
import TURN
import Testing
import Wire

@testable import WebRTC

/// Which ways a connection finds.
struct TransportTests {
  /// Leaves only candidates of one transport in a description.
  private static func only(
    _ transport: String, in description: SessionDescriptionText
  ) -> SessionDescriptionText {
    let lines = description.sdp.split(separator: "\r\n").filter {
      !$0.hasPrefix("a=candidate:") || $0.contains(" \(transport) ")
    }
    return SessionDescriptionText(
      kind: description.kind, sdp: lines.joined(separator: "\r\n") + "\r\n")
  }

  private static func connect(
    _ caller: PeerConnection, _ callee: PeerConnection, only transport: String
  ) async throws {
    try await caller.setLocalDescription()
    try await callee.setRemoteDescription(
      only(transport, in: try await caller.gatheredLocalDescription()))
    try await callee.setLocalDescription()
    try await caller.setRemoteDescription(
      only(transport, in: try await callee.gatheredLocalDescription()))
    try await caller.connected()
    try await callee.connected()
  }

  /// The entry at the end of a chain of references.
  private static func follow(
    _ start: String, _ first: String, _ second: String,
    _ stats: [String: [String: StatisticsValue]]
  ) -> [String: StatisticsValue]? {
    guard case .text(let pair) = stats[start]?[first], case .text(let end) = stats[pair]?[second]
    else { return nil }
    return stats[end]
  }

  @Test(arguments: ["udp", "tcp"])
  func `many connections share one thread and one port`(transport: String) async throws {
    var options = RTCEngine.Options()
    options.sharedUDPPort = 0
    options.sharedTCPPort = 0
    let server = try RTCEngine(options: options)
    let client = try RTCEngine()
    var pairs: [(PeerConnection, PeerConnection, DataChannel)] = []
    for number in 0..<8 {
      let caller = try await PeerConnection(configuration: .loopback, engine: client)
      let callee = try await PeerConnection(configuration: .loopback, engine: server)
      let channel = try await caller.createDataChannel("\(number)")
      try await Self.connect(caller, callee, only: transport)
      pairs.append((caller, callee, channel))
    }
    let port = try #require(transport == "udp" ? server.sharedUDPPort : server.sharedTCPPort)
    for (caller, callee, channel) in pairs {
      let stats = await caller.getStats().dictionary
      let remote = Self.follow("transport", "selectedCandidatePairId", "remoteCandidateId", stats)
      #expect(remote?["port"] == .integer(Int64(port)))
      #expect(remote?["protocol"] == .text(transport))
      try await channel.opened()
      try await channel.send("from \(channel.label)")
      var incoming = callee.events.makeAsyncIterator()
      while let event = await incoming.next() {
        guard case .dataChannel(let other) = event else { continue }
        #expect(other.label == channel.label)
        var messages = other.messages.makeAsyncIterator()
        #expect(await messages.next() == .text("from \(channel.label)"))
        break
      }
    }
    for (caller, callee, _) in pairs {
      await caller.close()
      await callee.close()
    }
  }

  @Test func `ports are taken from the range`() async throws {
    var configuration = PeerConnection.Configuration.loopback
    configuration.portRange = 42_000...42_040
    let connection = try await PeerConnection(configuration: configuration)
    _ = try await connection.createDataChannel("any")
    try await connection.setLocalDescription()
    let description = try await connection.gatheredLocalDescription()
    let ports = description.sdp.split(separator: "\r\n")
      .filter { $0.hasPrefix("a=candidate:") && $0.contains(" udp ") }
      .compactMap { Int($0.split(separator: " ")[5]) }
    #expect(!ports.isEmpty && ports.allSatisfy { (42_000...42_040).contains($0) })
    await connection.close()
  }

  @Test func `an advertised address is told with the port that is bound`() async throws {
    var configuration = PeerConnection.Configuration.loopback
    configuration.advertisedAddresses = [.init(203, 0, 113, 7)]
    let connection = try await PeerConnection(configuration: configuration)
    _ = try await connection.createDataChannel("any")
    try await connection.setLocalDescription()
    let lines = try await connection.gatheredLocalDescription().sdp.split(separator: "\r\n")
    let inside = try #require(
      lines.first { $0.contains(" udp ") && $0.contains(" 127.0.0.1 ") })
    let outside = try #require(
      lines.first { $0.hasPrefix("a=candidate:") && $0.contains(" 203.0.113.7 ") })
    #expect(inside.split(separator: " ")[5] == outside.split(separator: " ")[5])
    await connection.close()
  }

  @Test func `a kept certificate shows the same fingerprint`() async throws {
    let made = try RTCCertificate.generate()
    let kept = try RTCCertificate(
      certificateDER: made.certificateDER, privateKeyDER: made.privateKeyDER)
    #expect(kept.fingerprint == made.fingerprint)
    var configuration = PeerConnection.Configuration.loopback
    configuration.certificate = kept
    let connection = try await PeerConnection(configuration: configuration)
    _ = try await connection.createDataChannel("any")
    let offer = try await connection.createOffer()
    #expect(offer.sdp.contains(made.fingerprint.description))
    await connection.close()
    let other = try RTCCertificate.generate()
    #expect(throws: RTCError.certificateUnusable) {
      try RTCCertificate(
        certificateDER: made.certificateDER, privateKeyDER: other.privateKeyDER)
    }
  }

  @Test(arguments: [
    "http:a", "stun:", "stun:host:0", "stun:host:99999", "turn:host?transport=sctp",
    "stun:a?transport=udp",
  ])
  func `what is no server's address is refused with its text`(url: String) async throws {
    var configuration = PeerConnection.Configuration.loopback
    configuration.iceServers = [ICEServer(urls: [url], username: "a", credential: "b")]
    await #expect {
      try await PeerConnection(configuration: configuration)
    } throws: { error in
      guard case RTCError.invalidArgument(let text) = error else { return false }
      return text.contains(url)
    }
  }

  @Test func `server addresses are read in all their forms`() throws {
    let plain = try #require(ICEServerURL("stun:stun.example.org"))
    #expect(plain.port == 3478 && plain.transport == .udp && plain.host == "stun.example.org")
    let relay = try #require(ICEServerURL("turn:[2001:db8::1]:4000?transport=tcp"))
    #expect(relay.host == "2001:db8::1" && relay.port == 4000 && relay.transport == .tcp)
    let secure = try #require(ICEServerURL("turns:example.org"))
    #expect(secure.port == 5349 && secure.transport == .tls)
  }
}
