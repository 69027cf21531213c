import Net
import Relay
import TURN
import Wire

/// What a relay has to show.
enum RelayMetrics {
  static func families(_ figures: RelayServer.Figures) -> [MetricFamily] {
    standing(figures) + traffic(figures) + refused(figures)
  }

  private static func standing(_ figures: RelayServer.Figures) -> [MetricFamily] {
    func relays(_ client: Path.Transport) -> Int {
      figures.turn.relays.reduce(0) { $0 + ($1.key.client == client ? $1.value : 0) }
    }
    return [
      MetricFamily(
        "jumpa_relay_allocations", .gauge, help: "Clients with a place at the TURN relay.",
        figures.allocationCount),
      MetricFamily(
        "jumpa_relay_addresses", .gauge,
        help: "Relayed addresses, by how their clients reach the relay.", by: "client",
        ["udp": relays(.udp), "tcp": relays(.tcp), "tls": relays(.tls)]),
      MetricFamily(
        "jumpa_relay_made_allocations", .counter, help: "Places at the TURN relay given.",
        figures.turn.allocations),
      MetricFamily(
        "jumpa_relay_evicted_allocations", .counter,
        help: "Unused places at the TURN relay that gave way to another of the same user.",
        figures.turn.evictions),
    ]
  }

  private static func traffic(_ figures: RelayServer.Figures) -> [MetricFamily] {
    let turn = figures.turn
    return [
      MetricFamily(
        "jumpa_relay_packets", .counter, help: "Packets relayed, by direction.", by: "direction",
        ["to-peer": turn.sent.datagrams, "to-client": turn.received.datagrams]),
      MetricFamily(
        "jumpa_relay_bytes", .counter, unit: .bytes, help: "Bytes relayed, by direction.",
        by: "direction",
        [
          "to-peer": turn.sent.bytes &+ turn.connectionBytesSent,
          "to-client": turn.received.bytes &+ turn.connectionBytesReceived,
        ]),
      MetricFamily(
        "jumpa_relay_dropped_packets", .counter, help: "Packets not relayed, by cause.",
        by: "cause",
        [
          "no-allocation": turn.drops[.withoutAllocation],
          "no-permission": turn.drops[.withoutPermission],
          "no-channel": turn.drops[.withoutChannel], "forbidden": turn.drops[.forbidden],
          "over-bandwidth": turn.drops[.overBandwidth], "unsendable": turn.drops[.unsendable],
          "malformed": turn.malformedDatagrams, "unread": figures.unreadDatagrams,
          "congested": figures.sockets.congestedDatagrams,
          "refused": figures.sockets.refusedDatagrams,
        ]),
    ]
  }

  private static func refused(_ figures: RelayServer.Figures) -> [MetricFamily] {
    let turn = figures.turn
    var refusals = MetricFamily(
      "jumpa_relay_refusals", .counter,
      help: "Requests refused, by error code; every client begins with a 401.")
    for (code, count) in turn.refusals.sorted(by: { $0.key < $1.key }) {
      refusals.add(Double(count), ("code", "\(code)"))
    }
    return [
      refusals,
      MetricFamily(
        "jumpa_relay_unanswered_requests", .counter,
        help: "Requests without answer, since too many came from one place.", by: "kind",
        ["turn": turn.unansweredRequests, "binding": turn.unansweredBindings]),
      MetricFamily(
        "jumpa_stun_answers", .counter, help: "Binding requests answered.", turn.bindings),
    ]
  }
}
