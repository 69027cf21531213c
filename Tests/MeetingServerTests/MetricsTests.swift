import HTTPServer
import Signaling
import Testing
import Wire

@testable import MeetingServer

struct OpenMetricsTextTests {
  @Test func `each kind of metric has the samples that belong to it`() {
    var turns = MetricFamily("x_turn_seconds", .histogram, unit: .seconds, help: "Turns.")
    turns.add(bounds: [0.5, 1], counts: [1, 0, 2], sum: 7.25)
    var spread = MetricFamily("x_score", .gaugeHistogram, help: "Scores.")
    spread.add(bounds: [5], counts: [3, 0], sum: 12, ("direction", "up"))
    let text = OpenMetricsText.text([
      MetricFamily("x_packets", .counter, help: "Packets.", by: "kind", ["a": 1, "b": 2]),
      MetricFamily("x_rooms", .gauge, help: "Rooms.", 3), turns, spread,
    ])
    #expect(
      text == """
        # TYPE x_packets counter
        # HELP x_packets Packets.
        x_packets_total{kind="a"} 1
        x_packets_total{kind="b"} 2
        # TYPE x_rooms gauge
        # HELP x_rooms Rooms.
        x_rooms 3
        # TYPE x_turn_seconds histogram
        # UNIT x_turn_seconds seconds
        # HELP x_turn_seconds Turns.
        x_turn_seconds_bucket{le="0.5"} 1
        x_turn_seconds_bucket{le="1.0"} 1
        x_turn_seconds_bucket{le="+Inf"} 3
        x_turn_seconds_count 3
        x_turn_seconds_sum 7.25
        # TYPE x_score gaugehistogram
        # HELP x_score Scores.
        x_score_bucket{direction="up",le="5.0"} 3
        x_score_bucket{direction="up",le="+Inf"} 3
        x_score_gcount{direction="up"} 3
        x_score_gsum{direction="up"} 12
        # EOF

        """)
  }

  @Test func `labels and help are escaped, and every number is one of OpenMetrics`() {
    var odd = MetricFamily("x", .gauge, help: "a\\b\n\"c\"")
    for value in [Double.nan, .infinity, -.infinity, 1e300, 0.1, -0.0] {
      odd.add(value, ("l", "\"\\\n"))
    }
    let text = OpenMetricsText.text([odd])
    #expect(text.contains(#"# HELP x a\\b\n\"c\""#))
    #expect(text.contains(#"x{l="\"\\\n"} NaN"#))
    #expect(text.contains("} +Inf\n") && text.contains("} -Inf\n"))
    #expect(text.contains("} 1e+300\n") && text.contains("} 0.1\n"))
    #expect(text.split(separator: "\n").count == 9)
  }
}

struct MetricsRouteTests {
  private func answer(
    _ audience: MetricsAudience, _ stage: Stage = Stage(), from address: String = "127.0.0.1",
    _ headers: HTTPFields = ["Host": "localhost:8080"], method: HTTPRequest.Method = .get
  ) async -> HTTPResponse? {
    let route = MetricsRoute(
      meeting: stage.meeting, plane: stage.plane, audience: audience, requests: RequestCounts())
    return await route.respond(
      to: HTTPRequest(
        method: method, path: "/metrics", headers: headers,
        peer: .init(address: address, port: 1)))
  }

  @Test func `programs on this machine read the metrics, and nobody else does by default`() async {
    let here = await answer(.loopback)
    #expect(here?.status == .ok)
    #expect(
      here?.headers["Content-Type"]
        == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    for host in ["127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "LOCALHOST"] {
      #expect(await answer(.loopback, ["Host": .init(host)])?.status == .ok, "\(host)")
    }
    #expect(await answer(.loopback, from: "192.0.2.1") == nil)
  }

  private func answer(
    _ audience: MetricsAudience, _ headers: HTTPFields
  ) async -> HTTPResponse? {
    await answer(audience, Stage(), headers)
  }

