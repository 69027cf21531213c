package import RTCTesting
package import Wire

extension SimulatedRoom {
  /// A participant's link is another one for a while.
  package struct LinkChange: Sendable {
    /// Whose.
    package var place: Int
    /// When, counted from the beginning of what counts.
    package var start: Duration
    package var duration: Duration
    /// What it is like meanwhile.
    package var up: LinkConditions
    package var down: LinkConditions

    /// `place` is on `link` for `duration`.
    package init(place: Int, start: Duration, duration: Duration, to link: AccessLink) {
      self.place = place
      self.start = start
      self.duration = duration
      up = link.up
      down = link.down
    }

    /// Whether nothing passes meanwhile.
    package var isOutage: Bool { up.isDown && down.isDown }
    /// When everything is as it was before, counted like `start`.
    package var end: Duration { start + duration }
  }
}

extension SimulatedRoom.LinkChange {
  /// Both ways carry a fifth of what they did, for 20 seconds.
  package static func fall(of link: AccessLink, place: Int, at start: Duration) -> Self {
    var change = Self(place: place, start: start, duration: .seconds(20), to: link)
    change.up.narrow(to: 5)
    change.down.narrow(to: 5)
    return change
  }

  /// Nothing passes for 10 seconds.
  package static func outage(of link: AccessLink, place: Int, at start: Duration) -> Self {
    var change = Self(place: place, start: start, duration: .seconds(10), to: link)
    change.up.isDown = true
    change.down.isDown = true
    return change
  }

  /// Of every three people the second one's link falls and the third one's fails, a little after one another.
  package static func schedule(for links: [AccessLink]) -> [Self] {
    links.enumerated().compactMap { place, link in
      let start = Duration.seconds(15 + Int64(place) % 7)
      return switch place % 3 {
      case 1: fall(of: link, place: place, at: start)
      case 2: outage(of: link, place: place, at: start)
      default: nil
      }
    }
  }
}

extension LinkConditions {
  /// One in `share` of the bits per second, with a queue of as many milliseconds.
  fileprivate mutating func narrow(to share: Int64) {
    guard let bitsPerSecond else { return }
    self.bitsPerSecond = bitsPerSecond / share
    queueByteLimit = max(queueByteLimit / Int(share), 3000)
  }
}
