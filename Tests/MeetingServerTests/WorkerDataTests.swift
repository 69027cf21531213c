import MeetingServer
import Testing
import Wire

/// What a real worker makes of offers of data channels.
struct WorkerDataTests {
  private static let fingerprint = Array(repeating: "AB", count: 32).joined(separator: ":")

  private static func offer(
    _ media: String = "application 9 UDP/DTLS/SCTP webrtc-datachannel", ufrag: String = "abcd",
    fingerprint: String = "sha-256 \(fingerprint)", more: String = "a=sctp-port:5000\r\n"
  ) -> String {
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=\(media)\r\nc=IN IP4 0.0.0.0\r\n"
      + "a=mid:0\r\na=ice-ufrag:\(ufrag)\r\na=ice-pwd:0123456789012345678901\r\n"
      + "a=fingerprint:\(fingerprint)\r\na=setup:actpass\r\n" + more
  }

  private func withPlane(_ body: (WorkerMediaPlane) async throws -> Void) async throws {
    let plane = try await WorkerMediaPlane(
      MediaConfiguration(host: IPAddress(127, 0, 0, 1), port: 0))
    do { try await body(plane) } catch {
      await plane.stop()
      throw error
    }
    await plane.stop()
  }

  @Test func `a refused offer leaves nothing behind, and a good one a peer`() async throws {
    try await withPlane { plane in
      let refused = [
        "", "hello", "v=0\r\n", Self.offer("audio 9 UDP/TLS/RTP/SAVPF 111"),
        Self.offer("application 0 UDP/DTLS/SCTP webrtc-datachannel"),
        Self.offer("application 9 UDP/DTLS/SCTP something-else"),
        Self.offer(ufrag: "a"), Self.offer(fingerprint: "md5 AB"),
        Self.offer(more: "a=sctp-port:0\r\n"),
      ]
      for offer in refused {
        await #expect(throws: MediaError.self, "\(offer)") {
          _ = try await plane.connectClock(offer: offer, client: "203.0.113.7")
        }
      }
      #expect(await plane.peerCounts == (0, 0))
      let answer = try await plane.connectClock(offer: Self.offer(), client: nil)
      for line in [
        "m=application ", "a=sctp-port:5000", "a=max-message-size:262144", "a=setup:passive",
        "a=candidate:", "a=end-of-candidates", "a=ice-ufrag:", "a=fingerprint:sha-256 ",
      ] {
        #expect(answer.contains(line), "\(line)")
      }
      #expect(await plane.peerCounts == (0, 1))
    }
  }

  @Test func `one address may wait for so many`() async throws {
    try await withPlane { plane in
      for _ in 0..<32 {
        _ = try await plane.connectClock(offer: Self.offer(), client: "203.0.113.7")
      }
      await #expect(throws: MediaError.busy("32 sessions of this address are not connected yet")) {
        _ = try await plane.connectClock(offer: Self.offer(), client: "203.0.113.7")
      }
      _ = try await plane.connectClock(offer: Self.offer(), client: "203.0.113.8")
      #expect(await plane.peerCounts.clock == 33)
    }
  }

  @Test(arguments: [(nil, 2000), (1_650_000, 1650), (300_000, 300)])
  func `a sender begins where it said it may, or at two megabits`(
    bitrate: Int?, begin: Int
  ) async throws {
    try await withPlane { plane in
      let (peer, room) = (MediaPeerID(rawValue: 1), MediaRoomID(rawValue: 2))
      let media = MediaOffer(
        sdp: Self.offer(
          "video 9 UDP/TLS/RTP/SAVPF 96",
          more: "a=rtpmap:96 VP8/90000\r\na=rtcp-mux\r\na=sendonly\r\n"), upBitrate: bitrate)
      let parameter = "x-google-start-bitrate=\(begin)\r\n"
      let answer = try await plane.connect(peer, in: room, offer: media)
      #expect(answer.contains(parameter))
      let again = try await plane.renegotiate(peer, offer: media)
      #expect(again.contains(parameter))
    }
  }

  /// What a camera may be sent in, and in how many sizes; the answer's first codec.
  private static func codec(
    of peer: UInt64, wish: MediaVideoCodec?, in room: UInt64 = 1, mozilla: Bool = false,
    simulcast: Bool = true, _ plane: WorkerMediaPlane
  ) async throws -> String? {
    let rids = ["q", "h", "f"].map { "a=rid:\($0) send\r\n" }.joined()
    var sdp = offer(
      "video 9 UDP/TLS/RTP/SAVPF 96 98 102 45",
      more: "a=rtpmap:96 VP8/90000\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
        + "a=rtpmap:102 H264/90000\r\n"
        + "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
        + "a=rtpmap:45 AV1/90000\r\na=rtcp-mux\r\na=sendonly\r\n"
        + (simulcast ? rids + "a=simulcast:send q;h;f\r\n" : ""))
    if mozilla { sdp = sdp.replacing("o=- ", with: "o=mozilla...THIS_IS_SDPARTA-99.0 ") }
    let answer = try await plane.connect(
      MediaPeerID(rawValue: peer), in: MediaRoomID(rawValue: room),
      offer: MediaOffer(sdp: sdp, codec: wish))
    let section = answer.split(separator: "m=video ").last ?? ""
    let type = section.split(separator: " ").dropFirst(2).first?.split(separator: "\r\n").first
    return type.flatMap { type in
      answer.split(separator: "a=rtpmap:\(type) ").last?.split(separator: "/").first
        .map(String.init)
    }
  }

  @Test func `whoever is first in a room chooses its codec, and Firefox gets what it can send`()
    async throws
  {
    try await withPlane { plane in
      var seen: [String?] = []
      seen.append(try await Self.codec(of: 1, wish: .vp9, plane))
      seen.append(try await Self.codec(of: 2, wish: .av1, plane))
      seen.append(try await Self.codec(of: 3, wish: nil, mozilla: true, plane))
      seen.append(
        try await Self.codec(of: 4, wish: nil, mozilla: true, simulcast: false, plane))
      seen.append(try await Self.codec(of: 5, wish: nil, in: 2, plane))
      seen.append(try await Self.codec(of: 6, wish: .h264, in: 3, mozilla: true, plane))
      seen.append(try await Self.codec(of: 7, wish: nil, in: 3, plane))
      for peer in 1...4 as ClosedRange<UInt64> {
        await plane.disconnect(MediaPeerID(rawValue: peer))
      }
      seen.append(try await Self.codec(of: 8, wish: .av1, plane))
      #expect(seen == ["VP9", "VP9", "VP8", "VP9", "VP8", "VP8", "H264", "AV1"])
    }
  }

  @Test func `candidates are added, passed over or refused, each for what it is`() async throws {
    try await withPlane { plane in
      let (peer, room) = (MediaPeerID(rawValue: 1), MediaRoomID(rawValue: 2))
      let media = Self.offer(
        "audio 9 UDP/TLS/RTP/SAVPF 111",
        more: "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=sendrecv\r\n")
      _ = try await plane.connect(peer, in: room, offer: MediaOffer(sdp: media))
      for line in [
        "candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host",
        "candidate:1 1 udp 2122260223 0f3a.local 5000 typ host",
        "candidate:1 1 udp 2122260223 0.0.0.0 0 typ host",
        "candidate:1 1 sctp 2122260223 192.0.2.1 5000 typ host",
      ] {
        try await plane.addCandidate(line, of: peer)
      }
      try await plane.addCandidate(nil, of: peer)
      await #expect(throws: MediaError.self) { try await plane.addCandidate("x", of: peer) }
      await #expect(throws: MediaError.noSuchPeer) {
        try await plane.addCandidate(nil, of: MediaPeerID(rawValue: 9))
      }
      #expect(await plane.peerCounts == (1, 0))
      await plane.disconnect(peer)
      #expect(await plane.peerCounts == (0, 0))
    }
  }
}
