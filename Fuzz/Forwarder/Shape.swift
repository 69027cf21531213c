import RTP
import SFU

/// What a peer sends and where it receives, by one byte.
struct Shape {
  static let transportSequenceID: UInt8 = 5
  static let repairType: UInt8 = 49
  static let payloadTypes: [UInt8] = [111, 96, 97, 98, 102, 45, 63, 49]

  private let bits: UInt8

  init(_ bits: UInt8) { self.bits = bits }

  private static let codecs: [UInt8: PayloadCodec] = [
    96: .init(.vp8), 98: .init(.vp9), 102: .init(.h264, variant: 1), 45: .init(.av1),
  ]

  private static var extensions: StreamExtensionIDs {
    var ids = StreamExtensionIDs()
    ids.audioLevel = 1
    ids.mid = 2
    ids.rid = 3
    ids.repairedRID = 4
    ids.videoOrientation = 6
    ids.dependencyDescriptor = 7
    return ids
  }

  /// Whether losses are made good otherwise than by repetition.
  var isProtected: Bool { bits & 128 != 0 }

  var tracks: [PublishedTrack] {
    allTracks.map { track in
      var track = track
      guard isProtected else { return track }
      track.protection.repeatsSound = true
      if track.role == .microphone { track.protection.redundancy = [63: 111] }
      if track.role == .screen {
        track.protection.repairPayloadType = Self.repairType
        track.protection.repairSSRCs = [5: 4]
      }
      return track
    }
  }

  private var allTracks: [PublishedTrack] {
    var tracks: [PublishedTrack] = []
    if bits & 1 != 0 {
      tracks.append(
        PublishedTrack(
          mid: "mic", role: .microphone, codecs: [111: .init(.opus)], clockRate: 48_000,
          extensions: Self.extensions, ssrcs: [1]))
    }
    if bits & 2 != 0 { tracks.append(camera) }
    if bits & 4 != 0 {
      tracks.append(
        PublishedTrack(
          mid: "scr", role: .screen, codecs: Self.codecs, clockRate: 90_000,
          extensions: Self.extensions, ssrcs: [4], isLive: bits & 64 != 0))
    }
    return tracks
  }

  private var camera: PublishedTrack {
    var camera = PublishedTrack(
      mid: "cam", role: .camera, codecs: Self.codecs, clockRate: 90_000,
      extensions: Self.extensions, ssrcs: bits & 8 != 0 ? [] : [2])
    camera.rids = bits & 8 != 0 ? ["a", "b"] : []
    camera.retransmissions = [97: 96]
    camera.retransmissionSSRCs = bits & 8 != 0 ? [:] : [3: 2]
    return camera
  }

  var slots: [ReceiveSlot] {
    allSlots.map { slot in
      var slot = slot
      guard isProtected else { return slot }
      slot.protection.repeatsSound = true
      if slot.kind == .audio {
        slot.protection.redundancyPayloadType = 63
      } else {
        slot.protection.repair = RepairStream(ssrc: slot.ssrc + 100, payloadType: Self.repairType)
      }
      return slot
    }
  }

  private var allSlots: [ReceiveSlot] {
    let count = UInt32(bits >> 4 & 3)
    return (0..<count).flatMap { place in
      [
        ReceiveSlot(
          mid: "a\(place)", kind: .audio, ssrc: 100 + place, payloadTypes: [.init(.opus): 109],
          extensions: Self.extensions),
        pictureSlot(place),
      ]
    }
  }

  /// Whether what it is sent is numbered, and lost packets are repeated.
  var givesFeedback: Bool { bits & 128 == 0 }

  private func pictureSlot(_ place: UInt32) -> ReceiveSlot {
    var slot = ReceiveSlot(
      mid: "v\(place)", kind: .video, ssrc: 110 + place,
      payloadTypes: [.init(.vp8): 120, .init(.vp9): 121, .init(.av1): 122])
    guard givesFeedback else { return slot }
    slot.extensions = Self.extensions
    slot.extensions.transportSequence = Self.transportSequenceID
    slot.retransmissionSSRC = 120 + place
    slot.retransmissionTypes = [120: 123, 121: 124]
    slot.asksForLost = true
    return slot
  }
}
