import Wire

extension SelectiveForwarder {
  /// How often it is looked at which layers somebody watches.
  private static let surveyInterval = Duration.milliseconds(500)

  /// Divides anew what viewers can receive where that is due, and has layers switched off that nobody watches.
  func advanceAllocation(to now: Instant, events: inout [ForwarderEvent]) {
    for member in memberList {
      if member.allocation.isDue(at: now) {
        member.room.allocate(member, at: now, events: &events)
        if member.waitsForKeyFrame { wake(now) }
      }
      wake(member.allocation.nextAt)
    }
    guard nextSurvey.map({ $0 <= now }) ?? true else { return wake(nextSurvey) }
    nextSurvey = now + Self.surveyInterval
    wake(nextSurvey)
    for member in memberList {
      for source in member.sources where source.id.role.kind == .video {
        guard source.survey(at: now) else { continue }
        events.append(.layersWanted(source.id, source.demand.wanted))
      }
    }
  }
}
