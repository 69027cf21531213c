import Media
import RTP
import SFU
import Wire

/// What a viewer makes of one slot: sound that is played, or pictures that are shown.
struct SlotReceiver {
  /// Nothing to show for so long although packets come: the browser asks for a key frame.
  private static let patience = Duration.seconds(3)
  private static let firstPatience = Duration.milliseconds(200)

  let plan: ReceiveSlot
  var stream: ReceivedStream
  var voice = VoicePlayout()
  private var pictures = PictureAssembly()
  /// What the server said the slot shows.
  private(set) var source: SourceID?
  private var assignedAt = Instant.zero
  private var firstPicturePending = false
  private var unshownSince: Instant?
  private(set) var keyFrameCount = 0

  init(plan: ReceiveSlot, stream: ReceivedStream) {
    self.plan = plan
    self.stream = stream
  }

  var undecodableCount: Int { pictures.undecodableCount }

  /// How long it holds what came.
  var heldBack: Duration { plan.kind == .audio ? voice.delay : pictures.delay }

  /// The server said what the slot shows.
  mutating func assign(_ source: SourceID?, at now: Instant) {
    guard source != self.source else { return }
    self.source = source
    assignedAt = now
    firstPicturePending = source != nil
    unshownSince = nil
  }

  /// Takes a packet of the slot; the account gets what came of it.
  mutating func take(_ packet: ReceivedPacket, at now: Instant, into account: inout ViewerAccount) {
    guard plan.kind == .video else { return takeSound(packet, at: now, into: &account) }
    pictures.insert(packet, at: now)
    if unshownSince == nil { unshownSince = now }
    show(at: now, into: &account)
  }

  private mutating func takeSound(
    _ packet: ReceivedPacket, at now: Instant, into account: inout ViewerAccount
  ) {
    guard packet.payloadType == RoomVocabulary.redundantType else {
      // Two frames may share a packet.
      let frames = OpusPacket.frames(of: packet.payload.span) ?? []
      for (place, range) in frames.enumerated() {
        play(
          Array(packet.payload[range]),
          packet.timestamp &+ VoiceSource.ticks &* UInt32(clamping: place), packet.isRepaired, now,
          &account)
      }
      return
    }
    guard let blocks = RedundantPayload(parsing: packet.payload.span) else { return }
    play(blocks.bytes, packet.timestamp, packet.isRepaired, now, &account)
    for block in blocks.earlier {
      play(block.bytes, packet.timestamp &- UInt32(block.timestampOffset), true, now, &account)
    }
  }

  private mutating func play(
    _ frame: [UInt8], _ timestamp: UInt32, _ isRepaired: Bool, _ now: Instant,
    _ account: inout ViewerAccount
  ) {
    guard let mark = SourceMark(endOf: frame),
      let isInTime = voice.receive(timestamp: timestamp, at: now)
    else { return }
    account.noteVoice(mark, isInTime: isInTime, isRepaired: isRepaired, delay: voice.delay)
  }

  private mutating func show(at now: Instant, into account: inout ViewerAccount) {
    for picture in pictures.due(at: now) {
      unshownSince = nil
      stream.forget(before: UInt16(truncatingIfNeeded: picture.end))
      if picture.isKeyFrame {
        keyFrameCount += 1
        stream.keyFrames.satisfy()
      }
      account.notePicture(picture, of: source, at: now)
      // The old picture stays until the new source's first key frame.
      if firstPicturePending, let source, picture.mark.sender == source.place {
        firstPicturePending = false
        account.noteFirstPicture(after: now - assignedAt, of: source)
      }
    }
  }

  /// Shows what is due, and asks for a key frame where nothing can be shown without one.
  mutating func advance(to now: Instant, into account: inout ViewerAccount) {
    guard plan.kind == .video else { return }
    if pictures.hasWaiting { show(at: now, into: &account) }
    guard let since = unshownSince else { return }
    let limit = pictures.needsKeyFrame ? Self.firstPatience : Self.patience
    guard now - since > limit else { return }
    unshownSince = now
    stream.keyFrames.want()
  }
}

extension SourceID {
  /// The sender's place in the room.
  var place: UInt16 { UInt16(truncatingIfNeeded: peer.rawValue) }
}
