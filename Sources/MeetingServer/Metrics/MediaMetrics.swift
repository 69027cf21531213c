import Net
import SFU
import Wire

/// What all workers together have to show.
struct MediaMetrics {
  var forwarder = ForwarderStatistics()
  var sockets = SocketStatistics()
  var turns = TurnTimes.Counts()
  var forwarding = ForwardTimes()
  var streams = StreamCounts()
  /// Datagrams read by one worker and handled by another.
  var handedOver: UInt64 = 0
  /// Those that were dropped because the other was behind.
  var handoverDrops: UInt64 = 0

  /// Adds those of one worker.
  mutating func add(_ other: MediaMetrics) {
    forwarder += other.forwarder
    sockets += other.sockets
    turns += other.turns
    forwarding += other.forwarding
    streams += other.streams
    handedOver &+= other.handedOver
    handoverDrops &+= other.handoverDrops
  }

  var families: [MetricFamily] { standing + traffic + repair + spread + machinery }

  private var standing: [MetricFamily] {
    let now = forwarder
    return [
      MetricFamily(
        "jumpa_media_rooms", .gauge, help: "Rooms in which media is connected.", now.roomCount),
      MetricFamily(
        "jumpa_peers", .gauge, help: "Media connections in rooms, by state.", by: "state",
        ["connected": now.connectedPeerCount, "unconnected": now.unconnectedPeerCount]),
      MetricFamily(
        "jumpa_picture_slots", .gauge,
        help: "Places in which somebody watches a picture, by how much of it comes.", by: "state",
        [
          "live": now.liveSlotCount, "snapshot": now.snapshotSlotCount,
          "paused": now.pausedSlotCount,
        ]),
      MetricFamily(
        "jumpa_switched_off_layers", .gauge,
        help: "Layers of pictures that senders were asked not to send, since nobody watches.",
        now.unwantedLayerCount),
    ]
  }

  private var traffic: [MetricFamily] {
    let (received, sent) = (forwarder.totals.received, forwarder.totals.sent)
    let video =
      sent.packetCount &- sent.soundPacketCount &- sent.repeatedPacketCount
      &- sent.protectionPacketCount &- sent.paddingPacketCount
    let videoBytes =
      sent.byteCount &- sent.soundByteCount &- sent.repeatedByteCount
      &- sent.protectionByteCount &- sent.paddingByteCount
    return [
      MetricFamily(
        "jumpa_rtp_received_packets", .counter, help: "RTP packets from peers, by kind.",
        by: "kind",
        [
          "audio": received.soundPacketCount, "video": received.picturePacketCount,
          "repair": received.repairPacketCount,
        ]),
      MetricFamily(
        "jumpa_rtp_received_bytes", .counter, unit: .bytes,
        help: "Their bytes with RTP headers, by kind.", by: "kind",
        [
          "audio": received.soundByteCount, "video": received.pictureByteCount,
          "repair": received.repairByteCount,
        ]),
      MetricFamily(
        "jumpa_rtp_sent_packets", .counter, help: "RTP packets to peers, by kind.", by: "kind",
        [
          "audio": sent.soundPacketCount, "video": video,
          "retransmission": sent.repeatedPacketCount,
          "protection": sent.protectionPacketCount, "padding": sent.paddingPacketCount,
        ]),
      MetricFamily(
        "jumpa_rtp_sent_bytes", .counter, unit: .bytes,
        help: "Their bytes with RTP headers and tags, by kind.", by: "kind",
        [
          "audio": sent.soundByteCount, "video": videoBytes,
          "retransmission": sent.repeatedByteCount,
          "protection": sent.protectionByteCount, "padding": sent.paddingByteCount,
        ]),
      MetricFamily(
        "jumpa_rtp_forwarded_packets", .counter,
        help: "Packets of senders sent on, once for each viewer.", forwarder.totals.forwardedCount),
      MetricFamily(
        "jumpa_rtp_paced_packets", .counter, help: "Packets that waited for their turn.",
        sent.pacedPacketCount),
      MetricFamily(
        "jumpa_bandwidth_probes", .counter, help: "Probes for more bandwidth towards peers.",
        sent.probeCount),
    ]
  }

