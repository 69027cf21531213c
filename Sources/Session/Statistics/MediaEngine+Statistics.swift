import Media
import RTP
import SDP
package import Wire

extension MediaEngine {
  /// All that is known of streams and codecs.
  package func statistics(
    at now: Instant, transceivers: [Transceiver], transportID: String
  ) -> [StatisticsEntry] {
    var writer = StreamStatisticsWriter(
      now: now, epoch: epoch, transportID: transportID, entries: [])
    for track in sending {
      let transceiver = transceivers.first { $0.id == track.id }
      let source = writer.write(track, trackID: transceiver?.sender.trackID)
      for (place, encoding) in track.encodings.enumerated() {
        writer.write(encoding, at: place, of: track, sourceID: source)
      }
    }
    for track in receiving {
      let name = transceivers.first { $0.id == track.id }?.receiver.trackID
      for layer in track.layers { writer.write(layer, of: track, trackID: name) }
    }
    return writer.entries
  }
}

/// Turns streams into entries.
struct StreamStatisticsWriter {
  let now: Instant
  let epoch: Duration
  let transportID: String
  private(set) var entries: [StatisticsEntry]

  init(now: Instant, epoch: Duration, transportID: String, entries: [StatisticsEntry]) {
    self.now = now
    self.epoch = epoch
    self.transportID = transportID
    self.entries = entries
  }

  private mutating func append(
    _ id: String, at time: Instant? = nil, _ content: StatisticsEntry.Content
  ) {
    entries.append(
      StatisticsEntry(id: id, timestamp: epoch.milliseconds(at: time ?? now), content: content))
  }

  /// The codec of a payload type, once for each direction.
  private mutating func codec(
    _ payloadType: UInt8?, of section: NegotiatedSection, isSent: Bool
  ) -> String? {
    guard let codec = section.codecs.first(where: { $0.payloadType == payloadType }) else {
      return nil
    }
    let id = "codec-\(isSent ? "out" : "in")-\(section.mid)-\(codec.payloadType)"
    guard !entries.contains(where: { $0.id == id }) else { return id }
    var part = CodecStatistics(
      payloadType: codec.payloadType, transportId: transportID,
      mimeType: "\(section.kind.name)/\(codec.name)", clockRate: codec.clockRate)
    part.channels = codec.channels
    part.sdpFmtpLine = codec.formatParameters.isEmpty ? nil : codec.formatParameters
    append(id, .codec(part))
    return id
  }

  // MARK: Sending

  mutating func write(_ track: SendingTrack, trackID: String?) -> String? {
    guard let trackID else { return nil }
    let section = track.agreed.section
    var part = MediaSourceStatistics(trackIdentifier: trackID, kind: section.kind.name)
    if section.kind == .video {
      part.frames = track.frameCount
      part.framesPerSecond = track.frameRate.value(at: now)
      let sizes = track.encodings.compactMap(\.frameSize)
      let largest = sizes.max { $0.width < $1.width }
      part.width = largest.map { UInt64(clamping: $0.width) }
      part.height = largest.map { UInt64(clamping: $0.height) }
    }
    let id = "source-\(track.id.rawValue)-\(trackID)"
    append(id, .mediaSource(part))
    return id
  }

  mutating func write(
    _ encoding: SendingEncoding, at place: Int, of track: SendingTrack, sourceID: String?
  ) {
    let section = track.agreed.section
    let stream = encoding.stream
    let counters = stream.counters
    let ssrc = stream.options.ssrc
    let id = "outbound-\(section.kind.name)-\(ssrc)"
    let codecID = codec(encoding.payloadType, of: section, isSent: true)
    var part = OutboundStreamStatistics(
      ssrc: ssrc, kind: section.kind.name, transportId: transportID)
    part.codecId = codecID
    part.packetsSent = counters.packetCount + counters.repairPacketCount
    part.bytesSent = counters.byteCount + counters.repairByteCount
    part.mid = section.mid
    part.mediaSourceId = sourceID
    part.rid = encoding.rid.isEmpty ? nil : encoding.rid
    part.encodingIndex = UInt64(place)
    part.headerBytesSent = counters.headerByteCount
    part.retransmittedPacketsSent = counters.repairPacketCount
    part.retransmittedBytesSent = counters.repairByteCount
    part.rtxSsrc = stream.options.rtxSSRC
    part.nackCount = counters.requestCount
    part.active = encoding.isActive && track.isSending
    if section.kind == .video {
      part.framesSent = counters.frameCount
      part.keyFramesEncoded = counters.keyFrameCount
      part.framesPerSecond = encoding.frameRate.value(at: now)
      part.frameWidth = encoding.frameSize.map { UInt64(clamping: $0.width) }
      part.frameHeight = encoding.frameSize.map { UInt64(clamping: $0.height) }
      part.firCount = counters.intraRequestCount
      part.pliCount = counters.pictureLossCount
    }
    if let remote = stream.remote {
      let remoteID = "remote-inbound-\(section.kind.name)-\(ssrc)"
      part.remoteId = remoteID
      append(
        remoteID, at: remote.reportedAt,
        .remoteInboundRTP(reception(remote, of: part, localID: id)))
    }
    append(id, .outboundRTP(part))
  }

