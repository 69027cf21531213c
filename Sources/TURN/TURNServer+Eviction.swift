import Wire

extension TURNServer {
  /// Ends allocations that a user has left behind, as far as another one of this user needs their places.
  ///
  /// A telephone that goes from one network to the next cannot give back what it had in the last one. Only
  /// what has carried nothing for a while goes, the longest unused first, and nobody else's.
  func makeRoom(for opening: Opening, _ now: Instant, _ events: inout [Event]) {
    let needed = places.excess(opening.placeCount, of: opening.holder, configuration)
    guard needed > 0 else { return }
    let left = allocationsByUser[opening.identity.username, default: []]
      .filter { now - $0.usedAt >= configuration.unusedTime }
    // Where these are too few, the request is refused, and they may stay.
    guard left.count >= needed,
      places.hasRoomBeyondUser(opening.placeCount, of: opening.holder, configuration)
    else { return }
    for allocation in left.sorted(by: { ($0.usedAt, $0.id.rawValue) < ($1.usedAt, $1.id.rawValue) })
      .prefix(needed)
    {
      statistics.evictions &+= 1
      end(allocation, &events)
    }
  }
}