  private var repair: [MetricFamily] {
    let (totals, drops) = (forwarder.totals, forwarder.totals.drops)
    return [
      MetricFamily(
        "jumpa_dropped_datagrams", .counter, help: "Datagrams and packets dropped, by cause.",
        by: "cause",
        [
          "unknown-sender": drops.unknownSender, "rejected": drops.rejected,
          "unbound-stream": drops.unboundStream, "excess": drops.excess,
          "expired": totals.sent.expiredPacketCount,
          "truncated": sockets.truncatedDatagrams, "congested": sockets.congestedDatagrams,
          "refused": sockets.refusedDatagrams, "handover": handoverDrops,
        ]),
      MetricFamily(
        "jumpa_requested_packets", .counter,
        help: "Lost packets asked for, by who lost them: the server (up) or peers (down).",
        by: "direction",
        ["up": totals.requestedPacketCount, "down": totals.sent.requestedPacketCount]),
      MetricFamily(
        "jumpa_requested_key_frames", .counter,
        help: "Key frames asked for: by the server of senders (up), by peers of the server (down).",
        by: "direction",
        ["up": totals.requestedKeyFrameCount, "down": totals.sent.keyFrameRequestCount]),
      MetricFamily(
        "jumpa_replayed_key_frames", .counter, help: "Key frames served from memory.",
        totals.sent.replayedKeyFrameCount),
    ]
  }

  private var spread: [MetricFamily] {
    let now = forwarder
    return [
      MetricFamily(
        "jumpa_peer_target_bytes_per_second", unit: .bytesPerSecond,
        help: "What the paths to peers are thought to carry.", [(nil, now.targets)]),
      MetricFamily(
        "jumpa_peer_round_trip_seconds", unit: .seconds, help: "Round trips to peers.",
        [(nil, now.roundTrips)]),
      MetricFamily(
        "jumpa_peer_jitter_seconds", unit: .seconds, help: "How unevenly the sound of peers comes.",
        [(nil, now.jitter)]),
      MetricFamily(
        "jumpa_peer_loss_ratio", unit: .ratio, help: "Packets lost before repair, by direction.",
        [("up", now.lossUp), ("down", now.lossDown)]),
      MetricFamily(
        "jumpa_peer_quality_score",
        help: "Scores of peers' media by direction, 0 (gone) to 5 (excellent).",
        [("up", now.scoresUp), ("down", now.scoresDown)]),
    ]
  }

  private var machinery: [MetricFamily] {
    var turnTimes = MetricFamily(
      "jumpa_event_loop_turn_seconds", .histogram, unit: .seconds,
      help: "How long the turns of the workers' loops took.")
    turnTimes.add(
      bounds: TurnTimes.bounds.map(\.seconds), counts: turns.counts, sum: turns.total.seconds)
    var forwardTimes = MetricFamily(
      "jumpa_forward_seconds", .histogram, unit: .seconds,
      help: "From when packets were read to when they were handed to the kernel, for each viewer.")
    forwardTimes.add(
      bounds: ForwardTimes.bounds.map(\.seconds), counts: forwarding.counts,
      sum: forwarding.total.seconds)
    return [
      MetricFamily(
        "jumpa_udp_datagrams", .counter, help: "Datagrams on the media port, by direction.",
        by: "direction",
        ["in": sockets.receivedDatagrams, "out": sockets.sentDatagrams]),
      MetricFamily(
        "jumpa_udp_bytes", .counter, unit: .bytes, help: "Their bytes, by direction.",
        by: "direction", ["in": sockets.receivedBytes, "out": sockets.sentBytes]),
      MetricFamily(
        "jumpa_media_streams", .gauge, help: "TCP connections that carry media.", streams.open),
      MetricFamily(
        "jumpa_stream_datagrams", .counter,
        help: "Datagrams on them, by what became of them.", by: "fate",
        [
          "received": streams.receivedDatagrams, "sent": streams.sentDatagrams,
          "dropped": streams.droppedDatagrams,
        ]),
      MetricFamily(
        "jumpa_handed_over_datagrams", .counter,
        help: "Datagrams read by one worker for another.", handedOver),
      turnTimes, forwardTimes,
    ]
  }
}

extension MetricFamily {
  /// How something is spread over peers at this moment, for each direction named.
  fileprivate init(
    _ name: String, unit: Unit? = nil, help: String, _ spreads: [(String?, Distribution)]
  ) {
    self.init(name, .gaugeHistogram, unit: unit, help: help)
    for (direction, spread) in spreads {
      add(
        bounds: spread.bounds, counts: spread.counts, sum: spread.sum,
        direction.map { ("direction", $0) })
    }
  }
}

extension SocketStatistics {
  fileprivate static func += (sum: inout SocketStatistics, other: SocketStatistics) {
    sum.receivedDatagrams &+= other.receivedDatagrams
    sum.receivedBytes &+= other.receivedBytes
    sum.truncatedDatagrams &+= other.truncatedDatagrams
    sum.sentDatagrams &+= other.sentDatagrams
    sum.sentBytes &+= other.sentBytes
    sum.congestedDatagrams &+= other.congestedDatagrams
    sum.refusedDatagrams &+= other.refusedDatagrams
  }
}