  private func reception(
    _ remote: RemoteReception, of stream: OutboundStreamStatistics, localID: String
  ) -> RemoteInboundStreamStatistics {
    var part = RemoteInboundStreamStatistics(
      ssrc: stream.ssrc, kind: stream.kind, transportId: transportID, localId: localID)
    part.codecId = stream.codecId
    part.packetsLost = Int64(remote.lostCount)
    part.jitter = remote.jitter
    part.fractionLost = remote.fractionLost
    part.roundTripTime = remote.roundTrip?.seconds
    part.totalRoundTripTime = remote.totalRoundTrip.seconds
    part.roundTripTimeMeasurements = remote.roundTripCount
    return part
  }

  // MARK: Receiving

  mutating func write(_ layer: ReceivingLayer, of track: ReceivingTrack, trackID: String?) {
    guard let stream = layer.stream else { return }
    let section = track.section
    let ssrc = stream.options.ssrc
    let id = "inbound-\(section.kind.name)-\(ssrc)"
    let codecID = codec(layer.payloadType, of: section, isSent: false)
    var part = InboundStreamStatistics(
      ssrc: ssrc, kind: section.kind.name, transportId: transportID)
    part.codecId = codecID
    part.trackIdentifier = trackID
    part.mid = section.mid
    part.rid = layer.rid.isEmpty ? nil : layer.rid
    part.rtxSsrc = layer.repairSSRC
    fill(&part, from: stream)
    if let frames = layer.frames {
      fill(&part, from: frames, isVideo: section.kind == .video)
    }
    if section.kind == .video {
      part.firCount = stream.counters.intraRequestCount
      part.pliCount = stream.counters.pictureLossCount
    }
    if let report = stream.senderReport {
      let remoteID = "remote-outbound-\(section.kind.name)-\(ssrc)"
      part.remoteId = remoteID
      var told = RemoteOutboundStreamStatistics(
        ssrc: ssrc, kind: section.kind.name, transportId: transportID, localId: id)
      told.codecId = codecID
      told.packetsSent = UInt64(report.packetCount)
      told.bytesSent = UInt64(report.octetCount)
      told.remoteTimestamp = NTP.unixMilliseconds(report.ntpTimestamp)
      told.reportsSent = stream.counters.reportCount
      append(remoteID, at: stream.senderClock?.receivedAt, .remoteOutboundRTP(told))
    }
    append(id, .inboundRTP(part))
  }

  private func fill(_ part: inout InboundStreamStatistics, from stream: ReceivedStream) {
    let counters = stream.counters
    part.packetsReceived = counters.packetCount + counters.repairPacketCount
    part.bytesReceived = counters.byteCount + counters.repairByteCount
    part.packetsLost = stream.lostCount
    part.jitter = stream.jitter
    part.lastPacketReceivedTimestamp = stream.lastPacketReceivedAt.map {
      epoch.milliseconds(at: $0)
    }
    part.headerBytesReceived = counters.headerByteCount
    part.packetsDiscarded = counters.duplicateCount
    part.nackCount = counters.requestCount
    part.retransmittedPacketsReceived = counters.repairPacketCount
    part.retransmittedBytesReceived = counters.repairByteCount
  }

  private func fill(
    _ part: inout InboundStreamStatistics, from frames: FrameReceiver, isVideo: Bool
  ) {
    let buffer = frames.statistics
    let emitted = isVideo ? buffer.emittedCount : buffer.emittedSampleCount
    part.jitterBufferDelay = buffer.delay.seconds
    part.jitterBufferTargetDelay = buffer.targetDelay.seconds
    part.jitterBufferEmittedCount = UInt64(clamping: emitted)
    part.packetsDiscarded = (part.packetsDiscarded ?? 0) + UInt64(clamping: buffer.discardedCount)
    guard isVideo else {
      part.totalSamplesReceived = UInt64(clamping: buffer.emittedSampleCount)
      return
    }
    part.framesReceived = UInt64(clamping: frames.frameCount)
    part.framesDropped = UInt64(clamping: buffer.droppedFrameCount)
    part.framesPerSecond = frames.rate.value(at: now)
    part.frameWidth = frames.size.map { UInt64(clamping: $0.width) }
    part.frameHeight = frames.size.map { UInt64(clamping: $0.height) }
  }
}

extension Duration {
  /// A moment in milliseconds since 1970, where this is the time from then to the clock's zero.
  func milliseconds(at instant: Instant) -> Double {
    Double((Duration(nanoseconds: instant.nanoseconds) + self).microseconds) / 1000
  }
}

extension NTP {
  /// Network time in milliseconds since 1970, in the era that ends in 2036.
  static func unixMilliseconds(_ timestamp: UInt64) -> Double {
    let since1900 = Double(timestamp) / 4_294_967.296
    return since1900 - 2_208_988_800_000
  }
}