  @Test func `what a proxy on this machine passes on is not from this machine`() async {
    for name in ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"] {
      #expect(await answer(.loopback, ["Host": "localhost", .init(name): "x"]) == nil, "\(name)")
    }
    for host in ["meet.example", "192.0.2.1", "localhost.evil.example", "", "127.0.0.1.evil:80"] {
      #expect(await answer(.loopback, ["Host": .init(host)]) == nil, "\(host)")
    }
    #expect(await answer(.loopback, [:]) == nil)
  }

  @Test func `everyone and nobody are what they say`() async {
    let proxied: HTTPFields = ["Host": "meet.example", "Via": "x"]
    #expect(await answer(.everyone, Stage(), from: "192.0.2.1", proxied)?.status == .ok)
    #expect(await answer(.nobody) == nil)
    #expect(await answer(.everyone, method: .post)?.status.rawValue == 405)
  }

  @Test func `a join lasts from the request until media is connected, and is counted once`()
    async throws
  {
    let stage = Stage()
    for (name, time) in [("Ana", Int64(300)), ("Budi", 1_500)] {
      _ = try await stage.joined(name, sdp: "a")
      stage.clock.advance(.milliseconds(time))
      for state in [MediaEvent.State.connected, .connecting, .connected] {
        await stage.meeting.handle(.stateChanged(try #require(stage.plane.peers.last), state))
      }
    }
    _ = try await stage.joined("Citra")
    let text = String(decoding: await answer(.everyone, stage)?.body ?? [], as: UTF8.self)
    for line in [
      "# TYPE jumpa_join_seconds histogram", #"jumpa_join_seconds_bucket{le="0.25"} 0"#,
      #"jumpa_join_seconds_bucket{le="0.5"} 1"#, #"jumpa_join_seconds_bucket{le="2.0"} 2"#,
      "jumpa_join_seconds_count 2", "jumpa_join_seconds_sum 1.8",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(text.contains("# TYPE jumpa_build info\n"))
    #expect(text.contains(#"jumpa_build_info{version="\#(ServerVersion.text)",configuration=""#))
  }

  @Test func `times of forwarding are those of packets, added up over workers`() {
    var one = MediaMetrics()
    one.forwarding.note(.microseconds(200), packetCount: 10)
    one.forwarding.note(.milliseconds(300), packetCount: 2)
    one.forwarding.note(.seconds(1), packetCount: 0)
    var sum = MediaMetrics()
    sum.add(one)
    sum.add(one)
    let text = OpenMetricsText.text(sum.families)
    for line in [
      #"jumpa_forward_seconds_bucket{le="0.0001"} 0"#,
      #"jumpa_forward_seconds_bucket{le="0.00025"} 20"#,
      #"jumpa_forward_seconds_bucket{le="0.1"} 20"#,
      #"jumpa_forward_seconds_bucket{le="+Inf"} 24"#, "jumpa_forward_seconds_count 24",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    for kind in ["audio", "video", "retransmission", "protection", "padding"] {
      #expect(text.contains(#"jumpa_rtp_sent_packets_total{kind="\#(kind)"} 0"#), "\(kind)")
    }
  }

  @Test func `people, sockets and messages are counted without their names`() async throws {
    let stage = Stage()
    let ana = try await stage.joined("Ana", sdp: "a")
    _ = try await stage.joined("Budi", room: "secret", sdp: "b")
    await ana.say(.ping(.null))
    await ana.close()
    let back = await stage.client()
    await back.say(.resume(ResumeRequest(resumeToken: ana.token, lastSeq: 1)))
    let body = await answer(.everyone, stage)?.body ?? []
    let text = String(decoding: body, as: UTF8.self)
    for line in [
      "jumpa_rooms 2", "jumpa_participants 2", "jumpa_websockets 2",
      "jumpa_opened_websockets_total 3", "jumpa_joins_total 2", "jumpa_resumes_total 1",
      #"jumpa_signaling_messages_total{direction="in"} 4"#,
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(text.contains("jumpa_process_cpu_seconds_total "))
    #expect(text.contains("jumpa_process_resident_memory_bytes "))
    for name in ["Ana", "Budi", "secret", "tea", ana.id] { #expect(!text.contains(name)) }
    #expect(text.hasSuffix("# EOF\n"))
  }
}

@Test func `figures go to who asked for them, every two seconds, until they ask no longer`()
  async throws
{
  let stage = Stage()
  let ana = try await stage.joined("Ana", sdp: "a")
  let budi = try await stage.joined("Budi", sdp: "b")
  guard case .connect(_, let room, _, _) = try #require(stage.plane.calls.first) else { return }
  let excellent = MediaLinkQuality(score: 5)
  await stage.meeting.handle(
    .qualityChanged(
      room,
      stage.plane.peers.map { MediaQuality(peer: $0, up: excellent, down: excellent) }))
  for client in [ana, budi] { _ = try client.heard() }
  await ana.say(.statistics(StatisticsRequest(on: true)))
  var messages: [ServerMessage] = []
  for _ in 0..<50 {
    await stage.advance(.milliseconds(200))
    messages += try ana.heard()
  }
  #expect(messages.count == 5)
  let own = ParticipantQuality(
    userId: ana.id,
    up: LinkQuality(score: 5, details: .init(loss: 0.123, roundTrip: 40, bitrate: 1_000)),
    down: LinkQuality(
      score: 5,
      details: .init(
        roundTrip: 40, bitrate: 2_000, target: 3_000,
        layers: [ReceivedLayer(mid: "4", rid: "h", size: 1, sizes: 1, rate: 2, rates: 3)])))
  #expect(messages.allSatisfy { $0 == .quality([own]) })
  #expect(try budi.heard() == [])
  await ana.say(.statistics(StatisticsRequest(on: false)))
  await stage.advance(.seconds(4))
  #expect(try ana.heard() == [])
}
