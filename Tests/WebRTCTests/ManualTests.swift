import Foundation
import Testing
import WebRTC

/// The code in the manual of the library.
struct ManualTests {
  @Test func `the seconds of a call are told`() async throws {
    let call = try await Call()
    let channel = try await call.caller.createDataChannel("any")
    try await call.negotiate()
    try await channel.opened()
    let connection = call.caller

    let stats = await connection.getStats()
    for entry in stats.entries(of: .candidatePair) {
      guard case .candidatePair(let pair) = entry.content, pair.nominated == true else { continue }
      print("round trip:", pair.currentRoundTripTime ?? 0, "s")
    }
    let values = stats.dictionary["transport"]

    #expect(values?["dtlsState"] == .text("connected"))
    await call.close()
  }

  @Test func `a connection behind servers, with a certificate that was kept`() async throws {
    let made = try RTCCertificate.generate()
    let (certificateDER, privateKeyDER) = (made.certificateDER, made.privateKeyDER)

    var configuration = PeerConnection.Configuration()
    configuration.iceServers = [
      ICEServer("stun:192.0.2.1:3478"),
      ICEServer(
        urls: ["turn:192.0.2.1:3478", "turns:192.0.2.1:5349"], username: "user",
        credential: "secret"),
    ]
    configuration.certificate = try RTCCertificate(
      certificateDER: certificateDER, privateKeyDER: privateKeyDER)
    let connection = try await PeerConnection(configuration: configuration)

    _ = try await connection.createDataChannel("any")
    let offer = try await connection.createOffer()
    #expect(offer.sdp.contains(made.fingerprint.description))
    await connection.close()
  }

  @Test func `connections of a server share ports`() async throws {
    var options = RTCEngine.Options()
    options.sharedUDPPort = 0
    options.sharedTCPPort = 0
    let engine = try RTCEngine(options: options)
    let connection = try await PeerConnection(engine: engine)

    #expect(engine.sharedUDPPort ?? 0 > 0 && engine.sharedTCPPort ?? 0 > 0)
    await connection.close()
  }

  @Test func `a channel for what is soon out of date`() async throws {
    let call = try await Call()
    let connection = call.caller

    let positions = try await connection.createDataChannel(
      "positions", options: DataChannelOptions(isOrdered: false, maximumRetransmissions: 0))

    #expect(!positions.isOrdered && positions.maximumRetransmissions == 0)
    let short = try await connection.createDataChannel(
      "short", options: DataChannelOptions(maximumLifetime: .milliseconds(500)))
    #expect(short.maximumLifetime == .milliseconds(500))
    await call.close()
  }

  @Test func `a message that is too long names the limit`() async throws {
    let call = try await Call()
    let channel = try await call.caller.createDataChannel("any")
    #expect(await call.caller.maximumMessageSize == nil)
    try await call.negotiate()
    try await channel.opened()
    let limit = try #require(await call.caller.maximumMessageSize)
    await #expect(throws: RTCError.messageTooLong(limit: limit)) {
      try await channel.send([UInt8](repeating: 0, count: limit + 1))
    }
    try await channel.send([UInt8](repeating: 0, count: limit))
    await call.close()
  }

  @Test func `descriptions and candidates are JSON as browsers write it`() throws {
    let json = #"{"type":"offer","sdp":"v=0\r\n"}"#
    let offer = try JSONDecoder().decode(RTCSessionDescription.self, from: Data(json.utf8))
    #expect(offer == RTCSessionDescription(kind: .offer, sdp: "v=0\r\n"))
    let answer = RTCSessionDescription(kind: .answer, sdp: "v=0\r\n")
    let text = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
    #expect(text.contains(#""type":"answer""#))
    let written = Data(
      #"{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#.utf8)
    let candidate = try JSONDecoder().decode(RTCIceCandidateInit.self, from: written)
    #expect(
      candidate == RTCIceCandidateInit(candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0))
    let again = try JSONEncoder().encode(candidate)
    #expect(try JSONDecoder().decode(RTCIceCandidateInit.self, from: again) == candidate)
    let rollback = try JSONDecoder().decode(
      RTCSessionDescription.self, from: Data(#"{"type":"rollback"}"#.utf8))
    #expect(rollback == .rollback)
  }

  @Test func `descriptions in force and under way are told apart`() async throws {
    let call = try await Call()
    _ = try await call.caller.createDataChannel("any")
    let offer = try #require(try await call.caller.setLocalDescription())
    #expect(await call.caller.pendingLocalDescription?.kind == .offer)
    #expect(await call.caller.currentLocalDescription == nil)
    try await call.callee.setRemoteDescription(offer)
    #expect(await call.callee.pendingRemoteDescription?.kind == .offer)
    let answer = try #require(try await call.callee.setLocalDescription())
    #expect(await call.callee.currentRemoteDescription?.kind == .offer)
    try await call.caller.setRemoteDescription(answer)
    #expect(await call.caller.currentRemoteDescription?.kind == .answer)
    #expect(await call.caller.pendingLocalDescription == nil)
    await call.close()
  }
}
