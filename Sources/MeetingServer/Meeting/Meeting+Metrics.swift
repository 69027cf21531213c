import SFU
import Wire

/// What a meeting counts since it began.
struct SignalingCounts {
  /// WebSockets that were opened.
  var openedSockets: UInt64 = 0
  /// Messages of clients, those included that were refused.
  var receivedMessages: UInt64 = 0
  /// Messages to clients.
  var sentMessages: UInt64 = 0
  /// Participants who came, and those who came back on another socket.
  var joins: UInt64 = 0
  var resumes: UInt64 = 0
  /// Seconds from a request to join until media is connected.
  private(set) var joinTimes = Distribution([0.1, 0.25, 0.5, 1, 2, 5, 10, 30])

  mutating func noteJoin(lasting time: Duration) { joinTimes.add(time.seconds) }
}

extension Meeting {
  /// The numbers of people and what they say.
  var metrics: [MetricFamily] {
    let census = census
    var joinTimes = MetricFamily(
      "jumpa_join_seconds", .histogram, unit: .seconds,
      help: "From the request to join until media is connected.")
    joinTimes.add(
      bounds: counts.joinTimes.bounds, counts: counts.joinTimes.counts, sum: counts.joinTimes.sum)
    return [
      MetricFamily(
        "jumpa_rooms", .gauge, help: "Rooms with somebody in them.", census.rooms),
      MetricFamily(
        "jumpa_participants", .gauge, help: "People in rooms.", census.participants),
      MetricFamily(
        "jumpa_players", .gauge, help: "Players over HTTP, whom nobody sees.", players.count),
      MetricFamily(
        "jumpa_websockets", .gauge, help: "Open WebSockets.", newcomers.count + owners.count),
      MetricFamily(
        "jumpa_opened_websockets", .counter, help: "WebSockets opened.", counts.openedSockets),
      MetricFamily(
        "jumpa_signaling_messages", .counter, help: "Messages on WebSockets, by direction.",
        by: "direction", ["in": counts.receivedMessages, "out": counts.sentMessages]),
      MetricFamily(
        "jumpa_joins", .counter, help: "Participants who came in by a message.", counts.joins),
      MetricFamily(
        "jumpa_resumes", .counter, help: "Participants who came back after a lost socket.",
        counts.resumes),
      joinTimes,
    ]
  }
}
