import Media
import RTP
package import Wire

extension MediaEngine {
  /// Takes a decrypted control packet, compound or not.
  package func receiveControl(
    _ bytes: Span<UInt8>, at now: Instant, into outbox: Outbox
  ) {
    var reader = RTCPReader(bytes)
    while let packet = reader.next() {
      switch packet {
      case .senderReport(let report):
        layer(of: report.ssrc)?.stream?.receive(report, at: now)
        take(report.blocks, at: now)
      case .receiverReport(let report):
        take(report.blocks, at: now)
      case .sourceDescription(let description):
        for chunk in description.chunks { layer(of: chunk.ssrc)?.stream?.receive(chunk) }
      case .goodbye(let goodbye):
        for ssrc in goodbye.ssrcs { takeGoodbye(of: ssrc) }
      case .genericNACK(let request):
        guard let found = encoding(of: request.mediaSSRC) else { continue }
        found.encoding.stream.receive(request, at: now)
        sendRepairs(of: found.encoding, at: now, into: outbox)
      case .pictureLossIndication(let request):
        guard defaults.usesPictureLoss, let found = encoding(of: request.mediaSSRC),
          found.encoding.stream.receivePictureLoss(at: now)
        else { continue }
        events.append(.keyFrameRequested(found.track.id, rid: found.encoding.rid))
      case .fullIntraRequest(let request):
        for entry in request.entries { takeIntraRequest(entry, at: now) }
      case .transportFeedback(let feedback):
        let results = sequencer.receive(feedback)
        if !results.isEmpty { events.append(.transportFeedback(results)) }
      case .receiverEstimatedMaximumBitrate, .other, .malformed:
        break
      }
    }
  }

  private func takeIntraRequest(
    _ entry: FullIntraRequest.Entry, at now: Instant
  ) {
    guard defaults.usesIntraRequest, let found = encoding(of: entry.ssrc),
      found.encoding.stream.receiveIntraRequest(entry.sequenceNumber, at: now)
    else { return }
    events.append(.keyFrameRequested(found.track.id, rid: found.encoding.rid))
  }

  private func take(_ blocks: [ReportBlock], at now: Instant) {
    for block in blocks {
      encoding(of: block.ssrc)?.encoding.stream.receive(block, at: now, epoch: epoch)
    }
    spreadRoundTrip()
  }

  /// What one stream's reports told is true of all on the path.
  func spreadRoundTrip() {
    guard let roundTrip else { return }
    for layer in receiving.flatMap(\.layers) { layer.stream?.roundTrip = roundTrip }
    for encoding in sending.flatMap(\.encodings) where encoding.stream.remote?.roundTrip == nil {
      encoding.stream.roundTrip = roundTrip
    }
  }

  private func takeGoodbye(of ssrc: UInt32) {
    guard let place = sources.places[ssrc], !place.isRepair else { return }
    place.layer.stream?.receiveGoodbye()
    let track = place.track
    if track.layers.allSatisfy({ $0.stream?.isEnded ?? true }) { mute(track) }
  }

  private func layer(of ssrc: UInt32) -> ReceivingLayer? {
    sources.places[ssrc].flatMap { $0.isRepair ? nil : $0.layer }
  }

  private func encoding(of ssrc: UInt32) -> (track: SendingTrack, encoding: SendingEncoding)? {
    for track in sending {
      for encoding in track.encodings where encoding.stream.options.ssrc == ssrc {
        return (track, encoding)
      }
    }
    return nil
  }
}
