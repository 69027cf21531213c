import SFU

/// What a peer sends and where it receives, by one byte.
struct Shape {
  static let transportSequenceID: UInt8 = 5
  static let payloadTypes: [UInt8] = [111, 96, 97, 98, 102, 45, 63]

  private let bits: UInt8

  init(_ bits: UInt8) { self.bits = bits }

  private static let codecs: [UInt8: PayloadCodec] = [
    96: .init(.vp8), 98: .init(.vp9), 102: .init(.h264, variant: 1), 45: .init(.av1),
  ]

  private static var extensions: HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    ids.audioLevel = 1
    ids.mid = 2
    ids.rid = 3
    ids.repairedRid = 4
    ids.videoOrientation = 6
    return ids
  }

  var tracks: [PublishedTrack] {
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
    let count = UInt32(bits >> 4 & 3)
    return (0..<count).flatMap { place in
      [
        ReceiveSlot(
          mid: "a\(place)", kind: .audio, ssrc: 100 + place, payloadTypes: [.init(.opus): 109],
          extensions: Self.extensions),
        ReceiveSlot(
          mid: "v\(place)", kind: .video, ssrc: 110 + place,
          payloadTypes: [.init(.vp8): 120, .init(.vp9): 121, .init(.av1): 122],
          extensions: bits & 128 == 0 ? Self.extensions : .init()),
      ]
    }
  }
}
