import Media
import RTCTesting
import RTP
import SCTP
import SDP
import Session
import Testing
import Wire

struct StatisticsTests {
  private static let epoch = Duration.seconds(1_700_000_000)

  private func configuration() -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.epoch = Self.epoch
    return configuration
  }

  private func statistics(_ couple: Couple, _ node: SessionNode) -> SessionStatistics {
    node.session.statistics(at: couple.network.now)
  }

  private func outbound(
    _ statistics: SessionStatistics, _ kind: String
  ) throws -> OutboundStreamStatistics {
    let found = statistics.entries(of: .outboundRTP).compactMap { entry in
      if case .outboundRTP(let part) = entry.content, part.kind == kind { part } else { nil }
    }
    return try #require(found.first)
  }

  private func inbound(
    _ statistics: SessionStatistics, _ kind: String
  ) throws -> InboundStreamStatistics {
    let found = statistics.entries(of: .inboundRTP).compactMap { entry in
      if case .inboundRTP(let part) = entry.content, part.kind == kind { part } else { nil }
    }
    return try #require(found.first)
  }

  @Test func `both sides tell the same of a call over a link that loses`() throws {
    let (couple, studio, video, _) = try Couple.calling(
      conditions: LinkConditions(delay: .milliseconds(15), loss: .bernoulli(0.03)),
      alice: configuration(), bob: configuration())
    try studio.send(for: .seconds(6))
    try couple.act(couple.bob) { $0.requestKeyFrame(of: video, at: $1, into: $2) }
    try studio.send(for: .seconds(1))
    couple.network.run(for: .milliseconds(1200))

    let sent = try outbound(statistics(couple, couple.alice), "video")
    let received = try inbound(statistics(couple, couple.bob), "video")
    #expect(sent.ssrc == received.ssrc && sent.mid == received.mid)
    #expect(received.rtxSsrc == sent.rtxSsrc && sent.rtxSsrc != nil)
    #expect(sent.framesSent == UInt64(studio.videoCount))
    #expect(received.framesReceived ?? 0 >= UInt64(studio.videoCount) - 12)
    #expect(sent.frameWidth == 640 && sent.frameHeight == 360)
    #expect(received.frameWidth == 640 && received.frameHeight == 360)
    #expect(sent.pliCount ?? 0 >= 1 && sent.firCount == 0)
    #expect(received.pliCount ?? 0 >= sent.pliCount ?? 0)
    let (asked, answered) = (received.nackCount ?? 0, sent.nackCount ?? 0)
    #expect(answered > 3 && answered <= asked)
    let (repeated, repaired) = (
      sent.retransmittedPacketsSent ?? 0, received.retransmittedPacketsReceived ?? 0
    )
    #expect(repaired > 3 && repaired <= repeated)
    #expect(sent.packetsSent ?? 0 > received.packetsReceived ?? .max)
    #expect(received.packetsLost ?? 0 > 3)
    #expect(received.trackIdentifier == "camera")
    #expect(received.jitterBufferEmittedCount == received.framesReceived)
  }

  @Test func `reports of the other side give loss, round trip and its counts`() throws {
    let (couple, studio, _, _) = try Couple.calling(
      conditions: LinkConditions(delay: .milliseconds(20)), alice: configuration(),
      bob: configuration())
    try studio.send(for: .seconds(4))
    let mine = statistics(couple, couple.alice)
    #expect(mine.entries(of: .remoteInboundRTP).count == 2)
    for entry in mine.entries(of: .remoteInboundRTP) {
      guard case .remoteInboundRTP(let part) = entry.content else { continue }
      #expect(part.fractionLost == 0 && part.packetsLost == 0)
      #expect((0.079...0.083).contains(part.roundTripTime ?? 0))
      #expect(part.roundTripTimeMeasurements ?? 0 > 2)
      let local = try #require(mine[part.localId])
      guard case .outboundRTP(let stream) = local.content else {
        Issue.record("localId leads elsewhere")
        continue
      }
      #expect(stream.remoteId == entry.id && stream.ssrc == part.ssrc)
    }
    let theirs = statistics(couple, couple.bob)
    #expect(theirs.entries(of: .remoteOutboundRTP).count == 2)
    for entry in theirs.entries(of: .remoteOutboundRTP) {
      guard case .remoteOutboundRTP(let part) = entry.content else { continue }
      #expect(part.packetsSent ?? 0 > 60)
      // The report left 40 ms before it came.
      #expect(abs(entry.timestamp - (part.remoteTimestamp ?? 0) - 40) < 1)
    }
  }

  @Test func `entries refer to entries that are there, and ids stay`() throws {
    let (couple, studio, _, _) = try Couple.calling(
      alice: configuration(), bob: configuration())
    try studio.send(for: .seconds(2))
    for node in couple.nodes {
      let first = statistics(couple, node)
      #expect(Set(first.entries.map(\.id)).count == first.entries.count)
      for entry in first.entries {
        for (name, value) in entry.values where name.hasSuffix("Id") {
          guard case .text(let id) = value else { continue }
          #expect(first[id] != nil, "\(entry.id).\(name) is \(id)")
        }
      }
      try studio.send(for: .milliseconds(500))
      let second = statistics(couple, node)
      #expect(Set(first.entries.map(\.id)).isSubset(of: second.entries.map(\.id)))
    }
  }

  @Test func `everything is told by its standard name and unit`() throws {
    let (couple, studio, _, _) = try Couple.calling(
      alice: configuration(), bob: configuration())
    try studio.send(for: .seconds(2))
    let report = statistics(couple, couple.alice)
    let dictionary = report.dictionary
    #expect(dictionary.count == report.entries.count)
    let now = Double((Self.epoch + (couple.network.now - .zero)).milliseconds)
    let stream = try #require(
      dictionary.values.first {
        $0["type"] == .text("outbound-rtp") && $0["kind"] == .text("video")
      })
    #expect(stream["timestamp"] == .number(now))
    #expect(stream["framesSent"] == .integer(Int64(studio.videoCount)))
    #expect(stream["active"] == .flag(true))
    #expect(stream["rid"] == nil)
    let codecID = try #require(stream["codecId"])
    let codec = try #require(dictionary.values.first { $0["id"] == codecID })
    #expect(codec["mimeType"] == .text("video/VP8") && codec["clockRate"] == .integer(90_000))
    let transport = try #require(dictionary["transport"])
    #expect(transport["dtlsState"] == .text("connected"))
    #expect(transport["iceRole"] == .text("controlling"))
    #expect(transport["tlsVersion"] == .text("FEFD"))
    #expect(transport["srtpCipher"] == .text("AEAD_AES_256_GCM"))
    #expect(transport["selectedCandidatePairChanges"] == .integer(1))
    let certificate = try #require(dictionary["certificate-local"])
    #expect(certificate["fingerprintAlgorithm"] == .text("sha-256"))
    guard case .text(let fingerprint) = certificate["fingerprint"],
      case .text(let encoded) = certificate["base64Certificate"]
    else {
      Issue.record("no text")
      return
    }
    #expect(try #require(couple.alice.session.localDescription).sdp.contains(fingerprint))
    #expect(encoded.hasPrefix("MII") && encoded.utf8.count % 4 == 0)
  }

  @Test func `one session's datagrams are the other's`() throws {
    let (couple, studio, _, _) = try Couple.calling()
    try studio.send(for: .seconds(2))
    couple.network.run(for: .milliseconds(50))
    func transport(_ node: SessionNode) throws -> TransportStatistics {
      guard case .transport(let part) = statistics(couple, node)["transport"]?.content else {
        throw Missing()
      }
      return part
    }
    let alice = try transport(couple.alice)
    let bob = try transport(couple.bob)
    // What is on its way is sent and not received.
    for (sender, receiver) in [(alice, bob), (bob, alice)] {
      let sent = try #require(sender.packetsSent)
      let received = try #require(receiver.packetsReceived)
      #expect(received <= sent && sent - received <= 5)
      #expect(try #require(receiver.bytesReceived) <= #require(sender.bytesSent))
    }
    #expect(bob.packetsReceived ?? 0 > 250)
    #expect(alice.dtlsRole != bob.dtlsRole)
  }

  @Test func `the pair in use is told, with what went by it and how long it takes`() throws {
    let (couple, studio, _, _) = try Couple.calling(
      conditions: LinkConditions(delay: .milliseconds(25)), alice: configuration(),
      bob: configuration())
    try studio.send(for: .seconds(3))
    for node in couple.nodes {
      let report = statistics(couple, node)
      guard case .transport(let transport) = report["transport"]?.content else { throw Missing() }
      let id = try #require(transport.selectedCandidatePairId)
      guard case .candidatePair(let pair) = report[id]?.content else { throw Missing() }
      #expect(pair.state == "succeeded" && pair.nominated == true)
      #expect(pair.currentRoundTripTime.map { abs($0 - 0.1) < 0.002 } == true)
      #expect(pair.responsesReceived ?? 0 > 0 && pair.requestsReceived ?? 0 > 0)
      let isSender = node === couple.alice
      #expect((isSender ? pair.packetsSent : pair.packetsReceived) ?? 0 > 350)
      // What is on its way, checks and the handshake by other pairs aside, all went by this one.
      #expect(pair.packetsSent ?? 0 <= transport.packetsSent ?? 0)
      guard case .localCandidate(let local) = report[pair.localCandidateId]?.content,
        case .remoteCandidate(let remote) = report[pair.remoteCandidateId]?.content
      else { throw Missing() }
      #expect(local.candidateType == "host" && remote.protocol == "udp")
      #expect(local.address == (isSender ? "10.0.0.1" : "10.0.0.2"))
      #expect(remote.port == (isSender ? 6000 : 5000))
      #expect(local.usernameFragment == transport.iceLocalUsernameFragment)
    }
  }

  private struct Missing: Error {}

  @Test func `messages are counted on both ends of a channel`() throws {
    let couple = try Couple()
    let id = try couple.act(couple.alice) {
      try $0.createDataChannel(DataChannelOptions(label: "talk"), at: $1, into: $2)
    }
    try couple.exchange(from: couple.alice)
    for _ in 0..<100 where couple.alice.session.dataChannelState(id) != .open {
      couple.deliverCandidates()
      couple.network.run(for: .milliseconds(50))
    }
    for text in ["hello", "world!"] {
      try couple.act(couple.alice) {
        let message = DataChannelMessage(kind: .text, bytes: Array(text.utf8))
        try $0.sendData(message, on: id, at: $1, into: $2)
      }
    }
    couple.network.run(for: .seconds(1))
    func channel(_ node: SessionNode) throws -> ChannelStatistics {
      let entry = try #require(statistics(couple, node).entries(of: .dataChannel).first)
      guard case .dataChannel(let part) = entry.content else { throw Missing() }
      return part
    }
    let (mine, theirs) = (try channel(couple.alice), try channel(couple.bob))
    #expect(mine.label == "talk" && theirs.label == "talk")
    #expect(mine.state == "open" && mine.dataChannelIdentifier == theirs.dataChannelIdentifier)
    #expect(mine.messagesSent == 2 && mine.bytesSent == 11 && mine.messagesReceived == 0)
    #expect(theirs.messagesReceived == 2 && theirs.bytesReceived == 11)
    let whole = try #require(statistics(couple, couple.bob)["peer-connection"])
    #expect(whole.values["dataChannelsOpened"] == .integer(1))
  }

  @Test func `a session at rest has statistics too`() throws {
    let session = try Couple.session()
    let report = session.statistics(at: .zero)
    #expect(report.entries(of: .peerConnection).count == 1)
    #expect(report.entries(of: .certificate).count == 1)
    #expect(report.entries(of: .inboundRTP).isEmpty)
  }
}
