import RTP
import SFU
import Wire

/// What a participant is and what was negotiated with it.
struct ParticipantPlan {
  let place: UInt16
  let link: AccessLink
  let hasCamera: Bool
  let hasScreen: Bool
  let audioSlotCount: Int
  let videoSlotCount: Int

  var id: PeerID { PeerID(rawValue: UInt64(place)) }
  var base: UInt32 { 1_000_000 + UInt32(place) * 100 }
  var reportSSRC: UInt32 { base + 98 }
  var paddingSSRC: UInt32 { base + 99 }
  var cameraStream: Int { 1 }
  var screenStream: Int { hasCamera ? 1 + PictureSource.person.count : 1 }
  /// What this machine's wall clock shows at virtual time zero.
  var clockOffset: Duration { .seconds(1_700_000_000 + Int64(place) * 777) }

  /// The m-sections this participant sends in, as the server was told.
  var tracks: [PublishedTrack] {
    let ids = RoomVocabulary.extensions
    var microphone = PublishedTrack(
      mid: "mic", role: .microphone, codecs: [RoomVocabulary.opusType: RoomVocabulary.opus],
      clockRate: 48_000, extensions: ids, ssrcs: [base])
    microphone.protection.redundancy = [RoomVocabulary.redundantType: RoomVocabulary.opusType]
    microphone.protection.repeatsSound = true
    var tracks = [microphone]
    let codecs = [RoomVocabulary.vp8Type: RoomVocabulary.vp8]
    let repairs = [RoomVocabulary.vp8RepairType: RoomVocabulary.vp8Type]
    if hasCamera {
      var camera = PublishedTrack(
        mid: "cam", role: .camera, codecs: codecs, clockRate: 90_000, extensions: ids)
      camera.rids = PictureSource.person.map(\.rid)
      camera.retransmissions = repairs
      tracks.append(camera)
    }
    if hasScreen {
      let ssrc = base + UInt32(screenStream)
      var screen = PublishedTrack(
        mid: "scr", role: .screen, codecs: codecs, clockRate: 90_000, extensions: ids,
        ssrcs: [ssrc])
      screen.retransmissions = repairs
      screen.retransmissionSSRCs = [ssrc + 50: ssrc]
      tracks.append(screen)
    }
    return tracks
  }

  /// The streams of these, microphone first.
  func makeStreams(_ random: inout RandomSource) -> [OutgoingStream] {
    let pictureOffset = UInt32(truncatingIfNeeded: random.next())
    var streams = [makeStream(0, "mic", "", clockRate: 48_000, offset: 7, &random)]
    if hasCamera {
      for shape in PictureSource.person {
        streams.append(
          makeStream(
            streams.count, "cam", shape.rid, clockRate: 90_000, offset: pictureOffset, &random))
      }
    }
    if hasScreen {
      streams.append(
        makeStream(streams.count, "scr", "", clockRate: 90_000, offset: pictureOffset, &random))
    }
    return streams
  }

  private func makeStream(
    _ place: Int, _ mid: String, _ rid: String, clockRate: UInt32, offset: UInt32,
    _ random: inout RandomSource
  ) -> OutgoingStream {
    var options = OutgoingStream.Options(ssrc: base + UInt32(place), clockRate: clockRate)
    options.mid = mid
    options.rid = rid
    options.extensions = RoomVocabulary.extensions
    if clockRate == 90_000 {
      options.rtxSSRC = base + UInt32(place) + 50
      options.rtxPayloadTypes = [RoomVocabulary.vp8Type: RoomVocabulary.vp8RepairType]
    }
    return OutgoingStream(options: options, timestampOffset: offset, random: &random)
  }

  /// The m-sections in which this participant receives.
  var receiveSlots: [ReceiveSlot] {
    (0..<audioSlotCount).map(audioSlot) + (0..<videoSlotCount).map(videoSlot)
  }

  private func audioSlot(_ place: Int) -> ReceiveSlot {
    var slot = ReceiveSlot(
      mid: "a\(place)", kind: .audio, ssrc: 10_000 + UInt32(place),
      payloadTypes: [RoomVocabulary.opus: RoomVocabulary.opusType],
      extensions: RoomVocabulary.extensions)
    slot.protection.redundancyPayloadType = RoomVocabulary.redundantType
    slot.protection.repeatsSound = true
    slot.asksForLost = true
    return slot
  }

  private func videoSlot(_ place: Int) -> ReceiveSlot {
    var slot = ReceiveSlot(
      mid: "v\(place)", kind: .video, ssrc: 20_000 + UInt32(place),
      payloadTypes: [RoomVocabulary.vp8: RoomVocabulary.vp8Type],
      extensions: RoomVocabulary.extensions)
    slot.retransmissionSSRC = slot.ssrc + 10_000
    slot.retransmissionTypes = [RoomVocabulary.vp8Type: RoomVocabulary.vp8RepairType]
    slot.asksForLost = true
    return slot
  }

  func makeReceiver(_ slot: ReceiveSlot) -> ReceivedStream {
    var options = ReceivedStream.Options(
      ssrc: slot.ssrc, clockRate: slot.kind == .audio ? 48_000 : 90_000)
    options.extensions = slot.extensions
    if slot.kind == .video { options.keyFrameRequest = .pictureLoss }
    options.asksForRepair = slot.asksForLost || slot.protection.repeatsSound
    for (media, repair) in slot.retransmissionTypes { options.rtxPayloadTypes[repair] = media }
    return ReceivedStream(options: options)
  }

  func slotPlace(ofMedia ssrc: UInt32) -> Int? {
    if ssrc >= 10_000, ssrc < 10_000 + UInt32(audioSlotCount) { return Int(ssrc) - 10_000 }
    if ssrc >= 20_000, ssrc < 20_000 + UInt32(videoSlotCount) {
      return Int(ssrc) - 20_000 + audioSlotCount
    }
    return nil
  }

  func slotPlace(ofRepair ssrc: UInt32) -> Int? {
    ssrc >= 30_000 ? slotPlace(ofMedia: ssrc - 10_000) : nil
  }
}

/// What a participant counts of its own doing.
struct ParticipantCounts {
  var sentByteCount = 0
  var receivedByteCount = 0
  var currentByteCount = 0
  /// Received in each second.
  var secondlyByteCounts: [Int] = []
  /// The estimate of the way up, each second.
  var targets: [Int] = []
  /// The server's estimate of the way down, each second.
  var downTargets: [Int] = []
  var rejectedCount = 0
  var strayCount = 0
  var interruptionCount = 0
  var failureCount = 0
  var repairsSent = 0
  var repairsReceived = 0
  var repairRequestsSent = 0
  var pictureLossesSent = 0
  var pictureLossesReceived = 0
}
