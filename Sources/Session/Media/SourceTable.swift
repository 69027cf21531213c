import RTP
import SDP
import Wire

/// Which remote track each source belongs to (RFC 9143 §9.2).
///
/// A source is known by the mid and rid beside its packets, by being announced, or by a payload type that only one
/// track has; all others are nobody's. The table holds a bounded number; the source that was silent longest makes
/// room for a new one.
struct SourceTable {
  /// Where packets of a source go.
  struct Place {
    let track: ReceivingTrack
    let layer: ReceivingLayer
    /// Whether they are repetitions.
    let isRepair: Bool
    var lastUsedAt: Instant
  }

  /// Nothing of a track with media of this age is replaced by what only its payload type speaks for.
  private static let activity = Duration.milliseconds(1500)

  private(set) var places: [UInt32: Place] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = max(limit, 1) }

  /// Where a packet goes; nil for nobody's.
  mutating func place(
    of header: RTPHeader, in packet: Span<UInt8>, among tracks: [ReceivingTrack], at now: Instant
  ) -> Place? {
    if let known = places[header.ssrc] {
      places[header.ssrc]?.lastUsedAt = now
      return known
    }
    guard let track = track(of: header, in: packet, among: tracks, at: now), track.isReceiving,
      let found = layer(of: header, in: packet, of: track)
    else { return nil }
    replace(found.layer, isRepair: found.isRepair)
    if places.count >= limit { evict() }
    let place = Place(
      track: track, layer: found.layer, isRepair: found.isRepair, lastUsedAt: now)
    places[header.ssrc] = place
    if found.isRepair { found.layer.repairSSRC = header.ssrc } else { found.layer.stream = nil }
    return place
  }

  /// Forgets the sources of tracks and layers that are no longer there.
  mutating func keep(_ tracks: [ReceivingTrack]) {
    places = places.filter { _, place in
      tracks.contains { track in
        track === place.track && track.layers.contains { $0 === place.layer }
      }
    }
  }

  private func track(
    of header: RTPHeader, in packet: Span<UInt8>, among tracks: [ReceivingTrack], at now: Instant
  ) -> ReceivingTrack? {
    for track in tracks where track.extensions.mid != 0 {
      guard let mid = header.extensionText(id: track.extensions.mid, in: packet) else { continue }
      return tracks.first { $0.section.mid == mid }
    }
    let ssrc = header.ssrc
    if let announced = tracks.first(where: { $0.section.remoteSSRCs.contains { $0.ssrc == ssrc } })
    {
      return announced
    }
    let able = tracks.filter {
      $0.codecs[header.payloadType] != nil || $0.repairs[header.payloadType] != nil
    }
    guard able.count == 1, let only = able.first else { return nil }
    let isBusy = only.lastPacketAt.map { now - $0 < Self.activity } ?? false
    return isBusy && only.repairs[header.payloadType] == nil ? nil : only
  }

  private func layer(
    of header: RTPHeader, in packet: Span<UInt8>, of track: ReceivingTrack
  ) -> (layer: ReceivingLayer, isRepair: Bool)? {
    let isRepair = track.repairs[header.payloadType] != nil
    guard isRepair || track.codecs[header.payloadType] != nil else { return nil }
    let hasLayers = !track.section.receiveRIDs.isEmpty
    guard hasLayers else { return track.layers.first.map { ($0, isRepair) } }
    let id = isRepair ? track.extensions.repairedRID : track.extensions.rid
    guard let rid = header.extensionText(id: id, in: packet), let layer = track.layer(rid)
    else { return nil }
    return (layer, isRepair)
  }

  /// A layer has one source at a time; senders change it when they begin anew.
  private mutating func replace(_ layer: ReceivingLayer, isRepair: Bool) {
    for (ssrc, place) in places where place.layer === layer && place.isRepair == isRepair {
      places[ssrc] = nil
    }
  }

  private mutating func evict() {
    guard let oldest = places.min(by: { $0.value.lastUsedAt < $1.value.lastUsedAt }) else { return }
    if oldest.value.isRepair {
      oldest.value.layer.repairSSRC = nil
    } else {
      oldest.value.layer.stream = nil
    }
    places[oldest.key] = nil
  }
}
