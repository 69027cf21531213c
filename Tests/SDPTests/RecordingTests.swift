import SDP
import Testing

struct RecordingTests {
  @Test func `there are recordings of every kind of peer`() {
    let names = Recording.all.map(\.name)
    for peer in ["chromium", "firefox", "pion", "aiortc", "made-up-safari", "made-up-jsep"] {
      #expect(names.contains { $0.hasPrefix(peer) })
    }
  }

  @Test(arguments: Recording.all)
  func `an offer prints as it was recorded`(recording: Recording) throws {
    let parsed = try SessionDescription(parsing: recording.text)
    #expect(parsed.description == recording.text)
    #expect(try SessionDescription(parsing: parsed.description) == parsed)
  }

  @Test(arguments: Recording.all)
  func `line ends may be LF alone`(recording: Recording) throws {
    let bare = recording.text.replacing("\r\n", with: "\n")
    #expect(try SessionDescription(parsing: bare).description == recording.text)
  }

  @Test(arguments: Recording.all)
  func `no truncation traps`(recording: Recording) {
    let bytes = Array(recording.text.utf8)
    // Every length of the short ones; a sample of the long ones, which repeat themselves.
    let step = bytes.count < 2000 ? 1 : bytes.count / 150
    for count in stride(from: 0, to: bytes.count, by: step) {
      let cut = Array(bytes.prefix(count))
      guard let parsed = try? SessionDescription(parsing: cut.span) else { continue }
      _ = try? AnswerBuilder(local: testTransport, sessionID: 1).answer(to: parsed)
    }
  }

  @Test func `a Chromium camera with three layers is read`() throws {
    let offer = try Recording.parsed("chromium-simulcast")
    #expect(offer.mediaSections.count == 17)
    #expect(offer.bundle == (0..<17).map(String.init))
    #expect(offer.allowsMixedExtensions)
    let camera = offer.mediaSections[1]
    #expect(camera.kind == .video)
    #expect(camera.mid == "1")
    #expect(camera.port != 0)
    #expect(camera.isRTP && camera.hasRTCPMux && camera.hasReducedSizeRTCP)
    #expect(camera.direction == .sendonly)
    #expect(camera.setup == .actpass)
    #expect(camera.iceOptions == ["trickle"])
    #expect(camera.fingerprints.first?.hashFunction == "sha-256")
    #expect(camera.fingerprints.first?.digest.count == 32)
    #expect(camera.candidates.count == 4)
    #expect(camera.rids.map(\.id) == ["q", "h", "f"])
    #expect(camera.simulcast?.send.map { $0.map(\.rid) } == [["q"], ["h"], ["f"]])
    #expect(camera.msids.first?.track != nil)
    #expect(camera.ssrcs.isEmpty)
    let vp8 = try #require(camera.codecs.first)
    #expect(vp8.name == "VP8" && vp8.payloadType == 96 && vp8.clockRate == 90000)
    #expect(vp8.feedback == ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"])
    #expect(camera.codecs.first { $0.payloadType == 97 }?.associatedPayloadType == 96)
    #expect(
      camera.headerExtensions.first { $0.uri == HeaderExtension.dependencyDescriptor }?.id == 12)
  }

  @Test func `a Firefox camera with three layers is read`() throws {
    let offer = try Recording.parsed("firefox-simulcast")
    let camera = offer.mediaSections[1]
    #expect(offer.fingerprints.count == 1 && camera.fingerprints.isEmpty)
    #expect(camera.hasEndOfCandidates)
    #expect(camera.ssrcs.count == 6)
    #expect(camera.ssrcGroups.map(\.semantics) == ["FID", "FID", "FID"])
    #expect(camera.ssrcGroups.allSatisfy { $0.ssrcs.count == 2 })
    let rid = try #require(camera.headerExtensions.first { $0.uri == HeaderExtension.rid })
    #expect(rid.direction == .sendonly)
    #expect(camera.codecs.first?.parameters == ["max-fs": "12288", "max-fr": "60"])
    let slot = offer.mediaSections[2]
    #expect(slot.port == 0 && slot.isBundleOnly && !slot.isRejected)
  }

  @Test func `data channels are read`() throws {
    let chromium = try #require(try Recording.parsed("chromium-data").mediaSections.last)
    #expect(chromium.kind == .application && !chromium.isRTP)
    #expect(chromium.formats == ["webrtc-datachannel"])
    #expect(chromium.sctpPort == 5000 && chromium.maxMessageSize == 262144)
    let firefox = try #require(try Recording.parsed("firefox-data").mediaSections.last)
    #expect(firefox.maxMessageSize == 1_073_741_823)
  }
}
