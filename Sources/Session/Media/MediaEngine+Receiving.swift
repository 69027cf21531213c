import Media
package import RTP
import SDP
package import Wire

extension MediaEngine {
  /// Takes a decrypted packet, and when nothing came at all.
  package func receive(
    _ packet: RTPPacket, in bytes: Span<UInt8>, outage: PathOutage = PathOutage(), at now: Instant
  ) {
    let header = packet.header
    guard let place = sources.place(of: header, in: bytes, among: receiving, at: now),
      place.track.isReceiving
    else {
      strayPacketCount &+= 1
      return
    }
    if defaults.sendsReports { schedule.start(at: now) }
    guard let received = take(packet, in: bytes, at: place, outage, now) else { return }
    if !place.track.isFlowing {
      place.track.isFlowing = true
      events.append(.unmuted(place.track.id))
    }
    if place.track.delivery.contains(.packets) {
      events.append(.packet(place.track.id, rid: place.layer.rid, received))
    }
    if place.track.delivery.contains(.frames) {
      assemble(received, of: place.track, place.layer, at: now)
    }
  }

  private func take(
    _ packet: RTPPacket, in bytes: Span<UInt8>, at place: SourceTable.Place, _ outage: PathOutage,
    _ now: Instant
  ) -> ReceivedPacket? {
    let header = packet.header
    let layer = place.layer
    if place.isRepair {
      return layer.stream?.receiveRepair(header, in: bytes, payload: packet.payloadRange, at: now)
    }
    guard place.track.codecs[header.payloadType] != nil else { return nil }
    if layer.stream == nil { begin(layer, of: place.track, header) }
    layer.payloadType = header.payloadType
    return layer.stream?.receive(
      header, in: bytes, payload: packet.payloadRange, outage: outage, at: now)
  }

  /// A source's first packet.
  private func begin(_ layer: ReceivingLayer, of track: ReceivingTrack, _ header: RTPHeader) {
    var stream = track.stream(
      ssrc: header.ssrc, payloadType: header.payloadType, defaults: defaults)
    if let roundTrip = roundTrip { stream.roundTrip = roundTrip }
    layer.stream = stream
    layer.frames = nil
  }

  /// Puts the packet to its frame, and gives out those that are whole.
  private func assemble(
    _ packet: ReceivedPacket, of track: ReceivingTrack, _ layer: ReceivingLayer, at now: Instant
  ) {
    guard let codec = track.codecs[packet.payloadType]?.mediaCodec else { return }
    if layer.frames?.codec != codec {
      layer.frames = FrameReceiver(
        codec: codec, longestWait: defaults.longestFrameWait, at: now)
    }
    layer.frames?.insert(packet, at: now)
    giveOutFrames(of: track, layer, at: now)
  }

  /// Gives out frames that are whole or due, and asks for a key frame where nothing can be decoded without one.
  func giveOutFrames(
    of track: ReceivingTrack, _ layer: ReceivingLayer, at now: Instant
  ) {
    guard let codec = layer.frames?.codec else { return }
    while let received = layer.frames?.next(at: now) {
      if received.frame.isKeyFrame, track.section.kind == .video {
        layer.stream?.noteKeyFrame(from: received.sequenceNumber)
      }
      events.append(.frame(track.id, rid: layer.rid, codec, received))
    }
    // Whoever has stopped sending has no key frame either.
    guard layer.frames?.demandsKeyFrame(at: now) == true,
      let last = layer.stream?.lastPacketReceivedAt, now - last < defaults.muteTimeout
    else { return }
    layer.stream?.keyFrames.want()
  }

  /// The last round trip that a report told of; before any did, that of the path.
  var roundTrip: Duration? {
    var latest: RemoteReception?
    for encoding in sending.flatMap(\.encodings) {
      guard let remote = encoding.stream.remote, remote.roundTrip != nil else { continue }
      if latest.map({ $0.reportedAt < remote.reportedAt }) ?? true { latest = remote }
    }
    return latest?.roundTrip ?? transport.roundTripTime
  }

  /// Says in which form a track is wanted.
  func setDelivery(_ delivery: MediaDelivery, of id: TransceiverID) {
    deliveries[id] = delivery
    for track in receiving where track.id == id { set(delivery, for: track) }
  }

  func set(_ delivery: MediaDelivery, for track: ReceivingTrack) {
    track.delivery = delivery
    guard !delivery.contains(.frames) else { return }
    for layer in track.layers {
      layer.frames = nil
      layer.stream?.keyFrames.satisfy()
    }
  }

  /// How a track's timestamps and its sender's clock belong together; of the first layer where `rid` is empty.
  func senderClock(of id: TransceiverID, rid: String) -> SenderClock? {
    let layers = receiving.first { $0.id == id }?.layers ?? []
    return layers.first { rid.isEmpty || $0.rid == rid }?.stream?.senderClock
  }

  /// Asks the sender of a track for a key frame.
  package func requestKeyFrame(of id: TransceiverID, rid: String = "") {
    guard let track = receiving.first(where: { $0.id == id }) else { return }
    for layer in track.layers where rid.isEmpty || layer.rid == rid {
      layer.stream?.keyFrames.want()
    }
  }
}
