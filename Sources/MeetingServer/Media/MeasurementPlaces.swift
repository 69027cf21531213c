import Synchronization

/// How many measure at a time what their way carries, whichever worker serves them: each fills it for seconds, and meetings
/// go by the server's own line.
final class MeasurementPlaces: Sendable {
  private let most: Int
  private let mostPerClient: Int
  private let taken = Mutex<[String?: Int]>([:])

  /// So many at a time, and of one address.
  init(most: Int = 4, perClient: Int = 2) {
    self.most = most
    mostPerClient = perClient
  }

  /// Why nobody of this address may measure now; nil where one may from now on, who is to give the place back. Who has no
  /// address comes from this machine.
  func take(for client: String?) -> String? {
    taken.withLock { taken in
      let all = taken.values.reduce(0, +)
      guard all < most else { return "as many measure at the moment as may (\(most))" }
      let own = taken[client, default: 0]
      guard client == nil || own < mostPerClient else {
        return "as many of this address measure at the moment as may (\(mostPerClient))"
      }
      taken[client] = own + 1
      return nil
    }
  }

  /// The place of somebody of this address is free again.
  func giveBack(for client: String?) {
    taken.withLock { taken in
      let left = taken[client, default: 0] - 1
      taken[client] = left > 0 ? left : nil
    }
  }
}
