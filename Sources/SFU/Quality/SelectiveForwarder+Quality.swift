import Wire

extension SelectiveForwarder {
  /// How often quality is judged; it is told every second time.
  static let judgementInterval = Duration.seconds(1)

  /// Judges the quality of one room's members where that is due, and tells what changed.
  func judgeQuality(of room: Room, at now: Instant, events: inout [ForwarderEvent]) {
    defer { wake(room.nextJudgement) }
    guard let due = room.nextJudgement else {
      room.nextJudgement = now + Self.judgementInterval
      return
    }
    guard due <= now else { return }
    room.nextJudgement = now + Self.judgementInterval
    // Late or not: what was seen is divided by the time in which it was.
    let interval = now - due + Self.judgementInterval
    for member in room.members {
      for source in member.sources { source.lookForLayers(at: now) }
    }
    for member in room.members { member.judgeQuality(of: interval, at: now) }
    room.tellsNextJudgement.toggle()
    guard !room.tellsNextJudgement else { return }
    var changed: [PeerQuality] = []
    for member in room.members {
      guard let up = member.quality.up.shown, let down = member.quality.down.shown else { continue }
      let quality = PeerQuality(peer: member.id, up: up, down: down)
      guard quality != member.quality.told else { continue }
      member.quality.told = quality
      changed.append(quality)
    }
    if !changed.isEmpty { events.append(.qualityChanged(room.id, changed)) }
  }
}
