import Net
import Signaling
import Wire

/// Each way over each family of addresses, where the server has both.
extension Doctor {
  /// Tries what is open once more over the family that it has not shown itself open over. All at the same time: what is
  /// closed takes long to be found so.
  func trials(
    _ test: WayTest, _ examination: Examination, telling tell: (String) -> Void
  ) async -> [FamilyTrial] {
    var trials: [FamilyTrial] = []
    for result in examination.ways where result.isOpen {
      let all =
        result.way.isRelayed
        ? await addresses(ofRelays: result.way.relays(among: test.iceServers))
        : result.hosts.compactMap { IPAddress($0) }
      let byFamily = FamilyTrial.addresses(of: all, visits: examination.visits)
      guard byFamily.count == 2 else { continue }
      for (family, addresses) in byFamily.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        let hasWay = addresses.contains { Self.hasWay(to: $0, target.port) }
        trials.append(
          FamilyTrial(
            way: result.way, family: family,
            outcome: !hasWay ? .untried : family == result.family ? .open : .closed,
            addresses: addresses, ports: result.ports))
      }
    }
    guard trials.contains(where: { $0.outcome == .closed }) else { return trials }
    tell("each way over IPv4 and IPv6")
    var strict = test
    strict.patience = patience.family
    return await withTaskGroup(of: (Int, FamilyTrial.Outcome).self) { group in
      for (index, trial) in trials.enumerated() where trial.outcome == .closed {
        group.addTask { [strict] in
          (index, FamilyTrial.Outcome(await strict.run(trial.way, over: trial.family).state))
        }
      }
      return await group.reduce(into: trials) { $0[$1.0].outcome = $1.1 }
    }
  }

  /// Where the names of relays lead. What leads to this machine only says nothing of others.
  private func addresses(ofRelays relays: [ICEServerDescription]) async -> [IPAddress] {
    var addresses: [IPAddress] = []
    for host in Set(relays.flatMap(\.urls).map(DoctorWay.host)).sorted() where host != "localhost" {
      addresses += (try? await NameResolver().resolve(host)) ?? []
    }
    return addresses
  }

  /// Whether this machine knows any way to an address. Nothing is sent where it knows none.
  private static func hasWay(to ip: IPAddress, _ port: UInt16) -> Bool {
    do throws(SystemError) {
      try TCPConnection(to: TransportAddress(ip: ip, port: port)).close()
      return true
    } catch {
      return !HTTPClient.Obstacle.refused(error).isOurs
    }
  }
}
